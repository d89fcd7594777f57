//! `/api/purser/v1/users/edits`

use insta::assert_snapshot;

use super::management::DEFAULT;
use super::support::{Server, id_of};

const PATH: &str = "/api/purser/v1/users/edits";

/// Returns a server with users 1 to 3; the third has the plan `pro`, the others `free`.
fn three_users(flags: &[&str]) -> Server {
    let server = Server::start(flags);
    let row = |n: u32| {
        let plan = if n == 3 { "pro" } else { "free" };
        format!(
            r#"{{"user_id":"{n}","email":"u{n}@example.com","app_metadata":{{"plan":"{plan}"}}}}"#
        )
    };
    let rows: Vec<String> = (1..=3).map(row).collect();
    let connection = server.default_connection();
    server.imported(
        &format!("[{}]", rows.join(",")),
        &[("connection_id", &connection)],
    );
    server
}

#[test]
fn many_users_are_changed_by_one_request() {
    let server = three_users(&[]);
    let answer = server.post(
        PATH,
        r#"{"query":"app_metadata.plan:free","action":"block"}"#,
    );
    assert_eq!(answer.status, 202, "{}", answer.text());
    let queued = answer.json();
    assert_eq!(
        (
            queued["type"].as_str(),
            queued["options"]["action"].as_str()
        ),
        (Some("users_edit"), Some("block"))
    );
    let ended = server.ended(&queued);
    assert_eq!(ended["status"], "completed");
    assert_eq!(
        ended["summary"].to_string(),
        r#"{"failed":0,"updated":2,"inserted":0,"total":2}"#
    );
    let shown = server.get(&format!("/api/v2/jobs/{}", id_of(&queued)));
    assert_snapshot!(shown.shown(), @r#"200 {"type":"users_edit","status":"completed","summary":{"failed":0,"updated":2,"inserted":0,"total":2},"created_at":"[TIME]","id":"[JOB]"}"#);
    assert_eq!(
        server
            .get(&format!("/api/v2/jobs/{}/errors", id_of(&queued)))
            .status,
        204
    );
    assert_eq!(
        server.get("/api/v2/users/auth0%7C1").json()["blocked"],
        true
    );
    assert!(
        server
            .get("/api/v2/users/auth0%7C3")
            .json()
            .get("blocked")
            .is_none()
    );
    let listed = server.get("/api/purser/v1/jobs?type=users_edit").json();
    assert_eq!(listed["length"], 1);
}

#[test]
fn users_who_cannot_be_changed_are_listed() {
    let server = three_users(&[]);
    let body = format!(
        r#"{{"all":true,"connection":"{DEFAULT}","action":"update","set":{{"app_metadata.plan.n":1.50}},"unset":["user_metadata.x"]}}"#
    );
    let job = server.ended(&server.post(PATH, &body).json());
    assert_eq!(job["summary"]["failed"], 3);
    let errors = server.get(&format!("/api/v2/jobs/{}/errors", id_of(&job)));
    assert_eq!(errors.json().as_array().unwrap().len(), 3);
    assert_snapshot!(errors.json()[0].to_string(), @r#"{"user":{"user_id":"auth0|1","email":"u1@example.com"},"errors":[{"code":"INVALID_TYPE","message":"`app_metadata.plan` is no object","path":"app_metadata.plan.n"}]}"#);
    let full = server
        .get(&format!("/api/purser/v1/jobs/{}", id_of(&job)))
        .json();
    assert_snapshot!(full["options"].to_string(), @r#"{"all":true,"action":"update","set":{"app_metadata.plan.n":1.5},"unset":["user_metadata.x"]}"#);
}

#[test]
fn users_are_deleted_and_a_dry_run_changes_nothing() {
    let server = three_users(&[]);
    let body = r#"{"query":"app_metadata.plan:pro","action":"delete","dry_run":true}"#;
    assert_snapshot!(server.post(PATH, body).shown(), @r#"200 {"would_change":1,"unchanged":0,"would_fail":0,"users":[{"user_id":"auth0|3","email":"u3@example.com","deleted":true}]}"#);
    assert_eq!(server.get("/api/v2/users/auth0%7C3").status, 200);
    server.ended(&server.post(PATH, &body.replace("true", "false")).json());
    assert_eq!(server.get("/api/v2/users/auth0%7C3").status, 404);
    assert_eq!(server.get("/api/v2/users/auth0%7C2").status, 200);
}

#[test]
fn each_action_needs_its_scope() {
    let server = three_users(&[]);
    let post = |scope: &str, body: &str| {
        let bearer = format!("Bearer {}", server.token(scope));
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
        ];
        let answer = server.send("POST", PATH, &headers, body);
        let message = answer.json()["message"].as_str().map(str::to_owned);
        (answer.status, message.unwrap_or_default())
    };
    let lacks = |scope: &str| (403, format!("Insufficient scope, expected any of: {scope}"));
    let (block, delete) = (
        r#"{"all":true,"action":"block"}"#,
        r#"{"all":true,"action":"delete"}"#,
    );
    let dry = r#"{"all":true,"action":"block","dry_run":true}"#;
    assert_eq!(
        post("read:users create:users", block),
        lacks("update:users,delete:users")
    );
    assert_eq!(post("delete:users", block), lacks("update:users"));
    assert_eq!(post("update:users", delete), lacks("delete:users"));
    assert_eq!(post("update:users", dry), lacks("read:users"));
    assert_eq!(post("update:users read:users", dry).0, 200);
    assert_eq!(post("update:users", block).0, 202);
    assert_eq!(post("delete:users", delete).0, 202);
    let nobody = server.send("POST", PATH, &[], block);
    assert_eq!(nobody.status, 401);
}

#[test]
fn a_request_that_makes_no_sense_is_refused() {
    let server = three_users(&["--auth0-limits"]);
    let refused = |body: &str| server.post(PATH, body).shown();
    assert_snapshot!(refused(r#"{"action":"block"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Exactly one of query and all (which must then be true) says whom to change","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"query":"","action":"delete"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'the query is blank (whoever means everybody says so: `all` instead of a query)'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"all":true,"action":"update","set":{"email":"a@b.example"}}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: '`email` cannot be changed for many users at once (it tells one user from another: change it user by user)'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"all":true,"action":"block","connection":"nowhere"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"The connection does not exist","errorCode":"inexistent_connection"}"#);
    let limited = refused(r#"{"query":"user_metadata.a:x*","action":"block"}"#);
    assert!(
        limited.starts_with("400 ") && limited.contains("the query cannot be read: "),
        "{limited}"
    );
    assert_eq!(
        server.get("/api/purser/v1/jobs?type=users_edit").json()["length"],
        0
    );
}
