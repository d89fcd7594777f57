//! `/api/purser/v1/indexes` and `/api/purser/v1/query/check`.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::support::Server;

const INDEXES: &str = "/api/purser/v1/indexes";
const CHECK: &str = "/api/purser/v1/query/check";

impl Server {
    fn check(&self, body: &Value) -> String {
        self.post(CHECK, &body.to_string()).shown()
    }

    /// Waits until every user is indexed; returns the list of indexes.
    fn indexed(&self) -> Value {
        let started = Instant::now();
        loop {
            let list = self.get(INDEXES).json();
            let declared = list["indexes"].as_array().unwrap().iter();
            let mut held = declared.map(|index| &index["indexed"]);
            if list["indexed"] == list["users"] && held.all(|held| *held == list["users"]) {
                return list;
            }
            assert!(started.elapsed() < Duration::from_secs(30), "{list}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn the_server_indexes_by_itself() {
    let server = Server::start(&[]);
    server.make_user("ann");
    assert_eq!(server.indexed()["indexed"], 1);
    server.post(INDEXES, r#"{"path":"app_metadata.plan"}"#);
    assert_eq!(server.indexed()["indexes"][0]["indexed"], 1);
}

#[test]
fn an_index_is_made_listed_and_dropped() {
    let server = Server::start(&["--no-indexing"]);
    server.make_user("ann");
    server.make_user("bob");
    let create = |path: &str| {
        let body = json!({ "path": path }).to_string();
        server.post(INDEXES, &body).shown()
    };
    assert_eq!(server.get(INDEXES).json()["indexes"], json!([]));
    let made = create("app_metadata.plan");
    assert_snapshot!(made, @r#"201 {"path":"app_metadata.plan","created_at":"[TIME]","status":"pending","indexed":0}"#);
    server.cli(&["indexes", "build"]);
    let list = server.indexed();
    assert_eq!(list["indexes"][0]["status"], "built");
    assert_eq!(list["built_in"][0], "email");
    assert_snapshot!(create("app_metadata.plan"), @r#"409 {"statusCode":409,"error":"Conflict","message":"there is an index on `app_metadata.plan` already","errorCode":"index_exists"}"#);
    assert_snapshot!(create("email"), @r#"409 {"statusCode":409,"error":"Conflict","message":"there is an index on `email` already","errorCode":"index_exists"}"#);
    assert_snapshot!(create("a..b"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: '`a..b` is no attribute: a key is missing' on property path (The attribute, as queries name it).","errorCode":"invalid_body"}"#);
    assert_snapshot!(server.post(INDEXES, r#"{"path":"x","unique":true}"#).shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: unique'.","errorCode":"invalid_body"}"#);
    let drop = |query: &str| server.delete(&format!("{INDEXES}?{query}")).shown();
    assert_snapshot!(drop("path=app_metadata.plan"), @"204");
    assert_snapshot!(drop("path=app_metadata.plan"), @r#"404 {"statusCode":404,"error":"Not Found","message":"The index does not exist","errorCode":"inexistent_index"}"#);
    assert_snapshot!(drop(""), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Missing required property: path'.","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(drop("path=a."), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: '`a.` is no attribute: a key is missing' on property path (The attribute, as queries name it).","errorCode":"invalid_query_string"}"#);
    assert_eq!(server.indexed()["indexes"], json!([]));
}

#[test]
fn indexes_have_an_end() {
    let server = Server::start(&["--no-indexing"]);
    for number in 0..64 {
        let body = json!({ "path": format!("app_metadata.a{number}") });
        assert_eq!(server.post(INDEXES, &body.to_string()).status, 201);
    }
    assert_snapshot!(server.post(INDEXES, r#"{"path":"app_metadata.b"}"#).shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"there are 64 declared indexes, which is the most; drop one first","errorCode":"too_many_indexes"}"#);
}

#[test]
fn each_verb_on_indexes_needs_its_scope() {
    let server = Server::start(&[]);
    let ask = |scopes: &str, method: &str, path: &str, body: &str| {
        server.with_scopes(scopes, method, path, body).status
    };
    let body = r#"{"path":"app_metadata.plan"}"#;
    assert_eq!(ask("read:users", "POST", INDEXES, body), 403);
    assert_eq!(
        ask("read:users", "DELETE", &format!("{INDEXES}?path=x"), ""),
        403
    );
    assert_eq!(ask("update:users", "GET", INDEXES, ""), 403);
    assert_eq!(ask("read:users", "GET", INDEXES, ""), 200);
    assert_eq!(ask("update:users", "POST", INDEXES, body), 201);
    assert_eq!(ask("update:users", "POST", CHECK, r#"{"query":""}"#), 403);
}

#[test]
fn a_query_is_checked_and_counted() {
    let server = Server::start(&[]);
    server.make_user("ann");
    server.make_user("bob");
    server.make_connection(r#"{"name":"other","strategy":"auth0"}"#);
    let check = |body: Value| server.check(&body);
    assert_snapshot!(check(json!({"query": "email:ANN@example.com blocked:true"})), @r#"200 {"ok":true,"canonical":"email:ann@example.com OR blocked:true","count":1}"#);
    assert_snapshot!(check(json!({"query": "email:*", "count": false})), @r#"200 {"ok":true,"canonical":"_exists_:email"}"#);
    assert_snapshot!(check(json!({"query": "", "connection": null})), @r#"200 {"ok":true,"canonical":"*:*","count":2}"#);
    assert_snapshot!(check(json!({"query": "email:*", "connection": "other"})), @r#"200 {"ok":true,"canonical":"_exists_:email","count":0}"#);
    assert_snapshot!(check(json!({"query": "email:*", "connection": "nowhere"})), @r#"400 {"statusCode":400,"error":"Bad Request","message":"The connection does not exist","errorCode":"inexistent_connection"}"#);
    // Offsets are those of JavaScript: the smiley is two.
    assert_snapshot!(check(json!({"query": "name:\"😀\" AND emial:x"})), @r#"200 {"ok":false,"errors":[{"message":"`emial` is no field","position":14,"start":14,"end":19,"suggestion":"email"}]}"#);
    assert_snapshot!(check(json!({"query": "name:(a OR"})), @r#"200 {"ok":false,"errors":[{"message":"nothing stands behind `OR`","position":9,"start":8,"end":10,"expected":"a term, a field or `(`"}]}"#);
    assert_snapshot!(check(json!({"q": "email:*"})), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: q'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(check(json!({"query": 1})), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type string but found type integer' on property query (The query).","errorCode":"invalid_body"}"#);
    assert_snapshot!(check(json!({"query": "x", "count": "yes"})), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type boolean but found type string' on property count (Whether to count who matches).","errorCode":"invalid_body"}"#);
}

#[test]
fn a_long_query_is_checked_too() {
    let server = Server::start(&[]);
    let values = vec![format!("\"{}\"", "ä".repeat(16_000)); 31];
    let long = json!({"query": format!("name:({})", values.join(" OR "))});
    let answer = server.post(CHECK, &long.to_string());
    assert_eq!(answer.json()["count"], 0, "{:.200}", answer.text());
    let deep = json!({"query": "(".repeat(1024 * 1024)});
    assert_eq!(server.post(CHECK, &deep.to_string()).json()["ok"], false);
    let wide = json!({"query": "name:a* ".repeat(100_000)});
    let answer = server.post(CHECK, &wide.to_string());
    assert_eq!(answer.status, 200, "{:.200}", answer.text());
    let huge = json!({"query": "a".repeat(5 * 1024 * 1024)});
    assert_snapshot!(server.check(&huge), @r#"413 {"statusCode":413,"error":"Request Entity Too Large","message":"Payload content length greater than maximum allowed: 4194304"}"#);
}
