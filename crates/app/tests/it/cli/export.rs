//! `purser export`

use super::harness::{DEFAULT, Purser};

fn two_users() -> Purser {
    Purser::with_users(
        "{\"user_id\":\"1\",\"email\":\"ann@example.com\",\"name\":\"=Ann\",\"user_metadata\":{\"a\":{\"b\":\"x\"}}}\n\
         {\"user_id\":\"2\",\"email\":\"ben@example.com\",\"name\":\"Ben\"}\n",
    )
}

#[test]
fn json_is_an_array_that_can_be_imported() {
    let purser = two_users();
    let ran = purser.run(["export", "--field", "user_id", "--field", "email"]);
    insta::assert_snapshot!(ran, @r#"
    exit code 0
    --- stdout
    [{"user_id":"auth0|1","email":"ann@example.com"},
    {"user_id":"auth0|2","email":"ben@example.com"}
    ]
    --- stderr
    exported 2 users in [DURATION]
    ---
    "#);
    purser.write("back.json", ran.raw);
    let back = purser.env("PURSER_STORE", "other.db");
    let ran = back.run(["import", "back.json", "--connection", DEFAULT]);
    assert_eq!(ran.code, 0, "{ran}");
}

#[test]
fn fields_have_titles() {
    let purser = two_users();
    insta::assert_snapshot!(
        purser.run(["export", "--format", "csv", "--field", "email", "--field", "user_metadata.a.b=A = B"]),
        @"
        exit code 0
        --- stdout
        email,A = B
        ann@example.com,x
        ben@example.com,
        --- stderr
        exported 2 users in [DURATION]
        ---
        "
    );
    let header = purser.run([
        "export",
        "--format",
        "csv",
        "--default-fields",
        "--field",
        "user_metadata.a.b=B",
    ]);
    insta::assert_snapshot!(header.stdout.lines().next().unwrap(), @"Id,Given Name,Family Name,Nickname,Name,Email,Email Verified,Picture,Connection,Created At,Updated At,B");
}

#[test]
fn formats_and_guards() {
    let purser = two_users();
    insta::assert_snapshot!(purser.run(["export", "--format", "ndjson", "--field", "email", "--limit", "1"]), @r#"
    exit code 0
    --- stdout
    {"email":"ann@example.com"}
    --- stderr
    exported 1 user in [DURATION]
    ---
    "#);
    let csv = |guard| {
        purser
            .run([
                "export",
                "--format",
                "csv",
                "--field",
                "name",
                "--csv-guard",
                guard,
            ])
            .stdout
    };
    insta::assert_snapshot!(csv("auth0"), @r#"
    name
    "'=Ann"
    "'Ben"
    "#);
    insta::assert_snapshot!(csv("formula"), @"
    name
    '=Ann
    Ben
    ");
    insta::assert_snapshot!(csv("none"), @"
    name
    =Ann
    Ben
    ");
}

#[test]
fn one_connection_or_all() {
    let purser = two_users();
    purser.run(["connections", "create", "staff"]);
    let count = |ran: super::harness::Ran| ran.stdout.lines().count();
    assert_eq!(count(purser.run(["export", "--format", "ndjson"])), 2);
    assert_eq!(
        count(purser.run(["export", "--format", "ndjson", "--connection", "staff"])),
        0
    );
    assert_eq!(
        count(purser.run(["export", "--format", "ndjson", "--connection", DEFAULT])),
        2
    );
    insta::assert_snapshot!(purser.run(["export", "--connection", "stuff"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no connection `stuff`

    hint: the connections are `Username-Password-Authentication`, `staff`
    ---
    ");
}

#[test]
fn a_file_is_replaced_when_the_export_is_complete() {
    let purser = two_users();
    purser.write("users.csv", "old");
    insta::assert_snapshot!(purser.run(["export", "--field", "email", "-o", "users.csv"]), @"
    exit code 0
    --- stdout
    --- stderr
    exported 2 users to users.csv (41 bytes) in [DURATION]
    ---
    ");
    insta::assert_snapshot!(purser.read("users.csv"), @"
    email
    ann@example.com
    ben@example.com
    ");
    insta::assert_snapshot!(purser.run(["export", "-o", "none/users.csv"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: could not write none/users.csv
      caused by: entity not found

    hint: the folder does not exist: make it first
    ---
    ");
    assert_eq!(purser.files(), ["start.ndjson", "users.csv"]);
}

#[test]
fn the_job_is_json_beside_the_data() {
    let purser = two_users();
    insta::assert_snapshot!(purser.run(["--json", "export", "--field", "email", "-o", "users.json"]), @r#"
    exit code 0
    --- stdout
    {"type":"users_export","status":"completed","format":"json","fields":[{"name":"email"}],"created_at":"[TIME]","id":"[JOB]"}
    --- stderr
    ---
    "#);
    insta::assert_snapshot!(purser.run(["--json", "export", "--field", "email", "--format", "ndjson"]), @r#"
    exit code 0
    --- stdout
    {"email":"ann@example.com"}
    {"email":"ben@example.com"}
    --- stderr
    {"type":"users_export","status":"completed","format":"json","fields":[{"name":"email"}],"created_at":"[TIME]","id":"[JOB]"}
    ---
    "#);
    insta::assert_snapshot!(purser.run(["-q", "export", "--field", "email", "--format", "ndjson"]), @r#"
    exit code 0
    --- stdout
    {"email":"ann@example.com"}
    {"email":"ben@example.com"}
    --- stderr
    ---
    "#);
}

#[test]
fn gzip_is_read_back_by_an_import() {
    let purser = two_users();
    purser.run(["export", "-o", "users.ndjson.gz"]);
    let bytes = std::fs::read(purser.path("users.ndjson.gz")).unwrap();
    assert_eq!(bytes[..2], [0x1f, 0x8b]);
    let other = purser.env("PURSER_STORE", "other.db");
    let ran = other.run(["import", "users.ndjson.gz", "--restore"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(other.run(["users", "count"]).stdout, "2\n");
}

#[test]
fn usage_errors() {
    let purser = Purser::with_store();
    insta::assert_snapshot!(purser.run(["export", "--field", "a..b"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value 'a..b' for '--field <NAME[=TITLE]>': `a..b` is no field name: a name is missing (character 3)

    For more information, try '--help'.
    ---
    ");
    insta::assert_snapshot!(purser.run(["export", "--field", "email="]), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value 'email=' for '--field <NAME[=TITLE]>': there is no title after `=`

    For more information, try '--help'.
    ---
    ");
    insta::assert_snapshot!(purser.run(["export", "--limit", "0"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value '0' for '--limit <N>': 0 is not in 1..18446744073709551615

    For more information, try '--help'.
    ---
    ");
    insta::assert_snapshot!(purser.run(["export", "--format", "xml"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value 'xml' for '--format <FORMAT>'
      [possible values: json, ndjson, csv]

    For more information, try '--help'.
    ---
    ");
    let fields = "--field=email ".repeat(31);
    let mut command = purser.command(["--auth0-limits", "export", "--format", "csv"]);
    let ran = purser.ran(&command.args(fields.split_whitespace()).output().unwrap());
    insta::assert_snapshot!(ran, @"
    exit code 2
    --- stdout
    --- stderr
    error: a CSV export has at most 30 fields, not 31

    hint: leave `--auth0-limits` out, or export JSON
    ---
    ");
    insta::assert_snapshot!(Purser::new().run(["export"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no store at [HOME]/.local/share/purser/purser.db

    hint: `purser import` and `purser serve` make it; `--store` or `PURSER_STORE` names another
    ---
    ");
}

#[test]
fn a_closed_pipe_is_success() {
    let purser = two_users();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = purser.command(["export"]).stdout(writer).output().unwrap();
    assert_eq!(
        purser.ran(&output).to_string(),
        "exit code 0\n--- stdout\n--- stderr\n---"
    );
}
