//! `/api/v2/connections`.

use insta::assert_snapshot;

use super::management::DEFAULT;
use super::support::{Server, scrubbed};

#[test]
fn a_connection_is_made_with_defaults() {
    let server = Server::start(&[]);
    let made = server.post(
        "/api/v2/connections",
        r#"{"name":"second","strategy":"auth0","options":{"requires_username":true}}"#,
    );
    assert_snapshot!(made.shown(), @r#"201 {"id":"[CON]","options":{"mfa":{"active":true,"return_enroll_settings":true},"passwordPolicy":"good","requires_username":true,"strategy_version":2,"authentication_methods":{"password":{"enabled":true},"passkey":{"enabled":false}},"passkey_options":{"challenge_ui":"both","progressive_enrollment_enabled":true,"local_enrollment_enabled":true},"brute_force_protection":true},"strategy":"auth0","name":"second","is_domain_connection":false,"enabled_clients":[],"realms":["second"]}"#);
    let again = server.post(
        "/api/v2/connections",
        r#"{"name":"second","strategy":"sms"}"#,
    );
    assert_snapshot!(again.shown(), @r#"409 {"statusCode":409,"error":"Conflict","message":"A connection with the same name already exists"}"#);
}

#[test]
fn a_body_that_does_not_fit_is_refused() {
    let server = Server::start(&[]);
    let refused = |body: &str| server.post("/api/v2/connections", body).shown();
    assert_snapshot!(refused("{}"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: name'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"name":"a_b","strategy":"auth0"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'String does not match pattern ^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$' on property name (The name of the connection. Must start and end with an alphanumeric character and can only contain alphanumeric characters and '-'. Max length 128).","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"name":"a","strategy":"auth0","foo":1}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: foo'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused("[]"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type object but found type array'.","errorCode":"invalid_body"}"#);
}

#[test]
fn a_plain_list_has_links() {
    let server = Server::start(&[]);
    server.make_connection(r#"{"name":"second","strategy":"sms"}"#);
    server.make_connection(r#"{"name":"third","strategy":"auth0"}"#);
    let list = |query: &str| server.get(&format!("/api/v2/connections?fields=name{query}"));
    let all = list("");
    assert_snapshot!(all.shown(), @r#"200 [{"id":"[CON]","name":"Username-Password-Authentication","is_domain_connection":false},{"id":"[CON]","name":"second","is_domain_connection":false},{"id":"[CON]","name":"third","is_domain_connection":false}]"#);
    assert_snapshot!(scrubbed(all.header("link")), @r#"<http://[HOST]/api/v2/connections?fields=name&page=0&per_page=50>; rel="first", <http://[HOST]/api/v2/connections?fields=name&page=0&per_page=50>; rel="last""#);
    let middle = list("&per_page=1&page=1");
    assert_snapshot!(middle.shown(), @r#"200 [{"id":"[CON]","name":"second","is_domain_connection":false}]"#);
    assert_snapshot!(scrubbed(middle.header("link")), @r#"<http://[HOST]/api/v2/connections?fields=name&page=0&per_page=1>; rel="first", <http://[HOST]/api/v2/connections?fields=name&page=0&per_page=1>; rel="prev", <http://[HOST]/api/v2/connections?fields=name&page=2&per_page=1>; rel="next", <http://[HOST]/api/v2/connections?fields=name&page=2&per_page=1>; rel="last""#);
    assert_snapshot!(list("&page=7").shown(), @"200 []");
    assert_snapshot!(list("&per_page=0").shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Value 0 is less than minimum 1' on property per_page (Number of results per page. Defaults to 50).","errorCode":"invalid_query_string"}"#);
}

#[test]
fn a_list_has_three_forms() {
    let server = Server::start(&[]);
    server.make_connection(r#"{"name":"second","strategy":"sms"}"#);
    let list = |query: &str| server.get(&format!("/api/v2/connections?fields=name&{query}"));
    let totals = list("include_totals=true&per_page=1");
    assert_snapshot!(totals.shown(), @r#"200 {"total":2,"start":0,"limit":1,"connections":[{"id":"[CON]","name":"Username-Password-Authentication","is_domain_connection":false}]}"#);
    assert_eq!(totals.header("link"), "");
    let chunk = list("take=1&include_totals=true&page=0&per_page=5");
    assert_snapshot!(chunk.shown(), @r#"200 {"connections":[{"id":"[CON]","name":"Username-Password-Authentication","is_domain_connection":false}],"next":"YWZ0ZXI6MQ"}"#);
    let next = chunk.json();
    let rest = list(&format!("from={}", next["next"].as_str().unwrap()));
    assert_snapshot!(rest.shown(), @r#"200 {"connections":[{"id":"[CON]","name":"second","is_domain_connection":false}]}"#);
    assert_snapshot!(list("from=x").shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Invalid checkpoint' on property from (Optional Id from which to start selection).","errorCode":"invalid_query_string"}"#);
}

#[test]
fn a_list_is_filtered() {
    let server = Server::start(&[]);
    server.make_connection(r#"{"name":"second","strategy":"sms"}"#);
    server.make_connection(r#"{"name":"third","strategy":"email"}"#);
    let list = |query: &str| {
        server
            .get(&format!("/api/v2/connections?fields=name&{query}"))
            .shown()
    };
    let two = list("strategy=sms&strategy=email");
    assert_snapshot!(two, @r#"200 [{"id":"[CON]","name":"second","is_domain_connection":false},{"id":"[CON]","name":"third","is_domain_connection":false}]"#);
    for query in ["strategy=sms%2Cemail", "strategy[0]=sms&strategy[1]=email"] {
        assert_eq!(list(query), two, "{query}");
    }
    assert_snapshot!(list("name=third"), @r#"200 [{"id":"[CON]","name":"third","is_domain_connection":false}]"#);
    assert_snapshot!(list("name=Third"), @"200 []");
}

#[test]
fn paging_ends_at_a_thousand_under_auth0s_limits() {
    let server = Server::start(&["--auth0-limits"]);
    assert_snapshot!(server.get("/api/v2/connections?page=10&per_page=100").shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Requesting page 10 exceeds the allowed maximum of 1000 records. To fetch results beyond 1000, use the checkpoint pagination method.","errorCode":"invalid_paging"}"#);
}

#[test]
fn a_connection_is_shown_in_parts() {
    let server = Server::start(&[]);
    let id = server.make_connection(r#"{"name":"second","strategy":"sms","display_name":"SMS"}"#);
    let show = |query: &str| {
        server
            .get(&format!("/api/v2/connections/{id}{query}"))
            .shown()
    };
    assert_snapshot!(show(""), @r#"200 {"id":"[CON]","options":{},"strategy":"sms","name":"second","display_name":"SMS","is_domain_connection":false,"realms":["second"],"enabled_clients":[]}"#);
    assert_snapshot!(show("?fields=name"), @r#"200 {"id":"[CON]","name":"second","is_domain_connection":false}"#);
    assert_snapshot!(show("?fields=name,id&include_fields=false"), @r#"200 {"options":{},"strategy":"sms","display_name":"SMS","is_domain_connection":false,"realms":["second"],"enabled_clients":[]}"#);
    assert_snapshot!(server.get("/api/v2/connections/con_0000000000000000").shown(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The connection does not exist","errorCode":"inexistent_connection"}"#);
    assert_snapshot!(server.get("/api/v2/connections/x").shown(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The connection does not exist","errorCode":"inexistent_connection"}"#);
}

#[test]
fn options_are_replaced_as_a_whole() {
    let server = Server::start(&[]);
    let id = server.make_connection(r#"{"name":"second","strategy":"auth0"}"#);
    let patch = |body: &str| {
        server
            .patch(&format!("/api/v2/connections/{id}"), body)
            .shown()
    };
    assert_snapshot!(patch(r#"{"options":{"import_mode":true},"realms":["a","b"],"is_domain_connection":true}"#), @r#"200 {"id":"[CON]","options":{"import_mode":true},"strategy":"auth0","name":"second","is_domain_connection":true,"realms":["a","b"],"enabled_clients":[]}"#);
    assert_snapshot!(patch(r#"{"name":"new","strategy":"sms"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: name,strategy'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(r#"{"options":{"attributes":{"email":{}},"validation":{}}}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Cannot set both options.attributes and options.validation","errorCode":"invalid_body"}"#);
    assert_snapshot!(server.patch("/api/v2/connections/con_0000000000000000", "{}").shown(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The connection does not exist","errorCode":"inexistent_connection"}"#);
}

#[test]
fn clients_open_and_close_a_connection() {
    let server = Server::start(&[]);
    let id = server.make_connection(r#"{"name":"second","strategy":"auth0"}"#);
    let path = format!("/api/v2/connections/{id}/clients");
    let set = |client: &str, status: bool| {
        let body = format!(r#"[{{"client_id":"{client}","status":{status}}}]"#);
        server.patch(&path, &body).shown()
    };
    let user = r#"{"connection":"second","email":"a@b.example","password":"Correct horse 1"}"#;
    assert_eq!(server.post("/api/v2/users", user).status, 400);
    assert_eq!(set(&server.client.0, true), "204");
    let shown = server
        .get(&path)
        .shown()
        .replace(&server.client.0, "[CLIENT]");
    assert_snapshot!(shown, @r#"200 {"clients":[{"client_id":"[CLIENT]"}]}"#);
    assert_eq!(server.post("/api/v2/users", user).status, 201);
    assert_eq!(set("gone", false), "204");
    assert_snapshot!(set("nobody", true), @r#"404 {"statusCode":404,"error":"Not Found","message":"The client does not exist","errorCode":"inexistent_client"}"#);
    assert_eq!(set(&server.client.0, false), "204");
    assert_snapshot!(server.get(&path).shown(), @r#"200 {"clients":[]}"#);
    assert_snapshot!(server.patch(&path, "[]").shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Array is too short (0), minimum 1'.","errorCode":"invalid_body"}"#);
    let nowhere = "/api/v2/connections/con_0000000000000000/clients";
    assert_snapshot!(server.get(nowhere).shown(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The connection does not exist","errorCode":"inexistent_connection"}"#);
    assert_eq!(
        server
            .patch(nowhere, r#"[{"client_id":"x","status":true}]"#)
            .status,
        404
    );
}

#[test]
fn a_long_list_of_clients_comes_in_chunks() {
    let server = Server::start(&[]);
    let id = server
        .make_connection(r#"{"name":"second","strategy":"auth0","enabled_clients":["a","b","c"]}"#);
    let list = |query: &str| server.get(&format!("/api/v2/connections/{id}/clients?{query}"));
    let first = list("take=2");
    assert_snapshot!(first.shown(), @r#"200 {"clients":[{"client_id":"a"},{"client_id":"b"}],"next":"YWZ0ZXI6Mg"}"#);
    let next = first.json();
    assert_snapshot!(list(&format!("take=2&from={}", next["next"].as_str().unwrap())).shown(), @r#"200 {"clients":[{"client_id":"c"}]}"#);
}

#[test]
fn a_connection_is_deleted_with_its_users() {
    let server = Server::start(&[]);
    server.make_user("ann");
    let id = server.default_connection();
    let path = format!("/api/v2/connections/{}", id);
    assert_snapshot!(server.delete(&path).shown(), @r#"202 {"deleted_at":"[TIME]"}"#);
    assert_eq!(server.delete(&path).shown(), "204");
    assert_eq!(
        server.get("/api/v2/users?include_totals=true").shown(),
        r#"200 {"start":0,"limit":50,"length":0,"users":[],"total":0}"#
    );
    assert_eq!(server.get("/api/v2/connections").shown(), "200 []");
    let again = format!(r#"{{"name":"{DEFAULT}","strategy":"auth0"}}"#);
    assert_eq!(server.post("/api/v2/connections", &again).status, 201);
}

#[test]
fn a_user_is_deleted_by_address() {
    let server = Server::start(&[]);
    let sms = server.make_connection(r#"{"name":"second","strategy":"sms"}"#);
    server.make_user("ann");
    let id = server.default_connection();
    let path = format!("/api/v2/connections/{}/users", id);
    assert_snapshot!(server.delete(&path).shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Missing required property: email'.","errorCode":"invalid_query_string"}"#);
    assert_eq!(
        server
            .delete(&format!("{path}?email=Ann@example.com"))
            .shown(),
        "204"
    );
    assert_eq!(server.get("/api/v2/users").shown(), "200 []");
    assert_eq!(
        server
            .delete(&format!("{path}?email=ann@example.com"))
            .shown(),
        "204"
    );
    assert_snapshot!(server.delete(&format!("/api/v2/connections/{sms}/users?email=a@b.example")).shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Connection must be a database connection","errorCode":"operation_not_supported"}"#);
}

#[test]
fn each_verb_needs_its_scope() {
    let server = Server::start(&[]);
    let ask = |method: &str, path: &str| {
        server.with_scopes(
            "read:users",
            method,
            &format!("/api/v2/connections{path}"),
            "",
        )
    };
    assert_snapshot!(ask("GET", "").shown(), @r#"403 {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: read:connections","errorCode":"insufficient_scope"}"#);
    for (method, path) in [
        ("POST", ""),
        ("PATCH", "/x"),
        ("DELETE", "/x"),
        ("GET", "/x/clients"),
        ("PATCH", "/x/clients"),
        ("DELETE", "/x/users"),
    ] {
        assert_eq!(ask(method, path).status, 403, "{method} {path}");
    }
}
