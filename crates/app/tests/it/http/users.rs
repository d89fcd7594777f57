//! `/api/v2/users` and `/api/v2/users-by-email`.

use insta::assert_snapshot;

use super::management::DEFAULT;
use super::support::Server;

/// Returns the body of a request for a user of the default connection, with more members.
fn new_user(more: &str) -> String {
    format!(r#"{{"connection":"{DEFAULT}","password":"Correct horse 1",{more}}}"#)
}

#[test]
fn a_user_is_made_with_defaults() {
    let server = Server::start(&[]);
    let made = server.post("/api/v2/users", &new_user(r#""email":"Ann.Lee@Example.com","family_name":"Lee","user_metadata":{},"app_metadata":{}"#));
    let id = made.json()["identities"][0]["user_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_snapshot!(made.shown().replace(&id, "[ID]"), @r#"201 {"created_at":"[TIME]","email":"ann.lee@example.com","email_verified":false,"family_name":"Lee","identities":[{"connection":"Username-Password-Authentication","user_id":"[ID]","provider":"auth0","isSocial":false}],"name":"ann.lee@example.com","nickname":"ann.lee","picture":"https://s.gravatar.com/avatar/ac22d1dff811ced3068af057a3ed7029?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fan.png","updated_at":"[TIME]","user_id":"auth0|[ID]","user_metadata":{}}"#);
    assert_eq!(
        made.header("content-type"),
        "application/json; charset=utf-8"
    );
    let named = server.post("/api/v2/users", &new_user(r#""email":"bob@example.com","user_id":"bob","blocked":false,"email_verified":true,"app_metadata":{"n":1.50,"big":12345678901234567890123}"#));
    assert_snapshot!(named.shown(), @r#"201 {"blocked":false,"created_at":"[TIME]","email":"bob@example.com","email_verified":true,"identities":[{"connection":"Username-Password-Authentication","user_id":"bob","provider":"auth0","isSocial":false}],"name":"bob@example.com","nickname":"bob","picture":"https://s.gravatar.com/avatar/4b9bb80620f03eb3719e0a061c14283d?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fbo.png","updated_at":"[TIME]","user_id":"auth0|bob","app_metadata":{"n":1.50,"big":12345678901234567890123}}"#);
    assert_eq!(server.get("/api/v2/users/auth0%7Cbob").text(), named.text());
    assert_eq!(server.get("/api/v2/users/auth0|bob").text(), named.text());
}

#[test]
fn a_user_who_exists_is_refused() {
    let server = Server::start(&[]);
    server.make_user("ann");
    let same_address = server.post("/api/v2/users", &new_user(r#""email":"ANN@example.com""#));
    assert_snapshot!(same_address.shown(), @r#"409 {"statusCode":409,"error":"Conflict","message":"The user already exists.","errorCode":"auth0_idp_error"}"#);
    let same_id = server.post(
        "/api/v2/users",
        &new_user(r#""email":"other@example.com","user_id":"ann""#),
    );
    assert_eq!(same_id.text(), same_address.text());
}

#[test]
fn a_body_that_does_not_fit_is_refused() {
    let server = Server::start(&[]);
    let refused = |body: &str| server.post("/api/v2/users", body).shown();
    assert_snapshot!(refused("{"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Invalid request payload JSON format","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(""), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Missing required property: connection'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&new_user(r#""email":"ann""#)), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Object didn't pass validation for format email: ann' on property email (The user's email).","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&new_user(r#""email":"a@b.example","identities":[]"#)), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: identities (consider storing them in app_metadata or user_metadata. See \"Users Metadata\" in https://auth0.com/docs/api/v2/changes for more details)'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&new_user(r#""email":"a@b.example","username":"ann""#)), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Cannot set username for connection without requires_username","errorCode":"invalid_body"}"#);
    assert_snapshot!(refused(&format!(r#"{{"connection":"{DEFAULT}","email":"a@b.example","password":"short"}}"#)), @r#"400 {"statusCode":400,"error":"Bad Request","message":"PasswordStrengthError: Password is too weak","errorCode":"auth0_idp_error"}"#);
    assert_snapshot!(refused(r#"{"connection":"nowhere","email":"a@b.example","password":"x"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Connection does not exist","errorCode":"inexistent_connection"}"#);
}

#[test]
fn a_connection_without_clients_takes_no_users() {
    let server = Server::start(&[]);
    server.make_connection(r#"{"name":"closed","strategy":"auth0"}"#);
    server
        .make_connection(r#"{"name":"google","strategy":"google-oauth2","enabled_clients":["x"]}"#);
    let refused = |name: &str| {
        let body = format!(
            r#"{{"connection":"{name}","email":"a@b.example","password":"Correct horse 1"}}"#
        );
        server.post("/api/v2/users", &body).shown()
    };
    assert_snapshot!(refused("closed"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Connection is disabled","errorCode":"connection_is_disabled"}"#);
    assert_snapshot!(refused("google"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Connection does not support user creation through the API. It must either be a database or passwordless connection","errorCode":"operation_not_supported"}"#);
}

#[test]
fn users_are_listed_in_pages() {
    let server = Server::start(&[]);
    for name in ["ann", "bob", "cid"] {
        server.make_user(name);
    }
    let list = |query: &str| {
        server
            .get(&format!("/api/v2/users?fields=user_id&{query}"))
            .shown()
    };
    assert_snapshot!(list(""), @r#"200 [{"user_id":"auth0|ann"},{"user_id":"auth0|bob"},{"user_id":"auth0|cid"}]"#);
    assert_snapshot!(list("per_page=2&page=1&include_totals=true"), @r#"200 {"start":2,"limit":2,"length":1,"users":[{"user_id":"auth0|cid"}],"total":3}"#);
    assert_snapshot!(list("page=9&include_totals=true"), @r#"200 {"start":450,"limit":50,"length":0,"users":[],"total":3}"#);
    assert_snapshot!(list("page=9"), @"200 []");
    assert_snapshot!(list("per_page=0&include_totals=True"), @r#"200 {"start":0,"limit":0,"length":0,"users":[],"total":3}"#);
    assert_snapshot!(list(&format!("connection={DEFAULT}&per_page=1&search_engine=v1")), @r#"200 [{"user_id":"auth0|ann"}]"#);
    assert_snapshot!(list("connection=nowhere&include_totals=true"), @r#"200 {"start":0,"limit":50,"length":0,"users":[],"total":0}"#);
    assert_snapshot!(list("per_page=1000"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Value 1000 is greater than maximum 100' on property per_page (Number of results per page. Defaults to 50).","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(list("page=-1"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Value -1 is less than minimum 0' on property page (Page index of the results to return. First page is 0).","errorCode":"invalid_query_string"}"#);
    assert_eq!(server.get("/api/v2/users").header("link"), "");
}

#[test]
fn the_window_of_a_thousand_holds_under_auth0s_limits_only() {
    let limited = Server::start(&["--auth0-limits"]);
    assert_snapshot!(limited.get("/api/v2/users?page=10&per_page=100").shown(), @r#"400 {"statusCode":400,"error":"Bad Request","message":"You can only page through the first 1000 records. See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation","errorCode":"invalid_paging"}"#);
    assert_snapshot!(limited.get("/api/v2/users?page=9&per_page=100").shown(), @"200 []");
    let free = Server::start(&[]);
    assert_snapshot!(free.get("/api/v2/users?page=10&per_page=100").shown(), @"200 []");
}

#[test]
fn a_user_is_shown_in_parts() {
    let server = Server::start(&[]);
    server.post(
        "/api/v2/users",
        &new_user(r#""email":"ann@example.com","user_id":"ann","app_metadata":{"n":1.50,"x":1}"#),
    );
    let show = |query: &str| {
        server
            .get(&format!("/api/v2/users/auth0|ann?{query}"))
            .shown()
    };
    assert_snapshot!(show("fields=email,app_metadata.n,identities.connection"), @r#"200 {"email":"ann@example.com","identities":[{"connection":"Username-Password-Authentication"}],"app_metadata":{"n":1.50}}"#);
    assert_snapshot!(show("include_fields=false&fields=identities,picture,created_at,updated_at"), @r#"200 {"email":"ann@example.com","email_verified":false,"name":"ann@example.com","nickname":"ann","user_id":"auth0|ann","app_metadata":{"n":1.50,"x":1}}"#);
    assert_snapshot!(show("include_fields=perhaps"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Expected type boolean but found type string' on property include_fields (true if the fields specified are to be included in the result, false otherwise. Defaults to true).","errorCode":"invalid_query_string"}"#);
    assert_snapshot!(server.get("/api/v2/users/auth0|nobody").shown(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}"#);
}

#[test]
fn a_user_is_found_by_address() {
    let server = Server::start(&[]);
    server.make_user("ann");
    let find = |query: &str| {
        server
            .get(&format!("/api/v2/users-by-email?{query}"))
            .shown()
    };
    assert_snapshot!(find("email=ann%40example.com&fields=user_id,email"), @r#"200 [{"email":"ann@example.com","user_id":"auth0|ann"}]"#);
    assert_snapshot!(find("email=Ann@example.com"), @"200 []");
    assert_snapshot!(find("fields=email"), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Query validation error: 'Missing required property: email'.","errorCode":"invalid_query_string"}"#);
}

#[test]
fn a_user_is_changed() {
    let server = Server::start(&[]);
    server.post("/api/v2/users", &new_user(r#""email":"ann@example.com","email_verified":true,"user_id":"ann","picture":"https://x.example/a.png","user_metadata":{"n":1.50,"old":{"a":1}}"#));
    let patch = |body: &str| server.patch("/api/v2/users/auth0|ann", body).shown();
    assert_snapshot!(patch(r#"{"user_metadata":{"old":null,"new":1e2},"app_metadata":{"a":{"b":1}},"given_name":"Ann"}"#), @r#"200 {"created_at":"[TIME]","email":"ann@example.com","email_verified":true,"given_name":"Ann","identities":[{"connection":"Username-Password-Authentication","user_id":"ann","provider":"auth0","isSocial":false}],"name":"ann@example.com","nickname":"ann","picture":"https://x.example/a.png","updated_at":"[TIME]","user_id":"auth0|ann","user_metadata":{"n":1.50,"new":1e2},"app_metadata":{"a":{"b":1}}}"#);
    assert_snapshot!(patch(r#"{"password":"I don't need one","given_name":null}"#), @r#"200 {"created_at":"[TIME]","email":"ann@example.com","email_verified":true,"identities":[{"connection":"Username-Password-Authentication","user_id":"ann","provider":"auth0","isSocial":false}],"name":"ann@example.com","nickname":"ann","picture":"https://x.example/a.png","updated_at":"[TIME]","user_id":"auth0|ann","user_metadata":{"n":1.50,"new":1e2},"last_password_reset":"[TIME]","app_metadata":{"a":{"b":1}}}"#);
    assert_snapshot!(patch(r#"{"email":"Lee@Example.com","user_metadata":{},"app_metadata":{}}"#), @r#"200 {"created_at":"[TIME]","email":"lee@example.com","email_verified":false,"identities":[{"connection":"Username-Password-Authentication","user_id":"ann","provider":"auth0","isSocial":false}],"name":"ann@example.com","nickname":"ann","picture":"https://x.example/a.png","updated_at":"[TIME]","user_id":"auth0|ann","user_metadata":{},"last_password_reset":"[TIME]"}"#);
    assert_snapshot!(server.get("/api/v2/users-by-email?email=ann@example.com").shown(), @"200 []");
    assert_snapshot!(server.get("/api/v2/users-by-email?email=lee@example.com&fields=user_id").shown(), @r#"200 [{"user_id":"auth0|ann"}]"#);
}

#[test]
fn changes_that_cannot_be_are_refused() {
    let server = Server::start(&[]);
    server.make_user("ann");
    server.make_user("bob");
    server.make_connection(r#"{"name":"other","strategy":"auth0"}"#);
    let patch = |body: &str| server.patch("/api/v2/users/auth0|ann", body).shown();
    assert_snapshot!(patch(r#"{"email":"Bob@example.com"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"The specified new email already exists","errorCode":"auth0_idp_error"}"#);
    assert_snapshot!(patch(r#"{"email":"x@example.com","password":"Correct horse 2"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Cannot update password and email simultaneously","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(r#"{"user_id":"x","updated_at":"now"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: user_id,updated_at (consider storing them in app_metadata or user_metadata. See \"Users Metadata\" in https://auth0.com/docs/api/v2/changes for more details)'.","errorCode":"invalid_body"}"#);
    assert_snapshot!(patch(r#"{"password":"short"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"PasswordStrengthError: Password is too weak","errorCode":"auth0_idp_error"}"#);
    assert_snapshot!(patch(r#"{"blocked":true,"connection":"nowhere"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Connection does not exist","errorCode":"inexistent_connection"}"#);
    assert_snapshot!(patch(r#"{"blocked":true,"connection":"other"}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Connection is not supported for this operation","errorCode":"operation_not_supported"}"#);
    assert_snapshot!(patch(r#"{"user_metadata":null}"#), @r#"400 {"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Expected type object but found type null' on property user_metadata (User metadata to which this user has read/write access).","errorCode":"invalid_body"}"#);
    assert_snapshot!(server.patch("/api/v2/users/auth0|nobody", "{}").shown(), @r#"404 {"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}"#);
}

#[test]
fn app_metadata_can_have_a_scope_of_its_own() {
    let server = Server::start(&[]);
    server.make_user("ann");
    let ask = |method: &str, path: &str, body: &str| {
        server.with_scopes("update:users_app_metadata", method, path, body)
    };
    let ann = "/api/v2/users/auth0|ann";
    assert_eq!(ask("PATCH", ann, r#"{"app_metadata":{"a":1}}"#).status, 200);
    assert_snapshot!(ask("PATCH", ann, r#"{"blocked":true}"#).shown(), @r#"403 {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: update:users","errorCode":"insufficient_scope"}"#);
    assert_snapshot!(ask("DELETE", ann, "").shown(), @r#"403 {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: delete:users","errorCode":"insufficient_scope"}"#);
    assert_snapshot!(ask("GET", "/api/v2/users", "").shown(), @r#"403 {"statusCode":403,"error":"Forbidden","message":"Insufficient scope, expected any of: read:users","errorCode":"insufficient_scope"}"#);
}

#[test]
fn a_user_is_deleted_whether_there_or_not() {
    let server = Server::start(&[]);
    server.make_user("ann");
    let first = server.delete("/api/v2/users/auth0|ann");
    assert_eq!(first.shown(), "204");
    assert_eq!(
        first.header("content-type"),
        "application/json; charset=utf-8"
    );
    assert_eq!(server.delete("/api/v2/users/auth0|ann").shown(), "204");
    assert_eq!(server.get("/api/v2/users/auth0|ann").status, 404);
    // The address is free again.
    server.make_user("ann");
}
