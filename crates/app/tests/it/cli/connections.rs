//! `purser connections`

use super::harness::{DEFAULT, Purser};

#[test]
fn a_new_store_has_the_default_connection() {
    let purser = Purser::with_store();
    insta::assert_snapshot!(purser.run(["connections", "list"]), @"
    exit code 0
    --- stdout
    ID	NAME	STRATEGY	ENABLED	USERS
    [CONNECTION]	Username-Password-Authentication	auth0	yes	0
    --- stderr
    ---
    ");
    insta::assert_snapshot!(purser.run(["connections", "list", "--json"]), @r#"
    exit code 0
    --- stdout
    [{"id":"[CONNECTION]","name":"Username-Password-Authentication","strategy":"auth0","enabled":true,"users":0,"enabled_clients":[],"options":{"mfa":{"active":true,"return_enroll_settings":true},"passwordPolicy":"good","strategy_version":2,"authentication_methods":{"password":{"enabled":true},"passkey":{"enabled":false}},"passkey_options":{"challenge_ui":"both","progressive_enrollment_enabled":true,"local_enrollment_enabled":true},"brute_force_protection":true}}]
    --- stderr
    ---
    "#);
}

#[test]
fn connections_are_made() {
    let purser = Purser::with_store();
    insta::assert_snapshot!(purser.run(["connections", "create", "staff"]), @"
    exit code 0
    --- stdout
    [CONNECTION]
    --- stderr
    created the connection `staff` (auth0)
    ---
    ");
    insta::assert_snapshot!(
        purser.run(["--json", "connections", "create", "players", "--requires-username", "--disabled"]),
        @r#"
        exit code 0
        --- stdout
        {"id":"[CONNECTION]","name":"players","strategy":"auth0","enabled":false,"users":0,"enabled_clients":[],"options":{"requires_username":true}}
        --- stderr
        ---
        "#
    );
    insta::assert_snapshot!(purser.run(["-q", "connections", "create", "phones", "--strategy", "sms"]), @"
    exit code 0
    --- stdout
    [CONNECTION]
    --- stderr
    ---
    ");
    insta::assert_snapshot!(purser.run(["connections", "list"]), @"
    exit code 0
    --- stdout
    ID	NAME	STRATEGY	ENABLED	USERS
    [CONNECTION]	Username-Password-Authentication	auth0	yes	0
    [CONNECTION]	staff	auth0	yes	0
    [CONNECTION]	players	auth0	no	0
    [CONNECTION]	phones	sms	yes	0
    --- stderr
    ---
    ");
}

#[test]
fn a_name_is_taken_once_and_must_be_a_name() {
    let purser = Purser::with_store();
    insta::assert_snapshot!(purser.run(["connections", "create", DEFAULT]), @"
    exit code 1
    --- stdout
    --- stderr
    error: a connection with the same name already exists

    hint: `purser connections list` shows the connections
    ---
    ");
    insta::assert_snapshot!(purser.run(["connections", "create", "my staff"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: `my staff` cannot be the name of a connection

    hint: use letters, digits and single dashes between them, at most 128 characters
    ---
    ");
    insta::assert_snapshot!(purser.run(["connections", "create", "a", "--strategy", "auth0|"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: `auth0|` is no strategy

    hint: for example `auth0`, `sms`, `email` or `google-oauth2`
    ---
    ");
    insta::assert_snapshot!(purser.run(["connections", "create"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <NAME>

    Usage: purser connections create <NAME>

    For more information, try '--help'.
    ---
    ");
}

#[test]
fn a_connection_is_shown_by_name_or_id() {
    let purser = Purser::with_store();
    let made = purser.run(["connections", "create", "staff"]);
    let by_name = purser.run(["connections", "show", "staff"]);
    insta::assert_snapshot!(by_name, @r#"
    exit code 0
    --- stdout
    {"id":"[CONNECTION]","name":"staff","strategy":"auth0","enabled":true,"users":0,"enabled_clients":[],"options":{}}
    --- stderr
    ---
    "#);
    assert_eq!(
        purser.run(["connections", "show", made.raw.trim()]).raw,
        by_name.raw
    );
    insta::assert_snapshot!(purser.run(["connections", "show", "stuff"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no connection `stuff`

    hint: the connections are `Username-Password-Authentication`, `staff`
    ---
    ");
}

#[test]
fn connections_are_disabled_and_enabled() {
    let purser = Purser::with_store();
    insta::assert_snapshot!(purser.run(["connections", "disable", DEFAULT]), @"
    exit code 0
    --- stdout
    --- stderr
    disabled the connection `Username-Password-Authentication`
    ---
    ");
    insta::assert_snapshot!(purser.run(["connections", "list"]), @"
    exit code 0
    --- stdout
    ID	NAME	STRATEGY	ENABLED	USERS
    [CONNECTION]	Username-Password-Authentication	auth0	no	0
    --- stderr
    ---
    ");
    insta::assert_snapshot!(purser.run(["connections", "enable", DEFAULT, "--json"]), @r#"
    exit code 0
    --- stdout
    {"id":"[CONNECTION]","name":"Username-Password-Authentication","strategy":"auth0","enabled":true,"users":0,"enabled_clients":[],"options":{"mfa":{"active":true,"return_enroll_settings":true},"passwordPolicy":"good","strategy_version":2,"authentication_methods":{"password":{"enabled":true},"passkey":{"enabled":false}},"passkey_options":{"challenge_ui":"both","progressive_enrollment_enabled":true,"local_enrollment_enabled":true},"brute_force_protection":true}}
    --- stderr
    ---
    "#);
    insta::assert_snapshot!(purser.run(["connections", "enable", "stuff"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no connection `stuff`

    hint: the connections are `Username-Password-Authentication`
    ---
    ");
}

#[test]
fn deleting_must_be_meant() {
    let purser = Purser::with_users("{\"email\":\"ann@example.com\"}\n");
    insta::assert_snapshot!(purser.run(["connections", "delete", DEFAULT]), @"
    exit code 2
    --- stdout
    --- stderr
    error: deleting needs `--yes` where nobody can be asked

    hint: check what you are about to delete, then add `--yes`
    ---
    ");
    assert_eq!(purser.run(["users", "count"]).stdout, "1\n");
    insta::assert_snapshot!(purser.run(["connections", "delete", DEFAULT, "--yes"]), @"
    exit code 0
    --- stdout
    --- stderr
    deleted the connection `Username-Password-Authentication` with 1 user
    ---
    ");
    assert_eq!(purser.run(["users", "count"]).stdout, "0\n");
    insta::assert_snapshot!(purser.run(["connections", "delete", DEFAULT, "--yes", "--json"]), @r#"
    exit code 1
    --- stdout
    --- stderr
    {"error":{"message":"there is no connection `Username-Password-Authentication`","hint":"there are no connections yet: `purser connections create NAME`"}}
    ---
    "#);
}
