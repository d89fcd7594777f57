use super::*;
use crate::api::{Shown, connection_body};

fn made(body: &str, id: &str) -> Connection {
    ConnectionDraft::parse(body)
        .unwrap()
        .into_connection(ConnectionId::parse(id).unwrap())
}

fn shown(connection: &Connection, shown: Shown) -> String {
    Value::Object(connection_body(connection, shown)).to_string()
}

fn refusal(body: &str) -> String {
    ConnectionDraft::parse(body).unwrap_err().message
}

/// Recorded from a real tenant in 2025.
#[test]
fn a_new_connection_looks_as_recorded() {
    let body = r#"{"name":"Test-Auth0-Connection-1747380988","strategy":"auth0","options":{"strategy_version":2,"upstream_params":{"screen_name":{"alias":"login_hint"}}}}"#;
    let connection = made(body, "con_9uy5oL9YbI2j2zir");
    assert!(!connection.enabled);
    assert_eq!(
        shown(&connection, Shown::Created),
        r#"{"id":"con_9uy5oL9YbI2j2zir","options":{"mfa":{"active":true,"return_enroll_settings":true},"passwordPolicy":"good","strategy_version":2,"upstream_params":{"screen_name":{"alias":"login_hint"}},"authentication_methods":{"password":{"enabled":true},"passkey":{"enabled":false}},"passkey_options":{"challenge_ui":"both","progressive_enrollment_enabled":true,"local_enrollment_enabled":true},"brute_force_protection":true},"strategy":"auth0","name":"Test-Auth0-Connection-1747380988","is_domain_connection":false,"enabled_clients":[],"realms":["Test-Auth0-Connection-1747380988"]}"#
    );
}

#[test]
fn other_strategies_get_no_options_of_databases() {
    let connection = made(
        r#"{"name":"sms","strategy":"sms","enabled_clients":["a","b","a"],"display_name":"SMS","realms":[]}"#,
        "con_9uy5oL9YbI2j2zir",
    );
    assert!(connection.enabled);
    assert_eq!(
        shown(&connection, Shown::Read),
        r#"{"id":"con_9uy5oL9YbI2j2zir","options":{},"strategy":"sms","name":"sms","display_name":"SMS","is_domain_connection":false,"realms":["sms"],"enabled_clients":["a","b"]}"#
    );
}

#[test]
fn a_patch_replaces_options_as_a_whole_and_nothing_else() {
    let mut connection = made(r#"{"name":"c","strategy":"auth0"}"#, "con_9uy5oL9YbI2j2zir");
    connection.enabled = true;
    let patch = |body: &str| ConnectionPatch::parse(body).unwrap();
    patch(r#"{"options":{"import_mode":true},"realms":["r"]}"#)
        .apply(&mut connection, 1)
        .unwrap();
    assert!(connection.enabled, "clients were not changed");
    assert_eq!(
        shown(&connection, Shown::Read),
        r#"{"id":"con_9uy5oL9YbI2j2zir","options":{"import_mode":true},"strategy":"auth0","name":"c","is_domain_connection":false,"realms":["r"],"enabled_clients":[]}"#
    );
    patch(r#"{"enabled_clients":[]}"#)
        .apply(&mut connection, 1)
        .unwrap();
    assert!(!connection.enabled);
    let refused =
        patch(r#"{"options":{"enabledDatabaseCustomization":true}}"#).apply(&mut connection, 1);
    assert_eq!(
        refused.unwrap_err().message,
        "This database contains users. You cannot change \"options.enabledDatabaseCustomization\" setting."
    );
}

#[test]
fn a_patch_cannot_rename() {
    assert_eq!(
        ConnectionPatch::parse(r#"{"name":"d","strategy":"sms"}"#)
            .unwrap_err()
            .message,
        "Payload validation error: 'Additional properties not allowed: name,strategy'."
    );
}

#[test]
fn a_body_must_fit() {
    assert_eq!(
        refusal("{}"),
        "Payload validation error: 'Missing required property: name'."
    );
    assert_eq!(
        refusal(r#"{"name":"a b","strategy":"auth0"}"#),
        "Payload validation error: 'String does not match pattern ^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$' \
         on property name (The name of the connection. Must start and end with an alphanumeric character and can only \
         contain alphanumeric characters and '-'. Max length 128)."
    );
    assert_eq!(
        refusal(r#"{"name":"a","strategy":"carrier-pigeon"}"#),
        "Payload validation error: 'No enum match for: carrier-pigeon' on property strategy (The identity provider \
         identifier for the connection)."
    );
    assert_eq!(
        refusal(
            r#"{"name":"a","strategy":"auth0","options":{"attributes":{},"requires_username":true}}"#
        ),
        "Cannot set both options.attributes and options.requires_username"
    );
}

#[test]
fn client_changes_are_read() {
    let changes =
        client_changes(r#"[{"client_id":"a","status":true},{"client_id":"b","status":false}]"#);
    assert_eq!(
        changes.unwrap(),
        [
            ClientChange {
                client: ClientId::new("a"),
                status: true
            },
            ClientChange {
                client: ClientId::new("b"),
                status: false
            }
        ]
    );
    for (body, message) in [
        (
            "[]",
            "Payload validation error: 'Array is too short (0), minimum 1'.",
        ),
        (
            "{}",
            "Payload validation error: 'Expected type array but found type object'.",
        ),
        (
            r#"[{"client_id":"a"}]"#,
            "Payload validation error: 'Missing required property: status' on property [0].",
        ),
        (
            r#"[{"client_id":1,"status":true}]"#,
            "Payload validation error: 'Expected type string but found type integer' on property [0].client_id.",
        ),
    ] {
        assert_eq!(client_changes(body).unwrap_err().message, message, "{body}");
    }
}
