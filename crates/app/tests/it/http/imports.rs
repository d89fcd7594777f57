//! `POST /api/v2/jobs/users-imports` and what becomes of such jobs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use super::support::{Server, id_of, multipart, scrubbed};

const ANN: &str = r#"[{"email":"ann@example.com"}]"#;

#[test]
fn an_import_is_queued_and_done() {
    let server = Server::start(&[]);
    let connection = server.default_connection();
    let answer = server.import(
        ANN,
        &[
            ("connection_id", &connection),
            ("external_id", ""),
            ("upsert", "False"),
        ],
    );
    let headers = [
        "content-type",
        "cache-control",
        "vary",
        "x-content-type-options",
        "x-ratelimit-limit",
    ];
    assert_snapshot!(answer.shown_with(&headers), @r#"
    202
    content-type: application/json; charset=utf-8
    cache-control: no-cache
    vary: origin,accept-encoding
    x-content-type-options: nosniff
    x-ratelimit-limit: 1000
    {"type":"users_import","status":"pending","connection_id":"[CON]","connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}
    "#);
    assert_eq!(answer.header("ot-baggage-auth0-request-id").len(), 20);
    assert_snapshot!(scrubbed(&server.ended(&answer.json()).to_string()), @r#"{"type":"users_import","status":"completed","connection_id":"[CON]","summary":{"failed":0,"updated":0,"inserted":1,"total":1},"connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}"#);
    let errors = server.get(&format!("/api/v2/jobs/{}/errors", id_of(&answer.json())));
    assert_snapshot!(errors.shown_with(&["content-type"]), @r"
    204
    content-type: application/json; charset=utf-8
    ");
}

#[test]
fn parts_come_in_any_order_and_others_are_ignored() {
    let server = Server::start(&[]);
    let connection = server.default_connection();
    let body = multipart(&[
        ("users", ANN),
        ("unknown", "x"),
        ("send_completion_email", "true"),
        ("external_id", "nightly"),
        ("upsert", "true"),
        ("connection_id", &connection),
    ]);
    assert_snapshot!(server.upload(&body).shown(), @r#"202 {"type":"users_import","status":"pending","connection_id":"[CON]","external_id":"nightly","connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}"#);
    let query = server.authorized(
        "POST",
        "/api/v2/jobs/users-imports?test=value",
        &[(
            "Content-Type",
            "multipart/form-data; boundary=test-boundary",
        )],
        body,
    );
    assert_eq!(query.status, 202);
}

#[test]
fn rows_that_fail_are_listed() {
    let server = Server::start(&[]);
    let connection = server.default_connection();
    let parts = [("connection_id", connection.as_str())];
    server.imported(ANN, &parts);
    let users = r#"[{"email":"ann@example.com","email_verified":true},{"email":"bob@example.com"},{"email":"nobody"}]"#;
    let job = server.imported(users, &parts);
    assert_snapshot!(scrubbed(&job.to_string()), @r#"{"type":"users_import","status":"completed","connection_id":"[CON]","summary":{"failed":2,"updated":0,"inserted":1,"total":3},"connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}"#);
    let errors = server.get(&format!("/api/v2/jobs/{}/errors", id_of(&job)));
    assert_snapshot!(errors.shown_with(&["content-type"]), @r#"
    200
    content-type: application/json
    [{"user":{"email":"ann@example.com","email_verified":true},"errors":[{"code":"DUPLICATED_USER","message":"The user already exist and upsert parameter is false"}]},{"user":{"email":"nobody"},"errors":[{"code":"INVALID_FORMAT","message":"Error in identities[0].profileData.email property - Object didn't pass validation for format email: nobody","path":"identities[0].profileData.email"}]}]
    "#);
    let own = |format: &str| {
        server.get(&format!(
            "/api/purser/v1/jobs/{}/errors{format}",
            id_of(&job)
        ))
    };
    assert_snapshot!(own("").shown_with(&["content-type"]), @r#"
    200
    content-type: application/json
    [{"row":1,"line":1,"byte":1,"errors":[{"code":"DUPLICATED_USER","message":"The user already exist and upsert parameter is false","hint":"run the import with `upsert` to update users that exist"}],"user":{"email":"ann@example.com","email_verified":true}},
    {"row":3,"line":1,"byte":79,"errors":[{"code":"INVALID_FORMAT","message":"Error in identities[0].profileData.email property - Object didn't pass validation for format email: nobody","path":"identities[0].profileData.email","hint":"give an address like `name@example.com`"}],"user":{"email":"nobody"}}
    ]
    "#);
    assert_snapshot!(own("?format=ndjson").shown_with(&["content-type"]), @r#"
    200
    content-type: application/x-ndjson
    {"row":1,"line":1,"byte":1,"errors":[{"code":"DUPLICATED_USER","message":"The user already exist and upsert parameter is false","hint":"run the import with `upsert` to update users that exist"}],"user":{"email":"ann@example.com","email_verified":true}}
    {"row":3,"line":1,"byte":79,"errors":[{"code":"INVALID_FORMAT","message":"Error in identities[0].profileData.email property - Object didn't pass validation for format email: nobody","path":"identities[0].profileData.email","hint":"give an address like `name@example.com`"}],"user":{"email":"nobody"}}
    "#);
    assert_snapshot!(own("?format=csv").shown_with(&["content-type"]), @r#"
    200
    content-type: text/csv; charset=utf-8
    email,email_verified,_row,_line,_byte,_errors
    ann@example.com,true,1,1,1,"[{""code"":""DUPLICATED_USER"",""message"":""The user already exist and upsert parameter is false"",""hint"":""run the import with `upsert` to update users that exist""}]"
    nobody,,3,1,79,"[{""code"":""INVALID_FORMAT"",""message"":""Error in identities[0].profileData.email property - Object didn't pass validation for format email: nobody"",""path"":""identities[0].profileData.email"",""hint"":""give an address like `name@example.com`""}]"
    "#);
    assert_snapshot!(own("?format=xml").shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'No enum match for: xml' on property format (Format of the report).","errorCode":"invalid_query_string"}"#);
}

#[test]
fn a_broken_file_fails_the_job() {
    let server = Server::start(&[]);
    let connection = server.default_connection();
    let job = server.imported("[{", &[("connection_id", &connection)]);
    assert_snapshot!(scrubbed(&job.to_string()), @r#"{"type":"users_import","status":"failed","connection_id":"[CON]","summary":{"failed":0,"updated":0,"inserted":0,"total":0},"status_details":"Failed to parse users file JSON when importing users. Make sure it is valid JSON.","connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}"#);
    let errors = server.get(&format!("/api/v2/jobs/{}/errors", id_of(&job)));
    assert_snapshot!(errors.shown_with(&["content-type"]), @r#"
    200
    content-type: application/json
    {"type":"users_import","status":"failed","connection_id":"[CON]","summary":{"failed":0,"updated":0,"inserted":0,"total":0},"status_details":"Failed to parse users file JSON when importing users. Make sure it is valid JSON.","connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}
    "#);
    let full = server.get(&format!("/api/purser/v1/jobs/{}", id_of(&job)));
    assert_snapshot!(full.shown(), @r#"200 {"type":"users_import","status":"failed","connection_id":"[CON]","summary":{"failed":0,"updated":0,"inserted":0,"total":0},"status_details":"Failed to parse users file JSON when importing users. Make sure it is valid JSON.","connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]","started_at":"[TIME]","finished_at":"[TIME]","options":{"upsert":false,"restore":false,"keep_prefix":false,"strict":false,"format":"auto"},"failure":{"reason":"line 1, column 3 (byte 2): the file ends inside row 1, which began at line 1","hint":"a bracket is not closed: add it, or get the file again if it was cut off","position":{"row":1,"line":1,"column":3,"byte":2}},"notes":[]}"#);
}

#[test]
fn uploads_that_do_not_fit_are_refused() {
    let server = Server::start(&[]);
    let connection = server.default_connection();
    let refused = |parts: &[(&str, &str)]| server.upload(&multipart(parts)).shown();
    let (users, id) = (("users", ANN), ("connection_id", connection.as_str()));
    assert_snapshot!(refused(&[id]), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Must provide 'users' file as multipart part","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&[("users", ""), id]), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Users file must not be empty","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&[users]), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Must provide 'connection_id' as multipart part","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&[users, ("connection_id", "")]), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Must provide 'connection_id' as multipart part","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&[users, ("connection_id", "con_x")]), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'String does not match pattern ^con_[A-Za-z0-9]{16}$' on property connection_id","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&[users, ("connection_id", "con_0000000000000000")]), @r#"400 {"statusCode":400,"error":"Bad Request","message":"The connection does not exist","errorCode":"inexistent_connection"}"#);
    assert_snapshot!(refused(&[users, id, ("upsert", "maybe")]), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type boolean but found type string' on property upsert.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&[users, id, ("format", "xml")]), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'No enum match for: xml' on property format.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&[users, id, users]), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Invalid multipart payload format'","errorCode":"invalid_body"}"#);
    assert_snapshot!(server.upload("no multipart at all").shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Invalid multipart payload format'","errorCode":"invalid_body"}"#);
    assert_snapshot!(server.post("/api/v2/jobs/users-imports", "{}").shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Invalid multipart payload format'","errorCode":"invalid_body"}"#);
    assert_eq!(server.files("uploads"), Vec::<std::path::PathBuf>::new());
}

#[test]
fn connections_that_take_no_imports_are_refused() {
    let server = Server::start(&[]);
    let google = server.new_connection("google", &["--strategy", "google-oauth2"]);
    let closed = server.new_connection("closed", &["--disabled"]);
    let sms = server.new_connection("sms", &["--strategy", "sms"]);
    let import = |id: &str| server.import(ANN, &[("connection_id", id)]);
    assert_snapshot!(import(&google).shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Connection must be a database connection","errorCode":"operation_not_supported"}"#);
    assert_snapshot!(import(&closed).shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Connection must be enabled","errorCode":"connection_is_disabled"}"#);
    assert_eq!(import(&sms).status, 202);
}

#[test]
fn scopes_are_looked_at_before_the_upload() {
    let server = Server::start(&[]);
    let bearer = format!("Bearer {}", server.token("read:users"));
    // More than a socket holds: the server must read on for its answer to arrive.
    let body = "x".repeat(8_000_000);
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "multipart/form-data; boundary=x"),
    ];
    let answer = server.send("POST", "/api/v2/jobs/users-imports", &headers, body);
    assert_snapshot!(answer.shown(), @r#"403 {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: create:users","errorCode":"insufficient_scope"}"#);
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let server = Server::start(&[]);
    let body = multipart(&[("users", &"x".repeat(100_000))]);
    let mut stream = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "POST /api/v2/jobs/users-imports HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=test-boundary\r\nContent-Length: 1000000\r\n\r\n{body:.50000}",
        server.base.strip_prefix("http://").unwrap(),
        server.token("create:users"),
    )
    .unwrap();
    until(|| server.files("uploads").len() == 1);
    drop(stream);
    until(|| server.files("uploads").is_empty());
}

#[test]
fn uploads_may_be_chunked() {
    let server = Server::start(&[]);
    let connection = server.default_connection();
    let body = multipart(&[("connection_id", &connection), ("users", ANN)]);
    let host = server.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST /api/v2/jobs/users-imports HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=test-boundary\r\nTransfer-Encoding: chunked\r\n\
         Connection: close\r\n\r\n",
        server.token("create:users"),
    )
    .unwrap();
    for chunk in body.as_bytes().chunks(7) {
        write!(stream, "{:x}\r\n", chunk.len()).unwrap();
        stream.write_all(chunk).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
}

#[test]
fn our_own_parts_are_taken() {
    let server = Server::start(&[]);
    let connection = server.default_connection();
    let users = "{\"email\":\"ann@example.com\",\"user_id\":\"auth0|1\"}\n";
    let parts = [
        ("connection_id", connection.as_str()),
        ("format", "ndjson"),
        ("keep_prefix", "true"),
    ];
    let job = server.imported(users, &parts);
    assert_eq!(job["summary"]["inserted"], 1, "{job}");
    let full = server
        .get(&format!("/api/purser/v1/jobs/{}", id_of(&job)))
        .json();
    assert_snapshot!(full["options"].to_string(), @r#"{"upsert":false,"restore":false,"keep_prefix":true,"strict":false,"format":"ndjson"}"#);
}

/// Waits until something is so.
fn until(is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(10));
    }
}
