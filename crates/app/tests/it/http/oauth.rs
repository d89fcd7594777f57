//! `/oauth/token`, the keys, and what a token opens.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::support::{Answer, Server};

const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];
const FORM: [(&str, &str); 1] = [("Content-Type", "application/x-www-form-urlencoded")];

/// Returns a good request; `changes` replaces members, null removes them.
fn request(server: &Server, changes: Value) -> Value {
    let (id, secret) = &server.client;
    let mut body = json!({
        "grant_type": "client_credentials",
        "client_id": id,
        "client_secret": secret,
        "audience": server.audience(),
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn ask(server: &Server, changes: Value) -> Answer {
    server.send(
        "POST",
        "/oauth/token",
        &JSON,
        request(server, changes).to_string(),
    )
}

/// Reads a part of a token without checking it.
fn part(token: &str, index: usize) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(index).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn a_client_gets_a_token() {
    let server = Server::start(&[]);
    let answer = ask(
        &server,
        json!({"scope": "read:users create:users", "organization": null, "x": [1]}),
    );
    assert_snapshot!(answer.shown_with(&["content-type", "cache-control", "x-ratelimit-limit"]), @r#"
    200
    content-type: application/json
    cache-control: private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0, no-transform
    x-ratelimit-limit: 1000
    {"access_token":"[TOKEN]","scope":"read:users create:users","expires_in":86400,"token_type":"Bearer"}
    "#);
    assert_eq!(answer.header("x-auth0-requestid").len(), 20);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let (header, claims) = (part(&token, 0), part(&token, 1));
    let id = &server.client.0;
    assert_eq!(claims["iss"], format!("{}/", server.base));
    assert_eq!(claims["aud"], server.audience());
    assert_eq!(claims["sub"], format!("{id}@clients"));
    assert_eq!(claims["azp"], *id);
    assert_eq!(claims["gty"], "client-credentials");
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        86_400
    );
    let keys = server.send("GET", "/.well-known/jwks.json", &[], "");
    assert_eq!(keys.header("access-control-allow-origin"), "*");
    let key = &keys.json()["keys"][0];
    assert_eq!(key["kid"], header["kid"]);
    let names: Vec<&String> = key.as_object().unwrap().keys().collect();
    assert_eq!(names, ["alg", "kty", "use", "x5c", "n", "e", "kid", "x5t"]);
}

#[test]
fn clients_may_send_forms_and_basic_credentials() {
    let server = Server::start(&[]);
    let (id, secret) = &server.client;
    let audience = server.audience().replace(':', "%3A").replace('/', "%2F");
    let form = format!("grant_type=client_credentials&audience={audience}");
    let in_body = format!("{form}&client_id={id}&client_secret={secret}");
    assert_eq!(
        server.send("POST", "/oauth/token", &FORM, in_body).status,
        200
    );

    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    let headers = [FORM[0], ("Authorization", &*format!("Basic {basic}"))];
    assert_eq!(
        server
            .send("POST", "/oauth/token", &headers, form.clone())
            .status,
        200
    );
    let wrong = base64::engine::general_purpose::STANDARD.encode(format!("{id}:no"));
    let headers = [FORM[0], ("Authorization", &*format!("Basic {wrong}"))];
    assert_eq!(
        server.send("POST", "/oauth/token", &headers, form).status,
        401
    );
}

#[test]
fn whoever_is_refused_learns_why() {
    let server = Server::start(&[]);
    let refused = |changes: Value| ask(&server, changes).shown();
    assert_snapshot!(refused(json!({"client_secret": "wrong"})), @r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#);
    assert_snapshot!(refused(json!({"client_secret": null})), @r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#);
    assert_snapshot!(refused(json!({"client_id": "nobody"})), @r#"401 {"error":"access_denied","error_description":"Unauthorized"}"#);
    assert_snapshot!(refused(json!({"client_id": null})), @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: client_id"}"#);
    assert_snapshot!(refused(json!({"grant_type": null})), @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: grant_type"}"#);
    assert_snapshot!(refused(json!({"grant_type": "password"})), @r#"403 {"error":"unauthorized_client","error_description":"Grant type 'password' not allowed for the client.","error_uri":"https://auth0.com/docs/clients/client-grant-types"}"#);
    assert_snapshot!(refused(json!({"grant_type": "magic"})), @r#"400 {"error":"unsupported_grant_type","error_description":"Grant type not supported"}"#);
    assert_snapshot!(refused(json!({"audience": null})), @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: audience"}"#);
    assert_snapshot!(refused(json!({"audience": "https://other.example/api/v2/"})), @r#"403 {"error":"access_denied","error_description":"Service not found: https://other.example/api/v2/"}"#);
    assert_snapshot!(refused(json!({"scope": "read:everything"})), @r#"403 {"error":"access_denied","error_description":"Client has not been granted scopes: read:everything"}"#);
    assert_snapshot!(refused(json!({"client_assertion": "x.y.z"})), @r#"401 {"error":"invalid_client","error_description":"Client authentication failed"}"#);
    assert_snapshot!(server.send("POST", "/oauth/token", &JSON, "{").shown(), @r#"400 {"error":"invalid_request","error_description":"The request's body could not be read"}"#);
    assert_snapshot!(server.send("POST", "/oauth/token", &[], "").shown(), @r#"400 {"error":"invalid_request","error_description":"Missing required parameter: grant_type"}"#);
}

#[test]
fn the_management_api_wants_a_token_of_its_own() {
    let server = Server::start(&[]);
    let job = "/api/v2/jobs/job_0000000000000000";
    let with = |authorization: &str| {
        let headers = [("Authorization", authorization)];
        server
            .send("GET", job, &headers, "")
            .shown_with(&["www-authenticate", "x-ratelimit-limit"])
    };
    assert_snapshot!(server.send("GET", job, &[], "").shown_with(&["www-authenticate"]), @r#"
    401
    www-authenticate: Bearer
    {"statusCode":401,"error":"Unauthorized","message":"Missing authentication"}
    "#);
    assert_snapshot!(with("Bearer abc"), @r#"
    400
    www-authenticate: (none)
    x-ratelimit-limit: (none)
    {"statusCode":400,"error":"Bad Request","message":"Bad HTTP authentication header format","errorCode":"Bearer"}
    "#);
    assert_snapshot!(with("Basic YTpi"), @r#"
    400
    www-authenticate: (none)
    x-ratelimit-limit: (none)
    {"statusCode":400,"error":"Bad Request","message":"Bad HTTP authentication header format","errorCode":"Bearer"}
    "#);
    assert_snapshot!(with("Bearer a.b.c"), @r#"
    401
    www-authenticate: Bearer error="Invalid token"
    x-ratelimit-limit: (none)
    {"statusCode":401,"error":"Unauthorized","message":"Invalid token","attributes":{"error":"Invalid token"}}
    "#);
    let token = server.token("read:users");
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    assert_snapshot!(with(&format!("Bearer {forged}")), @r#"
    401
    www-authenticate: Bearer error="Invalid signature received for JSON Web Token validation"
    x-ratelimit-limit: (none)
    {"statusCode":401,"error":"Unauthorized","message":"Invalid signature received for JSON Web Token validation","attributes":{"error":"Invalid signature received for JSON Web Token validation"}}
    "#);
    let none = server.token("read:connections");
    assert_snapshot!(with(&format!("Bearer {none}")), @r#"
    403
    www-authenticate: Bearer error="insufficient_scope", scope="create:users read:users"
    x-ratelimit-limit: (none)
    {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: create:users,read:users","errorCode":"insufficient_scope"}
    "#);
    let elsewhere = [
        ("Authorization", &*format!("Bearer {token}")),
        ("Host", "users.example.com"),
    ];
    assert_snapshot!(server.send("GET", job, &elsewhere, "").shown_with(&["www-authenticate"]), @r#"
    401
    www-authenticate: Bearer error="Bad audience: http://[HOST]/api/v2/"
    {"statusCode":401,"error":"Unauthorized","message":"Bad audience: http://[HOST]/api/v2/","attributes":{"error":"Bad audience: http://[HOST]/api/v2/"}}
    "#);
}

#[test]
fn a_deleted_client_is_out_at_once() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/api/purser/v1/jobs").status, 200);
    server.cli(&["clients", "delete", "--yes", &server.client.0]);
    assert_snapshot!(server.get("/api/purser/v1/jobs").shown(), @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid token","attributes":{"error":"Invalid token"}}"#);
}

#[test]
fn a_public_url_names_the_server() {
    let server = Server::start(&["--public-url", "https://users.example.com"]);
    let configuration = server.send("GET", "/.well-known/openid-configuration", &[], "");
    assert_snapshot!(configuration.shown(), @r#"200 {"issuer":"https://users.example.com/","token_endpoint":"https://users.example.com/oauth/token","jwks_uri":"https://users.example.com/.well-known/jwks.json","token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],"token_endpoint_auth_signing_alg_values_supported":["RS256"],"grant_types_supported":["client_credentials"],"response_types_supported":["token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}"#);
    let answer = ask(
        &server,
        json!({"audience": "https://users.example.com/api/v2/"}),
    );
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(part(&token, 1)["iss"], "https://users.example.com/");
    let bearer = format!("Bearer {token}");
    let jobs = server.send(
        "GET",
        "/api/purser/v1/jobs",
        &[("Authorization", &bearer)],
        "",
    );
    assert_eq!(jobs.status, 200);
}
