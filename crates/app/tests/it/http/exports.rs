//! `POST /api/v2/jobs/users-exports`, and the file that comes of it.

use std::io::Read;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::support::{Answer, Server, id_of, scrubbed};

const EXPORTS: &str = "/api/v2/jobs/users-exports";

/// Starts a server with two users.
fn server_with_users(flags: &[&str]) -> (Server, String) {
    let server = Server::start(flags);
    let connection = server.default_connection();
    let users = r#"[{"email":"ann@example.com","user_id":"1","name":"Ann \"A\""},{"email":"bob@example.com","user_id":"2","app_metadata":{"a":[1]}}]"#;
    let job = server.imported(users, &[("connection_id", &connection)]);
    assert_eq!(job["summary"]["inserted"], 2, "{job}");
    (server, connection)
}

/// Exports to the end and returns the completed job.
fn exported(server: &Server, body: &Value) -> Value {
    let answer = server.post(EXPORTS, &body.to_string());
    assert_eq!(answer.status, 200, "{}", answer.text());
    server.ended(&answer.json())
}

/// Fetches a completed export as clients do: no token, and no decompression by the client's HTTP library.
fn download(server: &Server, job: &Value) -> Answer {
    server.send(
        "GET",
        job["location"].as_str().unwrap(),
        &[("Accept-Encoding", "gzip")],
        "",
    )
}

fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[test]
fn an_export_is_queued_and_its_file_fetched() {
    let (server, connection) = server_with_users(&[]);
    let body = json!({
        "connection_id": connection,
        "format": "json",
        "limit": 5,
        "fields": [{"name": "email"}, {"name": "name", "export_as": "Name"}, {"name": "app_metadata"}],
    });
    let answer = server.post(EXPORTS, &body.to_string());
    assert_snapshot!(answer.shown_with(&["content-type"]), @r#"
    200
    content-type: application/json; charset=utf-8
    {"type":"users_export","status":"pending","connection_id":"[CON]","format":"json","limit":5,"fields":[{"name":"email"},{"name":"name","export_as":"Name"},{"name":"app_metadata"}],"connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}
    "#);
    let job = server.ended(&answer.json());
    assert_snapshot!(scrubbed(&job.to_string()), @r#"{"type":"users_export","status":"completed","connection_id":"[CON]","format":"json","limit":5,"fields":[{"name":"email"},{"name":"name","export_as":"Name"},{"name":"app_metadata"}],"location":"http://[HOST]/exports/[JOB]/purser.json.gz?[SIGNED]","connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}"#);
    let file = download(&server, &job);
    let headers = [
        "content-type",
        "content-disposition",
        "content-encoding",
        "cache-control",
    ];
    let values: Vec<&str> = headers.iter().map(|name| file.header(name)).collect();
    assert_eq!(
        values,
        [
            "application/gzip",
            "attachment; filename=\"purser.json.gz\"",
            "",
            "private, no-store"
        ]
    );
    assert_eq!(file.header("content-length"), file.bytes.len().to_string());
    assert_snapshot!(gunzip(&file.bytes), @r#"
    {"email":"ann@example.com","Name":"Ann \"A\""}
    {"email":"bob@example.com","Name":"bob@example.com","app_metadata":{"a":[1]}}
    "#);
    let errors = server.get(&format!("/api/v2/jobs/{}/errors", id_of(&job)));
    assert_eq!(errors.shown(), "204");
}

#[test]
fn everything_has_a_default() {
    let (server, _) = server_with_users(&[]);
    let empty = server.post(EXPORTS, "{}").shown();
    assert_snapshot!(empty, @r#"200 {"type":"users_export","status":"pending","format":"csv","created_at":"[TIME]","id":"[JOB]"}"#);
    assert_eq!(server.post(EXPORTS, "null").shown(), empty);
    assert_eq!(server.post(EXPORTS, "").shown(), empty);
    let job = exported(&server, &json!({}));
    assert_snapshot!(scrubbed(&job.to_string()), @r#"{"type":"users_export","status":"completed","format":"csv","location":"http://[HOST]/exports/[JOB]/purser.csv.gz?[SIGNED]","created_at":"[TIME]","id":"[JOB]"}"#);
    let csv = gunzip(&download(&server, &job).bytes);
    assert_snapshot!(csv.lines().next().unwrap(), @"user_id,given_name,family_name,nickname,name,email,email_verified,picture,identities[0].connection,created_at,updated_at");
    let cells: Vec<&str> = csv.lines().nth(1).unwrap().split(',').take(1).collect();
    assert_eq!(cells, [r#""'auth0|1""#]);
}

#[test]
fn forms_are_read_too() {
    let (server, _) = server_with_users(&[]);
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let body = "format=json&limit=1&fields[0][name]=email";
    assert_snapshot!(server.authorized("POST", EXPORTS, &headers, body).shown(), @r#"200 {"type":"users_export","status":"pending","format":"json","limit":1,"fields":[{"name":"email"}],"created_at":"[TIME]","id":"[JOB]"}"#);
    let text = [("Content-Type", "text/plain")];
    assert_eq!(
        server
            .authorized("POST", EXPORTS, &text, r#"{"limit":1}"#)
            .json()["limit"],
        1
    );
}

#[test]
fn requests_that_do_not_fit_are_refused() {
    let server = Server::start(&[]);
    let refused = |body: &str| server.post(EXPORTS, body).shown();
    assert_snapshot!(refused("{"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Invalid request payload JSON format","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused("[]"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type object but found type array'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"where":"x"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: where'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"query":"email:("}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"the parenthesis is not closed at character 7; expected `)` behind the group","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(refused(r#"{"sort":"email:up"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: '`email:up` is no order: `up` is no direction; expected FIELD:1 (ascending) or FIELD:-1 (descending)' on property sort.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"connection_id":"con_x"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'String does not match pattern ^con_[A-Za-z0-9]{16}$' on property connection_id (connection_id of the connection from which users will be exported).","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"connection_id":"con_0000000000000000"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"The connection does not exist","errorCode":"inexistent_connection"}"#);
    assert_snapshot!(refused(r#"{"format":"xml"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'No enum match for: xml' on property format (Format of the file. Must be `json` or `csv`).","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"limit":0}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Value 0 is less than minimum 1' on property limit (Limit the number of records).","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"limit":"all"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type integer but found type string' on property limit (Limit the number of records).","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"fields":[{}]}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: name' on property fields[0].","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"fields":[{"name":"email","title":"x"}]}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: title' on property fields[0].","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&json!({"fields": [{"name": "x".repeat(101)}]}).to_string()), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'String is too long (101 chars), maximum 100' on property fields[0].name (Name of the field in the profile).","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(r#"{"fields":[{"name":"a..b"}]}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'a field cannot be exported: `a..b` is no field name: a name is missing (character 3)'.","errorCode":"invalid_body"}"#);
    let large = format!(
        r#"{{"fields":[{}{{"name":"email"}}]}}"#,
        r#"{"name":"email"},"#.repeat(60_000)
    );
    assert_snapshot!(refused(&large), @r#"413 {"statusCode":413,"error":"Request Entity Too Large","message":"Payload content length greater than maximum allowed: 1000000"}"#);
    let bearer = format!("Bearer {}", server.token("create:users"));
    let answer = server.send("POST", EXPORTS, &[("Authorization", &bearer)], "{}");
    assert_snapshot!(answer.shown_with(&["www-authenticate"]), @r#"
    403
    www-authenticate: Bearer error="insufficient_scope", scope="read:users"
    {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: read:users","errorCode":"insufficient_scope"}
    "#);
}

#[test]
fn what_a_search_finds_is_exported_in_any_order() {
    let (server, _) = server_with_users(&[]);
    let asked = json!({
        "query": "NOT user_id:\"auth0|1\"", "sort": "user_id:-1", "fields": [{"name": "user_id"}], "format": "json"
    });
    let job = exported(&server, &asked);
    assert_eq!(job["query"], asked["query"]);
    assert_eq!(job["sort"], asked["sort"]);
    let lines = gunzip(&download(&server, &job).bytes);
    let all =
        server.get("/api/v2/users?q=NOT%20user_id:%22auth0%7C1%22&sort=user_id:-1&fields=user_id");
    let expected: String = all
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|user| format!("{user}\n"))
        .collect();
    assert!(lines.lines().count() > 0);
    assert_eq!(lines, expected);
    let (limited, _) = server_with_users(&["--auth0-limits"]);
    let refused = |name: &str| {
        let body = json!({name: "email:1"}).to_string();
        limited.post(EXPORTS, &body).shown()
    };
    assert_snapshot!(refused("query"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: query'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused("sort"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: sort'.","errorCode":"invalid_body"}"#);
}

#[test]
fn links_open_one_file_for_a_minute() {
    let (server, _) = server_with_users(&[]);
    let job = exported(&server, &json!({}));
    let location = job["location"].as_str().unwrap();
    let fetch = |location: &str| server.send("GET", location, &[], "").shown();
    let (start, signature) = location.split_at(location.len() - 64);
    let flipped = if signature.starts_with('0') { "1" } else { "0" };
    assert_snapshot!(fetch(&format!("{start}{flipped}{}", &signature[1..])), @r#"403 {"statusCode":403,"error":"Forbidden","message":"The link is not valid: its signature does not match"}"#);
    assert_snapshot!(fetch(location.split('?').next().unwrap()), @r#"403 {"statusCode":403,"error":"Forbidden","message":"The link is not valid: its signature does not match"}"#);
    let later = location.replace("expires=1", "expires=2");
    assert_eq!(fetch(&later), fetch(location.split('?').next().unwrap()));
    assert_snapshot!(fetch(&location.replace("purser.csv.gz", "other.csv.gz")), @r#"403 {"statusCode":403,"error":"Forbidden","message":"The link is not valid: its signature does not match"}"#);
    for tricky in [
        "/exports/../store.db",
        "/exports/x/y",
        "/exports/job_0000000000000000/..%2F..%2Fstore.db",
    ] {
        assert!(
            [403, 404].contains(&server.send("GET", tricky, &[], "").status),
            "{tricky}"
        );
    }
    // A link made anew every time; a stray token does not matter.
    assert_eq!(server.authorized("GET", location, &[], "").status, 200);
    std::fs::remove_file(&server.files("artifacts")[0]).unwrap();
    assert_snapshot!(fetch(location), @r#"404 {"statusCode":404,"error":"Not Found","message":"The file of this export is gone"}"#);
}

#[test]
fn jobs_are_found_and_listed() {
    let (server, _) = server_with_users(&[]);
    exported(&server, &json!({"format": "json"}));
    assert_snapshot!(server.get("/api/v2/jobs/job_0000000000000000").shown(), @r#"404 {"statusCode":404,"error":"Not Found","message":"Job not found","errorCode":"inexistent_job"}"#);
    assert_snapshot!(server.get("/api/v2/jobs/job_0000000000000000/errors").shown(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The job does not exist","errorCode":"inexistent_job"}"#);
    assert_snapshot!(server.get("/api/v2/jobs/nothing").shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Path validation error: 'String does not match pattern ^job_[A-Za-z0-9]{16}$' on property id (ID of the job).","errorCode":"invalid_uri"}"#);
    let list = |query: &str| server.get(&format!("/api/purser/v1/jobs{query}"));
    let jobs = list("").json();
    let types: Vec<&str> = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["users_export", "users_import"]);
    assert_eq!(
        list("?type=users_import&status=completed").json()["length"],
        1
    );
    assert_snapshot!(list("?status=failed&per_page=5&page=2").shown(), @r#"200 {"start":10,"limit":5,"length":0,"jobs":[]}"#);
    assert_snapshot!(list("?per_page=0").shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Value 0 is less than minimum 1' on property per_page (Jobs per page).","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(list("?status=odd").shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'No enum match for: odd' on property status (Status of the jobs).","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(server.get("/api/purser/v1/jobs/job_0000000000000000").shown(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The job does not exist","errorCode":"inexistent_job"}"#);
}
