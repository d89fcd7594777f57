//! `--store postgres://…`

use purser_testdb::Cluster;

use super::harness::{DEFAULT, Purser};

const USERS: &str = r#"{"user_id":"1","email":"ann@example.com","user_metadata":{"plan":"gold"}}
{"user_id":"2","given_name":"Ben"}
{"user_id":"3","email":"cleo@example.com"}
"#;

#[test]
fn users_come_in_and_go_out() {
    let url = Cluster::shared().schema();
    let purser = Purser::new().env("PURSER_STORE", &url);
    purser.write("users.ndjson", USERS);
    let ran = purser.run(["import", "users.ndjson", "--connection", DEFAULT]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(
        ran.stderr.contains("made the store postgres://purser@/"),
        "{ran}"
    );
    assert!(
        ran.stderr.contains("2 inserted, 0 updated; 1 failed"),
        "{ran}"
    );
    let ran = purser.run([
        "import",
        "users.ndjson",
        "--connection",
        DEFAULT,
        "--upsert",
    ]);
    assert!(
        ran.stderr.contains("0 inserted, 2 updated; 1 failed"),
        "{ran}"
    );
    assert_eq!(purser.run(["users", "count"]).stdout, "2\n");
    insta::assert_snapshot!(purser.run(["export", "--field", "email", "--field", "user_metadata.plan=Plan", "--format", "csv", "-o", "-"]).stdout, @"
    email,Plan
    ann@example.com,gold
    cleo@example.com,
    ");
    let listed = purser.run(["jobs", "list"]);
    assert_eq!(listed.stdout.matches("users_import").count(), 2, "{listed}");
}

#[test]
fn a_server_that_does_not_answer_is_named_without_the_password() {
    let purser = Purser::new();
    let url = "postgres://ada:s3cret@127.0.0.1:1/users";
    insta::assert_snapshot!(purser.run(["--store", url, "users", "count"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: could not connect to postgres://ada@127.0.0.1:1/users
      caused by: error connecting to server: Connection refused (os error 111)

    hint: check that PostgreSQL runs there, and user, password and database; `--store` or `PURSER_STORE` names them
    ---
    ");
    let url = "postgres://ada:s3cret@db/users?sslmode=no";
    insta::assert_snapshot!(purser.run(["--store", url, "users", "count"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the URL of the PostgreSQL store cannot be read: `sslmode` is disable, prefer, require, verify-ca or verify-full

    hint: for example `--store sqlite:/var/lib/purser/purser.db` or `--store postgres://purser@localhost/users`
    ---
    ");
}

#[test]
fn a_schema_that_is_not_there_is_not_made_by_reading() {
    let url = Cluster::shared().schema();
    let purser = Purser::new().env("PURSER_STORE", &url);
    let ran = purser.run(["users", "count"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(
        ran.stderr.contains("there is no store at postgres://"),
        "{ran}"
    );
}
