use super::*;
use crate::connection::Strategy;
use crate::id::ConnectionId;
use serde_json::{Map, Value, json};

const NOW: Timestamp = Timestamp(1_674_673_227_317);

fn connection(strategy: &str, options: &Value) -> Connection {
    Connection {
        id: ConnectionId::parse("con_ftSSLHb0O7rcUGmF").unwrap(),
        name: "Username-Password-Authentication".to_owned(),
        strategy: Strategy::new(strategy),
        enabled: true,
        enabled_clients: vec![],
        options: options.as_object().unwrap().clone(),
        extra: Map::new(),
    }
}

fn database() -> Connection {
    connection(
        "auth0",
        &json!({"requires_username": true, "passwordPolicy": "good"}),
    )
}

fn refusal(body: &str, connection: &Connection) -> String {
    match UserPatch::parse(body).and_then(|patch| patch.check(connection)) {
        Ok(()) => String::new(),
        Err(refusal) => refusal.message,
    }
}

fn patched(profile: &str, body: &str) -> String {
    let patch = UserPatch::parse(body).unwrap_or_else(|refusal| panic!("{}", refusal.message));
    let profile = Profile::from_canonical(profile.to_owned());
    patch
        .apply(&profile, &database(), NOW)
        .unwrap()
        .into_string()
}

/// Recorded from a real tenant, but for `updated_at`, which was four milliseconds later there.
#[test]
fn a_changed_user_looks_as_recorded() {
    let before = r#"{"blocked":false,"created_at":"2023-01-25T19:00:27.084Z","email":"chuck407@example.com","email_verified":true,"family_name":"Sanchez","given_name":"Chuck","identities":[{"connection":"Username-Password-Authentication","user_id":"63d17c4bdf1ce171262c7e93","provider":"auth0","isSocial":false}],"name":"chuck407@example.com","nickname":"Chucky","picture":"https://example-picture-url.jpg","updated_at":"2023-01-25T19:00:27.084Z","user_id":"auth0|63d17c4bdf1ce171262c7e93","user_metadata":{"favourite_attack":"roundhouse_kick"},"username":"test-user983","app_metadata":{"facts":["count_to_infinity_twice","kill_two_stones_with_one_bird","can_hear_sign_language"]}}"#;
    let body = r#"{"connection":"Username-Password-Authentication","password":"I don't need one","app_metadata":{"foo":"bar"}}"#;
    assert_eq!(refusal(body, &database()), "");
    assert_eq!(
        patched(before, body),
        r#"{"blocked":false,"created_at":"2023-01-25T19:00:27.084Z","email":"chuck407@example.com","email_verified":true,"family_name":"Sanchez","given_name":"Chuck","identities":[{"connection":"Username-Password-Authentication","user_id":"63d17c4bdf1ce171262c7e93","provider":"auth0","isSocial":false}],"name":"chuck407@example.com","nickname":"Chucky","picture":"https://example-picture-url.jpg","updated_at":"2023-01-25T19:00:27.317Z","user_id":"auth0|63d17c4bdf1ce171262c7e93","user_metadata":{"favourite_attack":"roundhouse_kick"},"username":"test-user983","last_password_reset":"2023-01-25T19:00:27.317Z","app_metadata":{"facts":["count_to_infinity_twice","kill_two_stones_with_one_bird","can_hear_sign_language"],"foo":"bar"}}"#
    );
}

#[test]
fn metadata_merges_at_the_top_level_and_keeps_numbers_as_written() {
    let before = r#"{"email":"a@b.example","user_metadata":{"n":1.50,"deep":{"a":1,"b":2},"x":0}}"#;
    assert_eq!(
        patched(
            before,
            r#"{"user_metadata":{"deep":{"a":1e3},"x":null,"new":[null]}}"#
        ),
        r#"{"email":"a@b.example","updated_at":"2023-01-25T19:00:27.317Z","user_metadata":{"n":1.50,"deep":{"a":1e3},"new":[null]}}"#
    );
}

/// Recorded: an empty object clears both, but only `app_metadata` disappears.
#[test]
fn an_empty_object_clears_metadata() {
    let before = r#"{"updated_at":"","user_metadata":{"a":1},"app_metadata":{"b":2}}"#;
    assert_eq!(
        patched(before, r#"{"user_metadata":{},"app_metadata":{}}"#),
        r#"{"updated_at":"2023-01-25T19:00:27.317Z","user_metadata":{}}"#
    );
}

#[test]
fn null_deletes_and_new_members_find_their_place() {
    let before = r#"{"created_at":"","given_name":"A","name":"A","updated_at":""}"#;
    assert_eq!(
        patched(
            before,
            r#"{"given_name":null,"family_name":"B","picture":null,"blocked":true,"name":null}"#
        ),
        r#"{"blocked":true,"created_at":"","family_name":"B","updated_at":"2023-01-25T19:00:27.317Z"}"#
    );
}

#[test]
fn a_new_address_is_not_verified() {
    let before = r#"{"email":"a@b.example","email_verified":true,"updated_at":""}"#;
    let now = r#""updated_at":"2023-01-25T19:00:27.317Z"}"#;
    let shown = |members: &str| format!("{{{members},{now}");
    let cases = [
        (
            r#"{"email":"New@b.example"}"#,
            r#""email":"new@b.example","email_verified":false"#,
        ),
        (
            r#"{"email":"A@b.example"}"#,
            r#""email":"a@b.example","email_verified":true"#,
        ),
        (
            r#"{"email":"new@b.example","email_verified":true}"#,
            r#""email":"new@b.example","email_verified":true"#,
        ),
        (
            r#"{"email":null,"phone_number":"+1"}"#,
            r#""phone_number":"+1","phone_verified":false"#,
        ),
    ];
    for (body, members) in cases {
        assert_eq!(patched(before, body), shown(members), "{body}");
    }
    let patch = UserPatch::parse(r#"{"email":null}"#).ok().unwrap();
    let before = Profile::from_canonical(before.to_owned());
    assert!(patch.apply(&before, &database(), NOW).is_err());
}

#[test]
fn some_changes_exclude_each_other() {
    for (body, message) in [
        (
            r#"{"email":"a@b.example","password":"x"}"#,
            "Cannot update password and email simultaneously",
        ),
        (
            r#"{"email_verified":true,"password":"x"}"#,
            "Cannot update password and email_verified simultaneously",
        ),
        (
            r#"{"email":"a@b.example","username":"x"}"#,
            "Cannot update username and email simultaneously",
        ),
        (
            r#"{"email_verified":true,"username":"x"}"#,
            "Cannot update username and email_verified simultaneously",
        ),
        (
            r#"{"password":"p","username":"x"}"#,
            "Cannot update username and password simultaneously",
        ),
        (r#"{"email":"a@b.example","email_verified":true}"#, ""),
    ] {
        assert_eq!(refusal(body, &database()), message, "{body}");
    }
}

#[test]
fn connections_outside_keep_their_attributes() {
    let google = connection("google-oauth2", &json!({}));
    assert_eq!(
        refusal(r#"{"name":"A","given_name":"B"}"#, &google),
        "The following user attributes cannot be updated: given_name, name. The connection \
         (Username-Password-Authentication) must either be a database connection (using the Auth0 store), a \
         passwordless connection (email or sms) or has disabled 'Sync user profile attributes at each login'. For \
         more information, see https://auth0.com/docs/dashboard/guides/connections/configure-connection-sync"
    );
    assert_eq!(refusal(r#"{"app_metadata":{}}"#, &google), "");
    assert_eq!(
        refusal(r#"{"email":"a@b.example"}"#, &google),
        "Cannot update email for non-database user"
    );
    let synced_once = connection(
        "google-oauth2",
        &json!({"set_user_root_attributes": "on_first_login"}),
    );
    assert_eq!(refusal(r#"{"name":"A"}"#, &synced_once), "");
    let disabled = Connection {
        enabled: false,
        ..database()
    };
    assert_eq!(
        refusal(r#"{"email":"a@b.example"}"#, &disabled),
        "Cannot change email or password for users in a disabled connection"
    );
}

#[test]
fn app_metadata_alone_needs_less() {
    let alone = |body: &str| UserPatch::parse(body).ok().unwrap().is_app_metadata_only();
    assert!(alone(r#"{"app_metadata":{"a":1},"connection":"c"}"#));
    assert!(!alone(r#"{"app_metadata":{"a":1},"blocked":true}"#));
}
