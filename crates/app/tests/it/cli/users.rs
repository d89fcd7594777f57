//! `purser users`

use super::harness::{DEFAULT, Purser};

fn two_users() -> Purser {
    Purser::with_users(
        "{\"user_id\":\"1\",\"email\":\"Ann@Example.com\"}\n{\"user_id\":\"2\",\"email\":\"ben@example.com\"}\n",
    )
}

#[test]
fn a_user_is_found_by_id_or_address() {
    let purser = two_users();
    let by_id = purser.run(["users", "get", "auth0|1"]);
    assert_eq!((by_id.code, by_id.raw.lines().count()), (0, 1), "{by_id}");
    assert!(
        by_id.raw.contains("\"email\":\"ann@example.com\""),
        "{by_id}"
    );
    assert_eq!(
        purser.run(["users", "get", "ANN@example.com"]).raw,
        by_id.raw
    );
    assert_eq!(
        purser.run(["users", "get", "auth0|1", "--json"]).raw,
        by_id.raw
    );
}

#[test]
fn all_users_with_an_address_are_shown() {
    let purser = two_users();
    purser.run(["connections", "create", "staff"]);
    purser.write("more.json", "[{\"email\":\"ann@example.com\"}]");
    purser.run(["import", "more.json", "--connection", "staff"]);
    assert_eq!(
        purser
            .run(["users", "get", "ann@example.com"])
            .raw
            .lines()
            .count(),
        2
    );
}

#[test]
fn nobody_is_found() {
    let purser = two_users();
    insta::assert_snapshot!(purser.run(["users", "get", "auth0|3"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no user `auth0|3`

    hint: ids and addresses are compared as a whole; `purser users list` shows users
    ---
    ");
    insta::assert_snapshot!(purser.run(["users", "get", "cleo@example.com"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no user `cleo@example.com`

    hint: ids and addresses are compared as a whole; `purser users list` shows users
    ---
    ");
    insta::assert_snapshot!(purser.run(["users", "get", "cleo"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: `cleo` is no user id and no e-mail address

    hint: a user id has its strategy before it, as in `auth0|1234`
    ---
    ");
    insta::assert_snapshot!(Purser::new().run(["users", "get", "auth0|3"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no store at [HOME]/.local/share/purser/purser.db

    hint: `purser import` and `purser serve` make it; `--store` or `PURSER_STORE` names another
    ---
    ");
}

#[test]
fn users_are_counted_and_listed() {
    let purser = two_users();
    assert_eq!(purser.run(["users", "count"]).stdout, "2\n");
    assert_eq!(
        purser
            .run(["users", "count", "--connection", DEFAULT, "--json"])
            .stdout,
        "{\"count\":2}\n"
    );
    insta::assert_snapshot!(purser.run(["users", "count", "--connection", "stuff"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no connection `stuff`

    hint: the connections are `Username-Password-Authentication`
    ---
    ");
    insta::assert_snapshot!(purser.run(["users", "list"]), @"
    exit code 0
    --- stdout
    ID	EMAIL	NAME	CREATED
    auth0|1	ann@example.com	ann@example.com	[TIME]
    auth0|2	ben@example.com	ben@example.com	[TIME]
    --- stderr
    ---
    ");
    let page = purser.run(["users", "list", "--limit", "1", "--offset", "1", "--json"]);
    assert!(
        page.stdout.starts_with("[{") && page.stdout.contains("ben@example.com"),
        "{page}"
    );
    assert!(!page.stdout.contains("ann@example.com"), "{page}");
}

#[test]
fn deleting_must_be_meant() {
    let purser = two_users();
    insta::assert_snapshot!(purser.run(["users", "delete", "auth0|1"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: deleting needs `--yes` where nobody can be asked

    hint: check what you are about to delete, then add `--yes`
    ---
    ");
    insta::assert_snapshot!(purser.run(["users", "delete", "auth0|1", "--yes"]), @"
    exit code 0
    --- stdout
    --- stderr
    deleted 1 user
    ---
    ");
    insta::assert_snapshot!(purser.run(["users", "delete", "auth0|1", "--yes"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no user `auth0|1`

    hint: ids and addresses are compared as a whole; `purser users list` shows users
    ---
    ");
    insta::assert_snapshot!(purser.run(["users", "delete", "BEN@example.com", "--yes", "--json"]), @r#"
    exit code 0
    --- stdout
    {"deleted":1}
    --- stderr
    ---
    "#);
    insta::assert_snapshot!(purser.run(["users", "delete"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <ID|EMAIL>

    Usage: purser users delete <ID|EMAIL>

    For more information, try '--help'.
    ---
    ");
    insta::assert_snapshot!(purser.run(["users", "delete", "auth0|1", "--connection", DEFAULT]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the argument '[ID|EMAIL]' cannot be used with '--connection <NAME|ID>'

    Usage: purser users delete <ID|EMAIL>

    For more information, try '--help'.
    ---
    ");
}

#[test]
fn a_connection_is_emptied() {
    let purser = two_users();
    insta::assert_snapshot!(purser.run(["users", "delete", "--connection", DEFAULT]), @"
    exit code 2
    --- stdout
    --- stderr
    error: deleting needs `--yes` where nobody can be asked

    hint: check what you are about to delete, then add `--yes`
    ---
    ");
    insta::assert_snapshot!(purser.run(["users", "delete", "--connection", DEFAULT, "-y"]), @"
    exit code 0
    --- stdout
    --- stderr
    deleted 2 users
    ---
    ");
    assert_eq!(purser.run(["users", "count"]).stdout, "0\n");
}
