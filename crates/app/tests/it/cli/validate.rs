//! `purser validate`

use super::harness::{DEFAULT, Purser};

const MIXED: &str = r#"{"email":"ann@example.com"}
{"given_name":7}
{"email":"ann@example.com"}
{"email":"ben@example.com","username":"ben"}
"#;

#[test]
fn every_problem_is_told_and_nothing_is_written() {
    let purser = Purser::new();
    purser.write("users.ndjson", MIXED);
    insta::assert_snapshot!(purser.run(["validate", "users.ndjson"]), @"
    exit code 3
    --- stdout
    row 2, line 2: Error in identities[0].profileData.given_name property - Expected type string but found type integer (INVALID_TYPE at `identities[0].profileData.given_name`)
      hint: give a string
    row 2, line 2: Missing required property: email (OBJECT_REQUIRED)
      hint: every row needs an e-mail address
    row 3, line 3: A user with this [email|username|user_id] was already provided. (DUPLICATED_USER)
      hint: an earlier row of the file has the same `email`, `username` or `user_id`: merge the two rows
    --- stderr
    checked 4 rows: 2 cannot be imported
    ---
    ");
    assert_eq!(purser.files(), ["users.ndjson"]);
    assert!(!purser.path(".local").exists());
}

#[test]
fn problems_are_limited_and_counted() {
    let purser = Purser::new();
    purser.write("users.ndjson", MIXED);
    insta::assert_snapshot!(purser.run(["validate", "users.ndjson", "--limit-errors", "1"]), @"
    exit code 3
    --- stdout
    row 2, line 2: Error in identities[0].profileData.given_name property - Expected type string but found type integer (INVALID_TYPE at `identities[0].profileData.given_name`)
      hint: give a string
    row 2, line 2: Missing required property: email (OBJECT_REQUIRED)
      hint: every row needs an e-mail address
    --- stderr
    … and 1 more bad row
    checked 4 rows: 2 cannot be imported
    ---
    ");
    insta::assert_snapshot!(purser.run(["validate", "users.ndjson", "--limit-errors", "0", "--json"]), @r#"
    exit code 3
    --- stdout
    {"errors":[],"rows":4,"invalid":2,"broken":null,"notes":[]}
    --- stderr
    ---
    "#);
}

#[test]
fn problems_are_json() {
    let purser = Purser::new();
    purser.write("users.ndjson", MIXED);
    let ran = purser.run(["--json", "validate", "users.ndjson"]);
    insta::assert_snapshot!(ran, @r#"
    exit code 3
    --- stdout
    {"errors":[{"row":2,"line":2,"byte":28,"errors":[{"code":"INVALID_TYPE","message":"Error in identities[0].profileData.given_name property - Expected type string but found type integer","path":"identities[0].profileData.given_name","hint":"give a string"},{"code":"OBJECT_REQUIRED","message":"Missing required property: email","hint":"every row needs an e-mail address"}],"user":{"given_name":7}},{"row":3,"line":3,"byte":45,"errors":[{"code":"DUPLICATED_USER","message":"A user with this [email|username|user_id] was already provided.","hint":"an earlier row of the file has the same `email`, `username` or `user_id`: merge the two rows"}],"user":{"email":"ann@example.com"}}],"rows":4,"invalid":2,"broken":null,"notes":[]}
    --- stderr
    ---
    "#);
    let checked: serde_json::Value = serde_json::from_str(&ran.raw).unwrap();
    assert_eq!(
        checked["invalid"],
        checked["errors"].as_array().unwrap().len()
    );
}

#[test]
fn a_good_file_is_good() {
    let purser = Purser::new();
    purser.write("users.json", "[{\"email\":\"ann@example.com\"}]");
    insta::assert_snapshot!(purser.run(["validate", "users.json"]), @"
    exit code 0
    --- stdout
    --- stderr
    checked 1 row: all can be imported
    ---
    ");
    insta::assert_snapshot!(purser.run(["validate", "users.json", "--json"]), @r#"
    exit code 0
    --- stdout
    {"errors":[],"rows":1,"invalid":0,"broken":null,"notes":[]}
    --- stderr
    ---
    "#);
    assert_eq!(
        purser
            .run_with_input(["validate", "-"], "{\"email\":\"ann@example.com\"}")
            .code,
        0
    );
}

#[test]
fn a_broken_file_is_a_failure() {
    let purser = Purser::new();
    purser.write("users.json", "[{\"email\":\"ann@example.com\"},");
    insta::assert_snapshot!(purser.run(["validate", "users.json"]), @"
    exit code 1
    --- stdout
    --- stderr
    checked 1 row, 0 bad, up to a place that cannot be read
    error: line 1, column 30 (byte 29): the file ends after row 1; `]` is missing

    hint: add `]`, or get the file again if it was cut off
    ---
    ");
    insta::assert_snapshot!(purser.run(["validate", "none.json"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: could not read none.json
      caused by: No such file or directory (os error 2)

    hint: check the name; a relative path begins at the current folder
    ---
    ");
}

#[test]
fn a_connection_has_its_rules() {
    let purser = Purser::new();
    purser.write(
        "users.ndjson",
        "{\"email\":\"ben@example.com\",\"username\":\"ben\"}\n",
    );
    assert_eq!(
        purser
            .run(["validate", "users.ndjson", "--requires-username"])
            .code,
        0
    );
    insta::assert_snapshot!(purser.run(["validate", "users.ndjson", "--connection", DEFAULT]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no store at [HOME]/.local/share/purser/purser.db

    hint: `purser import` and `purser serve` make it; `--store` or `PURSER_STORE` names another
    ---
    ");
    purser.run(["connections", "create", "players", "--requires-username"]);
    insta::assert_snapshot!(purser.run(["validate", "users.ndjson", "--connection", "players"]), @"
    exit code 0
    --- stdout
    --- stderr
    checked 1 row: all can be imported
    ---
    ");
    insta::assert_snapshot!(
        purser.run(["validate", "users.ndjson", "--connection", "players", "--requires-username"]),
        @"
        exit code 2
        --- stdout
        --- stderr
        error: the argument '--connection <NAME|ID>' cannot be used with '--requires-username'

        Usage: purser validate --connection <NAME|ID> <FILE|->

        For more information, try '--help'.
        ---
        "
    );
}
