//! `purser clients`

use super::harness::Purser;

#[test]
fn a_secret_is_shown_once() {
    let purser = Purser::new();
    let made = purser.run([
        "clients",
        "create",
        "--name",
        "nightly",
        "--scope",
        "read:users create:users",
    ]);
    insta::assert_snapshot!(made, @"
    exit code 0
    --- stdout
    client_id:     [ID]
    client_secret: [SECRET]
    scope:         read:users create:users
    --- stderr
    made the store sqlite:[HOME]/.local/share/purser/purser.db
    the secret is shown this once: keep it now
    ---
    ");
    insta::assert_snapshot!(purser.run(["clients", "list"]), @"
    exit code 0
    --- stdout
    ID	NAME	CREATED	SCOPE
    [ID]	nightly	[TIME]	read:users create:users
    --- stderr
    ---
    ");
    insta::assert_snapshot!(purser.run(["clients", "list", "--json"]), @r#"
    exit code 0
    --- stdout
    [{"client_id":"[ID]","name":"nightly","scope":"read:users create:users","created_at":"[TIME]"}]
    --- stderr
    ---
    "#);
    let secret = made
        .raw
        .lines()
        .find_map(|line| line.strip_prefix("client_secret: "))
        .unwrap();
    assert_eq!(secret.len(), 64);
    let store = std::fs::read(purser.path(".local/share/purser/purser.db")).unwrap();
    let has = |text: &str| {
        store
            .windows(text.len())
            .any(|bytes| bytes == text.as_bytes())
    };
    assert!(!has(secret));
}

#[test]
fn a_client_may_do_everything_by_default() {
    let purser = Purser::with_store();
    insta::assert_snapshot!(purser.run(["--json", "clients", "create", "--name", "all"]), @r#"
    exit code 0
    --- stdout
    {"client_id":"[ID]","client_secret":"[SECRET]","scope":"read:users create:users update:users delete:users read:users_app_metadata update:users_app_metadata create:users_app_metadata delete:users_app_metadata read:connections create:connections update:connections delete:connections read:logs read:logs_users"}
    --- stderr
    ---
    "#);
}

#[test]
fn scopes_must_be_known() {
    let purser = Purser::new();
    insta::assert_snapshot!(purser.run(["clients", "create", "--name", "x", "--scope", "read:all"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: there is no scope `read:all`

    hint: the scopes are read:users create:users update:users delete:users read:users_app_metadata update:users_app_metadata create:users_app_metadata delete:users_app_metadata read:connections create:connections update:connections delete:connections read:logs read:logs_users
    ---
    ");
    insta::assert_snapshot!(purser.run(["clients", "create", "--name", "x", "--scope", " "]), @"
    exit code 2
    --- stdout
    --- stderr
    error: `--scope` names no scope

    hint: leave `--scope` out to allow everything
    ---
    ");
    insta::assert_snapshot!(purser.run(["clients", "create"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      --name <NAME>

    Usage: purser clients create --name <NAME>

    For more information, try '--help'.
    ---
    ");
    insta::assert_snapshot!(purser.run(["clients", "create", "--name", ""]), @"
    exit code 2
    --- stdout
    --- stderr
    error: a value is required for '--name <NAME>' but none was supplied

    For more information, try '--help'.
    ---
    ");
    assert!(purser.files().is_empty(), "a usage error makes no store");
}

#[test]
fn clients_are_deleted() {
    let purser = Purser::new();
    let made = purser.run(["clients", "create", "--name", "x"]);
    let id = made
        .raw
        .lines()
        .find_map(|line| line.strip_prefix("client_id: "))
        .unwrap()
        .trim();
    insta::assert_snapshot!(purser.run(["clients", "delete", id]), @"
    exit code 2
    --- stdout
    --- stderr
    error: deleting needs `--yes` where nobody can be asked

    hint: check what you are about to delete, then add `--yes`
    ---
    ");
    insta::assert_snapshot!(purser.run(["clients", "delete", id, "--yes"]), @"
    exit code 0
    --- stdout
    --- stderr
    deleted the client `x` ([ID])
    ---
    ");
    insta::assert_snapshot!(purser.run(["clients", "delete", id, "--yes"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no client `[ID]`

    hint: `purser clients list` shows the clients
    ---
    ");
    insta::assert_snapshot!(purser.run(["clients", "list"]), @"
    exit code 0
    --- stdout
    ID	NAME	CREATED	SCOPE
    --- stderr
    ---
    ");
}
