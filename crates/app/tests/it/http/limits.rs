//! `--auth0-limits`: what a tenant of Auth0 would refuse.

use insta::assert_snapshot;
use serde_json::json;

use super::support::{Server, multipart, scrubbed};

#[test]
fn large_uploads_are_refused() {
    let server = Server::start(&["--auth0-limits"]);
    let connection = server.default_connection();
    let body = multipart(&[
        ("connection_id", &connection),
        ("users", &"x".repeat(600_000)),
    ]);
    assert_snapshot!(server.upload(&body).shown(), @r#"413 {"statusCode":413,"error":"Request Entity Too Large","message":"Payload content length greater than maximum allowed: 512000"}"#);
    assert!(server.files("uploads").is_empty());
}

#[test]
fn our_own_formats_and_parts_are_not_there() {
    let server = Server::start(&["--auth0-limits"]);
    let connection = server.default_connection();
    let parts = [("connection_id", connection.as_str()), ("format", "ndjson")];
    let job = server.imported("{\"email\":\"ann@example.com\"}\n", &parts);
    assert_snapshot!(scrubbed(&job.to_string()), @r#"{"type":"users_import","status":"failed","connection_id":"[CON]","summary":{"failed":0,"updated":0,"inserted":0,"total":0},"status_details":"Failed to parse users file JSON when importing users. Make sure it is valid JSON.","connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}"#);
}

#[test]
fn csv_exports_have_thirty_fields_and_no_objects() {
    let server = Server::start(&["--auth0-limits"]);
    let fields: Vec<_> = (0..31)
        .map(|index| json!({"name": format!("user_metadata.f{index}")}))
        .collect();
    let post =
        |body: serde_json::Value| server.post("/api/v2/jobs/users-exports", &body.to_string());
    assert_snapshot!(post(json!({"fields": fields})).shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Array is too long (31), maximum 30' on property fields (List of fields to be included in the CSV. Defaults to a predefined set of fields).","errorCode":"invalid_body"}"#);
    assert_eq!(
        post(json!({"format": "json", "fields": fields})).status,
        200
    );
    let whole = json!([{"name": "email"}, {"name": "app_metadata"}]);
    assert_snapshot!(post(json!({"fields": whole})).shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Objects cannot be exported to CSV, name its members: app_metadata' on property fields[1].name.","errorCode":"invalid_body"}"#);
    assert_eq!(post(json!({"format": "json", "fields": whole})).status, 200);
}

#[test]
fn too_many_requests_are_refused() {
    let server = Server::start(&["--auth0-limits"]);
    let answers: Vec<_> = (0..200)
        .map(|_| server.get("/api/purser/v1/jobs"))
        .collect();
    let first = &answers[0];
    assert_eq!(
        (
            first.header("x-ratelimit-limit"),
            first.header("x-ratelimit-remaining")
        ),
        ("50", "49")
    );
    let refused = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("a full bucket empties");
    let headers = ["x-ratelimit-limit", "x-ratelimit-remaining", "retry-after"];
    assert_snapshot!(refused.shown_with(&headers), @r#"
    429
    x-ratelimit-limit: 50
    x-ratelimit-remaining: 0
    retry-after: 1
    {"statusCode":429,"error":"Too Many Requests","message":"Global limit has been reached","errorCode":"too_many_requests"}
    "#);
    assert!(refused.header("x-ratelimit-reset").parse::<i64>().unwrap() > 1_700_000_000);
}

#[test]
fn without_them_nothing_is_limited() {
    let server = Server::start(&[]);
    for _ in 0..200 {
        assert_eq!(server.get("/api/purser/v1/jobs").status, 200);
    }
}
