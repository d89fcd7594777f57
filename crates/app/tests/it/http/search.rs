//! `GET /api/v2/users` with `q` and `sort`.

use std::io::{Read, Write};
use std::net::TcpStream;

use insta::assert_snapshot;
use serde_json::Value;

use super::support::{Answer, Server, scrubbed};

/// Users in the order in which they are stored; what differs is what is searched for.
const USERS: &str = r#"
{"user_id":"auth0|ann","email":"ann@example.com","name":"Ann Lee","logins_count":3,"blocked":false,"created_at":"2023-01-05T10:00:00.000Z","updated_at":"2023-01-31T12:00:00.000Z","identities":[{"connection":"staff","provider":"auth0","user_id":"ann","isSocial":false}],"user_metadata":{"plan":"gold","age":40},"app_metadata":{"roles":["admin","dev"]}}
{"user_id":"auth0|bob","email":"bob@sub.example.com","name":"Bob","logins_count":12,"created_at":"2023-02-01T00:00:00.000Z","updated_at":"2023-02-01T00:00:00.000Z","identities":[{"connection":"staff","provider":"auth0","user_id":"bob","isSocial":false}],"user_metadata":{"plan":"silver","age":9},"app_metadata":{"roles":["dev"]}}
{"user_id":"auth0|cid","email":"CID@Example.com","name":"Cid (ext.)","blocked":true,"created_at":"2023-02-01T00:00:00.001Z","updated_at":"2023-02-01T00:00:00.001Z","identities":[{"connection":"guests","provider":"auth0","user_id":"cid","isSocial":false}],"user_metadata":{"plan":"gold"}}
{"user_id":"auth0|dan","email":"dan@example.org","name":"Dan","logins_count":3,"created_at":"2022-12-31T23:59:59.999Z","updated_at":"2023-01-01T00:00:00.000Z","identities":[{"connection":"guests","provider":"auth0","user_id":"dan","isSocial":false}],"app_metadata":{"roles":[]}}
"#;

fn server(flags: &[&str]) -> Server {
    let server = Server::start(flags);
    std::fs::write(server.home().join("users.ndjson"), USERS.trim()).unwrap();
    server.cli(&["import", "users.ndjson", "--restore"]);
    server
}

impl Server {
    /// Lists users with these parameters.
    pub(super) fn users(&self, params: &[(&str, &str)]) -> Answer {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(params)
            .finish();
        self.get(&format!("/api/v2/users?{query}"))
    }

    /// Returns the names of those who match, in their order.
    fn found(&self, q: &str, more: &[(&str, &str)]) -> String {
        let answer = self.users(&[&[("q", q), ("search_engine", "v3")], more].concat());
        assert_eq!(answer.status, 200, "{q}: {}", answer.text());
        let body = answer.json();
        let users = body.as_array().or_else(|| body["users"].as_array());
        let name = |user: &Value| {
            let id = user["user_id"].as_str().unwrap();
            id.trim_start_matches("auth0|").to_owned()
        };
        let names: Vec<String> = users.unwrap().iter().map(name).collect();
        names.join(" ")
    }
}

#[test]
fn users_are_searched_by_every_kind_of_condition() {
    let server = server(&[]);
    let found = |q: &str| server.found(q, &[]);
    assert_eq!(found("email:ann@example.com"), "ann");
    assert_eq!(found("email:\"ANN@EXAMPLE.COM\""), "ann");
    assert_eq!(found("email.domain:example.com"), "ann cid");
    assert_eq!(found("user_id:\"auth0|bob\""), "bob");
    assert_eq!(found("user_id:auth0"), "");
    assert_eq!(found("name:lee"), "");
    assert_eq!(found("name:*lee"), "ann");
    assert_eq!(found("(email:a*)"), "ann");
    assert_eq!(found("blocked:false"), "ann");
    assert_eq!(found("NOT blocked:true"), "ann bob dan");
    assert_eq!(found("_exists_:blocked"), "ann cid");
    assert_eq!(found("logins_count:[4 TO *]"), "bob");
    assert_eq!(found("created_at:2023-02-01"), "bob cid");
    assert_eq!(found("created_at:[* TO 2023}"), "dan");
    assert_eq!(found("identities.connection:\"guests\""), "cid dan");
    assert_eq!(found("user_metadata.plan:gold AND NOT blocked:true"), "ann");
    assert_eq!(found("app_metadata.roles:(admin OR x)"), "ann");
    assert_eq!(found("user_metadata.age:[9 TO 40}"), "bob");
    assert_eq!(found("name:bob OR name:dan"), "bob dan");
    assert_eq!(found("*"), "ann bob cid dan");
    assert_eq!(found("  "), "ann bob cid dan");
    assert_eq!(found("name:nobody"), "");
}

#[test]
fn a_search_has_pages_totals_fields_and_a_connection() {
    let server = server(&[]);
    let list = |params: &[(&str, &str)]| {
        server
            .users(&[&[("fields", "user_id")], params].concat())
            .shown()
    };
    let gold = ("q", "user_metadata.plan:gold");
    let totals = ("include_totals", "true");
    assert_snapshot!(list(&[gold, totals, ("per_page", "1"), ("page", "1")]), @r#"200 {"start":1,"limit":1,"length":1,"users":[{"user_id":"auth0|cid"}],"total":2}"#);
    assert_snapshot!(list(&[gold, totals, ("page", "7")]), @r#"200 {"start":350,"limit":50,"length":0,"users":[],"total":2}"#);
    assert_snapshot!(list(&[gold, totals, ("per_page", "0")]), @r#"200 {"start":0,"limit":0,"length":0,"users":[],"total":2}"#);
    assert_snapshot!(list(&[gold, ("per_page", "1")]), @r#"200 [{"user_id":"auth0|ann"}]"#);
    assert_snapshot!(list(&[gold, totals, ("connection", "guests")]), @r#"200 {"start":0,"limit":50,"length":1,"users":[{"user_id":"auth0|cid"}],"total":1}"#);
    assert_snapshot!(list(&[gold, totals, ("connection", "nowhere")]), @r#"200 {"start":0,"limit":50,"length":0,"users":[],"total":0}"#);
    let others = [
        gold,
        ("connection", "guests"),
        ("include_fields", "false"),
        ("fields", "identities,created_at,updated_at,app_metadata"),
    ];
    assert_snapshot!(server.users(&others).shown(), @r#"200 [{"user_id":"auth0|cid","email":"CID@Example.com","name":"Cid (ext.)","blocked":true,"user_metadata":{"plan":"gold"}}]"#);
}

#[test]
fn users_are_sorted_by_any_attribute_with_those_without_last() {
    let server = server(&[]);
    let sorted = |sort: &str| server.found("*", &[("sort", sort)]);
    assert_eq!(sorted("created_at:1"), "dan ann bob cid");
    assert_eq!(sorted("created_at:-1"), "cid bob ann dan");
    // Equals stay in the order of the store, whatever the direction.
    assert_eq!(sorted("logins_count:1"), "ann dan bob cid");
    assert_eq!(sorted("logins_count:-1"), "bob ann dan cid");
    assert_eq!(sorted("email:1"), "ann bob cid dan");
    assert_eq!(sorted("user_metadata.age:1"), "bob ann cid dan");
    assert_eq!(sorted("app_metadata.roles:-1"), "ann bob cid dan");
    let page = |sort: &str, page: &str| {
        let more = [("sort", sort), ("per_page", "2"), ("page", page)];
        server.found("user_metadata.plan:*", &more)
    };
    assert_eq!(page("user_metadata.plan:-1", "0"), "bob ann");
    assert_eq!(page("user_metadata.plan:-1", "1"), "cid");
    assert_eq!(
        server.users(&[("sort", "created_at:-1")]).json()[0]["user_id"],
        "auth0|cid"
    );
}

#[test]
fn a_sync_pages_through_a_month_of_changes() {
    let server = server(&[]);
    // As Airbyte's connector asks: with two blanks, and sorted by what it filters by.
    let answer = server.get(
        "/api/v2/users?q=updated_at%3A%7B2023-01-01T00%3A00%3A00.000Z%20%20TO%202023-02-01T00%3A00%3A00.000Z%5D\
         &sort=updated_at:1&include_totals=true&page=0&per_page=50&search_engine=v3&fields=user_id,updated_at",
    );
    assert_snapshot!(answer.text(), @r#"{"start":0,"limit":50,"length":2,"users":[{"user_id":"auth0|ann","updated_at":"2023-01-31T12:00:00.000Z"},{"user_id":"auth0|bob","updated_at":"2023-02-01T00:00:00.000Z"}],"total":2}"#);
}

#[test]
fn a_query_that_cannot_be_read_is_refused_with_its_place() {
    let server = server(&[]);
    let refused = |q: &str| scrubbed(&server.users(&[("q", q), ("search_engine", "v3")]).shown());
    assert_snapshot!(refused("email:(ann OR"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"nothing stands behind `OR` at character 12; expected a term, a field or `(`","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(refused("email:"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"no value stands behind `email:` at character 7; expected a value, a pattern, a range or `(`","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(refused("name:\"ann"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"the quote is not closed at character 6; expected `\"` behind the text","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(refused("emial:ann@example.com"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"`emial` is no field at character 1; did you mean `email`?","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(refused("created_at:yesterday"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"`created_at` is a date, `yesterday` is none at character 12; expected `2025`, `2025-12`, `2025-12-31` or `\"2025-12-31T23:59:59Z\"`","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(refused("name:/a.*/"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"regular expressions are not supported at character 6; expected `\\/` or quotes if a slash is meant, `*` for any characters","errorCode":"invalid_query_string"}"#);
    let sort = |sort: &str| server.users(&[("sort", sort)]).shown();
    assert_snapshot!(sort("email:up"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: '`email:up` is no order: `up` is no direction; expected FIELD:1 (ascending) or FIELD:-1 (descending)' on property sort (Field to sort by. Use <code>field:order</code> where order is <code>1</code> for ascending and <code>-1</code> for descending. e.g. <code>created_at:1</code>).","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(sort("a..b:1"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: '`a..b:1` is no order: a key is missing; expected FIELD:1 (ascending) or FIELD:-1 (descending)' on property sort (Field to sort by. Use <code>field:order</code> where order is <code>1</code> for ascending and <code>-1</code> for descending. e.g. <code>created_at:1</code>).","errorCode":"invalid_query_string"}"#);
    let v1 = server.users(&[("q", "name:ann"), ("search_engine", "v1")]);
    assert_snapshot!(v1.shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"The 'q' parameter is available only if you specify 'search_engine=v2|v3'","errorCode":"invalid_query_string"}"#);
    let unknown = server.users(&[("q", "name:ann"), ("search_engine", "v4")]);
    assert_snapshot!(unknown.shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'No enum match for: v4' on property search_engine (The version of the search engine).","errorCode":"invalid_query_string"}"#);
    // The others read the same language, and so does who names none.
    for engine in ["v2", "v3", ""] {
        let answer = server.users(&[
            ("q", "name:bob"),
            ("search_engine", engine),
            ("fields", "name"),
        ]);
        assert_eq!(answer.text(), r#"[{"name":"Bob"}]"#);
    }
}

#[test]
fn auth0s_limits_hold_for_queries_and_orders_if_they_are_on() {
    let limited = server(&["--auth0-limits"]);
    let free = server(&[]);
    let ask = |server: &Server, params: &[(&str, &str)]| {
        server
            .users(&[&[("fields", "name")], params].concat())
            .shown()
    };
    let pattern = [("q", "user_metadata.plan:g*")];
    assert_snapshot!(ask(&limited, &pattern), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Auth0's limits allow no wildcards on `user_metadata` at character 20; expected a whole value, or a server without `--auth0-limits`","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(ask(&free, &pattern), @r#"200 [{"name":"Ann Lee"},{"name":"Cid (ext.)"}]"#);
    let short = [("q", "name:*ee")];
    assert_snapshot!(ask(&limited, &short), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Auth0's limits ask for 3 characters in a row behind a leading `*` at character 6; expected a longer pattern, or a server without `--auth0-limits`","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(ask(&free, &short), @r#"200 [{"name":"Ann Lee"}]"#);
    assert_snapshot!(ask(&limited, &[("sort", "user_metadata.plan:1")]), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Cannot sort by user_metadata.plan' on property sort (Field to sort by. Use <code>field:order</code> where order is <code>1</code> for ascending and <code>-1</code> for descending. e.g. <code>created_at:1</code>).","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(ask(&limited, &[("sort", "email")]), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'String does not match pattern ^(([a-zA-Z0-9_\\.]+))\\:(1|-1)$' on property sort (Field to sort by. Use <code>field:order</code> where order is <code>1</code> for ascending and <code>-1</code> for descending. e.g. <code>created_at:1</code>).","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(ask(&free, &[("sort", "name"), ("per_page", "1")]), @r#"200 [{"name":"Ann Lee"}]"#);
    let last = [("q", "name:a*"), ("page", "10"), ("per_page", "100")];
    assert_snapshot!(ask(&limited, &last), @r#"400 {"statusCode":400,"error":"Bad Request","message":"You can only page through the first 1000 records. See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation","errorCode":"invalid_paging"}"#);
    assert_snapshot!(ask(&free, &last), @"200 []");
}

#[test]
fn hostile_queries_are_answered_at_once() {
    let server = server(&[]);
    let deep = format!("{}name:a{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(server.users(&[("q", &deep)]).status, 400);
    let refused = [
        "\\",
        "name:\\u12",
        "a:b:c",
        "\"\u{202e}",
        "[[[[",
        "^^^^",
        "name:~~",
        "AND",
        "🜁:\u{fffd}",
    ];
    for q in refused {
        assert_eq!(server.users(&[("q", q)]).status, 400, "{q:?}");
    }
    let stars = format!("name:a{}b", "*".repeat(5_000));
    let mixed = format!("name:{}", "*a*?".repeat(2_000));
    let many = vec!["name:x"; 4_000].join(" OR ");
    let answered = [
        &*stars,
        &*mixed,
        &*many,
        "****",
        "name:\u{1f600}\u{200d}",
        "name:İ",
    ];
    for q in answered {
        let answer = server.users(&[("q", q)]);
        assert!(
            [200, 400].contains(&answer.status),
            "{q:?}: {}",
            answer.text()
        );
    }
    assert_eq!(server.users(&[("q", &"a".repeat(32_000))]).text(), "[]");
}

#[test]
fn an_address_that_is_too_long_is_refused_before_it_is_read() {
    let server = server(&[]);
    let status = |length: usize| {
        let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
        let value = "a".repeat(length);
        let head =
            format!("GET /api/v2/users?q={value} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.lines().next().unwrap().to_owned()
    };
    assert_eq!(status(65_000), "HTTP/1.1 401 Unauthorized");
    assert_eq!(status(70_000), "HTTP/1.1 414 URI Too Long");
}
