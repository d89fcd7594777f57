//! `purser import` where it cannot do its work: what it says, and that it leaves nothing behind.

use super::harness::{DEFAULT, Purser};

const GOOD: &str =
    r#"[{"user_id":"1","email":"ann@example.com"},{"user_id":"2","email":"ben@example.com"}]"#;

#[test]
fn a_report_that_cannot_be_written_costs_nothing() {
    let purser = Purser::new();
    purser.write("users.json", GOOD);
    let run = |report| {
        purser.run([
            "import",
            "users.json",
            "--connection",
            DEFAULT,
            "--report",
            report,
        ])
    };
    insta::assert_snapshot!(run("none/failed.csv"), @"
    exit code 1
    --- stdout
    --- stderr
    error: could not write none/failed.csv
      caused by: entity not found

    hint: the folder does not exist: make it first
    ---
    ");
    insta::assert_snapshot!(run("./users.json"), @"
    exit code 2
    --- stdout
    --- stderr
    error: the report would replace the file to import

    hint: give `--report` another name
    ---
    ");
    assert_eq!(purser.files(), ["users.json"]);
}

#[test]
fn an_import_needs_a_connection() {
    let purser = Purser::new();
    purser.write("users.json", GOOD);
    insta::assert_snapshot!(purser.run(["import", "users.json"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: an import needs a connection: `--connection NAME`

    hint: a new store has the connection `Username-Password-Authentication`
    ---
    ");
    let purser = Purser::with_store();
    purser.write("users.json", GOOD);
    purser.run(["connections", "create", "staff", "--disabled"]);
    insta::assert_snapshot!(purser.run(["import", "users.json"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: an import needs a connection: `--connection NAME`

    hint: the connections are `Username-Password-Authentication`, `staff` (disabled)
    ---
    ");
    insta::assert_snapshot!(purser.run(["import", "users.json", "--connection", "stuff"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no connection `stuff`

    hint: the connections are `Username-Password-Authentication`, `staff` (disabled)
    ---
    ");
    insta::assert_snapshot!(purser.run(["import", "users.json", "--connection", "staff"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: users cannot be imported into `staff`: Connection must be enabled

    hint: `purser connections enable staff` lets it take imports
    ---
    ");
    insta::assert_snapshot!(purser.run(["import"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <FILE|->

    Usage: purser import <FILE|->

    For more information, try '--help'.
    ---
    ");
    insta::assert_snapshot!(purser.run(["import", "a", "--restore", "--keep-prefix"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the argument '--restore' cannot be used with '--keep-prefix'

    Usage: purser import --restore <FILE|->

    For more information, try '--help'.
    ---
    ");
}

#[test]
fn a_file_that_is_not_there_makes_no_store() {
    let purser = Purser::new();
    insta::assert_snapshot!(purser.run(["import", "users.json", "--connection", DEFAULT]), @"
    exit code 1
    --- stdout
    --- stderr
    error: could not read users.json
      caused by: No such file or directory (os error 2)

    hint: check the name; a relative path begins at the current folder
    ---
    ");
    insta::assert_snapshot!(purser.run(["import", ".", "--connection", DEFAULT]), @"
    exit code 1
    --- stdout
    --- stderr
    error: could not read .
      caused by: is a directory

    hint: name one file; several can be joined: `cat *.ndjson | purser import -`
    ---
    ");
    assert!(purser.files().is_empty());
}

#[test]
fn a_broken_file_fails_the_job_and_says_where() {
    let purser = Purser::new();
    purser.write(
        "users.json",
        "[{\"email\":\"ann@example.com\"},\n {\"email\":\"ben@example.com\"} x]",
    );
    insta::assert_snapshot!(purser.run(["import", "users.json", "--connection", DEFAULT]), @"
    exit code 1
    --- stdout
    --- stderr
    made the store sqlite:[HOME]/.local/share/purser/purser.db
    before the failure, imported 2 users: 2 inserted, 0 updated; 0 failed; in [DURATION]
    error: line 2, column 30 (byte 59): expected `,` or `]` after row 2, found `x`

    hint: remove what stands between the rows
    ---
    ");
    insta::assert_snapshot!(purser.run(["--json", "import", "users.json", "--connection", DEFAULT]), @r#"
    exit code 1
    --- stdout
    {"type":"users_import","status":"failed","connection_id":"[CONNECTION]","summary":{"failed":2,"updated":0,"inserted":0,"total":2},"status_details":"Failed to parse users file JSON when importing users. Make sure it is valid JSON.","connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}
    --- stderr
    {"error":{"message":"line 2, column 30 (byte 59): expected `,` or `]` after row 2, found `x`","hint":"remove what stands between the rows"}}
    ---
    "#);
    purser.write("empty.json", "");
    insta::assert_snapshot!(purser.run(["import", "empty.json", "--connection", DEFAULT]), @"
    exit code 1
    --- stdout
    --- stderr
    error: line 1, column 1 (byte 0): the file is empty

    hint: check that the right file was chosen
    ---
    ");
}

#[test]
fn auth0_takes_arrays_only() {
    let purser = Purser::new();
    purser.write(
        "users.ndjson",
        "{\"email\":\"ann@example.com\"}\n{\"email\":\"ben@example.com\"}\n",
    );
    let args = [
        "--auth0-limits",
        "import",
        "users.ndjson",
        "--connection",
        DEFAULT,
    ];
    insta::assert_snapshot!(purser.run(args), @"
    exit code 1
    --- stdout
    --- stderr
    made the store sqlite:[HOME]/.local/share/purser/purser.db
    error: the file is no JSON array, and Auth0's limits are on

    hint: put the users into one array, or turn the limits off
    ---
    ");
}
