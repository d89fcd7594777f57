//! `purser import`

use std::io::Write;

use super::harness::{DEFAULT, Purser};

const GOOD: &str =
    r#"[{"user_id":"1","email":"ann@example.com"},{"user_id":"2","email":"ben@example.com"}]"#;

/// Two good rows, one without an address, one that is no address, one that is no JSON.
const MIXED: &str = r#"{"user_id":"1","email":"ann@example.com"}
{"user_id":"2","given_name":"Ben"}
{"user_id":"3","email":"cleo"}
{"user_id":"4","email":"dan@example.com"
{"user_id":"5","email":"eve@example.com"}
"#;

#[test]
fn users_are_imported() {
    let purser = Purser::new();
    purser.write("users.json", GOOD);
    insta::assert_snapshot!(purser.run(["import", "users.json", "--connection", DEFAULT]), @"
    exit code 0
    --- stdout
    --- stderr
    made the store sqlite:[HOME]/.local/share/purser/purser.db
    imported 2 users: 2 inserted, 0 updated; 0 failed; in [DURATION]
    ---
    ");
    assert_eq!(purser.run(["users", "count"]).stdout, "2\n");
}

#[test]
fn a_user_that_exists_needs_upsert() {
    let purser = Purser::new();
    purser.write("users.json", GOOD);
    purser.run(["import", "users.json", "--connection", DEFAULT]);
    insta::assert_snapshot!(purser.run(["import", "users.json", "--connection", DEFAULT]), @"
    exit code 3
    --- stdout
    --- stderr
    imported 0 users: 0 inserted, 0 updated; 2 failed; in [DURATION]
    row 1, line 1: The user already exist and upsert parameter is false (DUPLICATED_USER)
      hint: run the import with `upsert` to update users that exist
    row 2, line 1: The user already exist and upsert parameter is false (DUPLICATED_USER)
      hint: run the import with `upsert` to update users that exist
    hint: `purser jobs errors [JOB]` shows every failed row
    ---
    ");
    insta::assert_snapshot!(purser.run(["import", "users.json", "--connection", DEFAULT, "--upsert"]), @"
    exit code 0
    --- stdout
    --- stderr
    imported 2 users: 0 inserted, 2 updated; 0 failed; in [DURATION]
    ---
    ");
}

#[test]
fn the_job_is_json() {
    let purser = Purser::new();
    purser.write("users.json", GOOD);
    let args = [
        "--json",
        "import",
        "users.json",
        "--connection",
        DEFAULT,
        "--external-id",
        "nightly",
    ];
    insta::assert_snapshot!(purser.run(args), @r#"
    exit code 0
    --- stdout
    {"type":"users_import","status":"completed","connection_id":"[CONNECTION]","external_id":"nightly","summary":{"failed":0,"updated":0,"inserted":2,"total":2},"connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}
    --- stderr
    ---
    "#);
    insta::assert_snapshot!(purser.run(args), @r#"
    exit code 3
    --- stdout
    {"type":"users_import","status":"completed","connection_id":"[CONNECTION]","external_id":"nightly","summary":{"failed":2,"updated":0,"inserted":0,"total":2},"connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]"}
    --- stderr
    ---
    "#);
}

#[test]
fn bad_rows_fail_alone() {
    let purser = Purser::new();
    purser.write("users.ndjson", MIXED);
    insta::assert_snapshot!(purser.run(["import", "users.ndjson", "--connection", DEFAULT]), @"
    exit code 3
    --- stdout
    --- stderr
    made the store sqlite:[HOME]/.local/share/purser/purser.db
    imported 2 users: 2 inserted, 0 updated; 3 failed; in [DURATION]
    row 2, line 2: Missing required property: email (OBJECT_REQUIRED)
      hint: every row needs an e-mail address
    row 3, line 3: Error in identities[0].profileData.email property - Object didn't pass validation for format email: cleo (INVALID_FORMAT at `identities[0].profileData.email`)
      hint: give an address like `name@example.com`
    row 4, line 4: The row is not valid JSON: the text ends in the middle of a value at byte 40 (INVALID_JSON)
      hint: byte 0 is the first byte of the row
    hint: `purser jobs errors [JOB]` shows every failed row
    ---
    ");
    insta::assert_snapshot!(purser.run(["-q", "import", "users.ndjson", "--connection", DEFAULT]), @"
    exit code 3
    --- stdout
    --- stderr
    ---
    ");
}

#[test]
fn only_the_first_bad_rows_are_shown() {
    let purser = Purser::new();
    purser.write("users.ndjson", "{\"email\":\"x\"}\n".repeat(1007));
    insta::assert_snapshot!(purser.run(["import", "users.ndjson", "--connection", DEFAULT]), @"
    exit code 3
    --- stdout
    --- stderr
    made the store sqlite:[HOME]/.local/share/purser/purser.db
    imported 0 users: 0 inserted, 0 updated; 1,007 failed; in [DURATION]
    row 1, line 1: Error in identities[0].profileData.email property - Object didn't pass validation for format email: x (INVALID_FORMAT at `identities[0].profileData.email`)
      hint: give an address like `name@example.com`
    row 2, line 2: Error in identities[0].profileData.email property - Object didn't pass validation for format email: x (INVALID_FORMAT at `identities[0].profileData.email`)
      hint: give an address like `name@example.com`
    row 3, line 3: Error in identities[0].profileData.email property - Object didn't pass validation for format email: x (INVALID_FORMAT at `identities[0].profileData.email`)
      hint: give an address like `name@example.com`
    row 4, line 4: Error in identities[0].profileData.email property - Object didn't pass validation for format email: x (INVALID_FORMAT at `identities[0].profileData.email`)
      hint: give an address like `name@example.com`
    row 5, line 5: Error in identities[0].profileData.email property - Object didn't pass validation for format email: x (INVALID_FORMAT at `identities[0].profileData.email`)
      hint: give an address like `name@example.com`
    … and 1,002 more failed rows
    hint: `purser jobs errors [JOB]` shows every failed row
    ---
    ");
}

#[test]
fn a_report_has_the_failed_rows() {
    let purser = Purser::new();
    purser.write("users.ndjson", MIXED);
    let report = |name: &str| {
        let ran = purser.run([
            "import",
            "users.ndjson",
            "--connection",
            DEFAULT,
            "--report",
            name,
        ]);
        assert!(ran.stderr.contains(&format!("report: {name}\n")), "{ran}");
        purser.read(name)
    };
    report("failed.ndjson");
    insta::assert_snapshot!(report("failed.ndjson"), @r#"
    {"row":1,"line":1,"byte":0,"errors":[{"code":"DUPLICATED_USER","message":"The user already exist and upsert parameter is false","hint":"run the import with `upsert` to update users that exist"}],"user":{"user_id":"1","email":"ann@example.com"}}
    {"row":2,"line":2,"byte":42,"errors":[{"code":"OBJECT_REQUIRED","message":"Missing required property: email","hint":"every row needs an e-mail address"}],"user":{"user_id":"2","given_name":"Ben"}}
    {"row":3,"line":3,"byte":77,"errors":[{"code":"INVALID_FORMAT","message":"Error in identities[0].profileData.email property - Object didn't pass validation for format email: cleo","path":"identities[0].profileData.email","hint":"give an address like `name@example.com`"}],"user":{"user_id":"3","email":"cleo"}}
    {"row":4,"line":4,"byte":108,"errors":[{"code":"INVALID_JSON","message":"The row is not valid JSON: the text ends in the middle of a value at byte 40","hint":"byte 0 is the first byte of the row"}],"user":{}}
    {"row":5,"line":5,"byte":149,"errors":[{"code":"DUPLICATED_USER","message":"The user already exist and upsert parameter is false","hint":"run the import with `upsert` to update users that exist"}],"user":{"user_id":"5","email":"eve@example.com"}}
    "#);
    insta::assert_snapshot!(report("failed.csv"), @r#"
    user_id,email,given_name,_row,_line,_byte,_errors
    1,ann@example.com,,1,1,0,"[{""code"":""DUPLICATED_USER"",""message"":""The user already exist and upsert parameter is false"",""hint"":""run the import with `upsert` to update users that exist""}]"
    2,,Ben,2,2,42,"[{""code"":""OBJECT_REQUIRED"",""message"":""Missing required property: email"",""hint"":""every row needs an e-mail address""}]"
    3,cleo,,3,3,77,"[{""code"":""INVALID_FORMAT"",""message"":""Error in identities[0].profileData.email property - Object didn't pass validation for format email: cleo"",""path"":""identities[0].profileData.email"",""hint"":""give an address like `name@example.com`""}]"
    ,,,4,4,108,"[{""code"":""INVALID_JSON"",""message"":""The row is not valid JSON: the text ends in the middle of a value at byte 40"",""hint"":""byte 0 is the first byte of the row""}]"
    5,eve@example.com,,5,5,149,"[{""code"":""DUPLICATED_USER"",""message"":""The user already exist and upsert parameter is false"",""hint"":""run the import with `upsert` to update users that exist""}]"
    "#);
    assert!(report("failed.json").starts_with('['));
}

#[test]
fn standard_input_is_read() {
    let purser = Purser::new();
    let ran = purser.run_with_input(["import", "-", "--connection", DEFAULT], MIXED);
    assert_eq!(ran.code, 3, "{ran}");
    assert_eq!(purser.run(["users", "count"]).stdout, "2\n");
}

#[test]
fn csv_is_imported() {
    let purser = Purser::new();
    purser.write(
        "users.csv",
        "email,user_metadata.plan\nann@example.com,gold\n",
    );
    insta::assert_snapshot!(purser.run(["import", "users.csv", "--connection", DEFAULT]), @"
    exit code 0
    --- stdout
    --- stderr
    made the store sqlite:[HOME]/.local/share/purser/purser.db
    imported 1 user: 1 inserted, 0 updated; 0 failed; in [DURATION]
    note: 1 row: readable titles (`Given Name`) or dotted keys were mapped to attributes
    ---
    ");
}

#[test]
fn what_was_exported_is_restored() {
    let purser = Purser::with_users("{\"user_id\":\"1\",\"email\":\"ann@example.com\"}\n");
    purser.run(["export", "-o", "all.ndjson"]);
    let before = purser.run(["users", "get", "auth0|1"]).raw;
    let restored = purser.env("PURSER_STORE", "other.db");
    insta::assert_snapshot!(restored.run(["import", "all.ndjson", "--restore"]), @"
    exit code 0
    --- stdout
    --- stderr
    made the store sqlite:other.db
    imported 1 user: 1 inserted, 0 updated; 0 failed; in [DURATION]
    ---
    ");
    assert_eq!(restored.run(["users", "get", "auth0|1"]).raw, before);
}

/// The import waits for its input, so the signal finds it at work.
#[cfg(unix)]
#[test]
fn ctrl_c_cancels_and_keeps_what_was_imported() {
    let purser = Purser::new();
    let mut command = purser.command(["import", "-", "--connection", DEFAULT]);
    command
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let row = |n: u64| format!("{{\"email\":\"u{n}@example.com\"}}\n");
    let interrupt = |child: &std::process::Child| {
        let status = std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    };
    for n in 0..50_000 {
        input.write_all(row(n).as_bytes()).unwrap();
    }
    interrupt(&child);
    // The importer closes its input when it has seen the signal.
    let mut n = 50_000;
    while input.write_all(row(n).as_bytes()).is_ok() && n < 5_000_000 {
        n += 1;
    }
    drop(input);
    let ran = purser.ran(&child.wait_with_output().unwrap());
    assert_eq!(ran.code, 1, "{ran}");
    assert!(
        ran.stderr.contains("canceled; before that, imported"),
        "{ran}"
    );
    assert!(
        ran.stderr
            .contains("error: the import was canceled; what was imported before stays"),
        "{ran}"
    );
    let jobs = purser.run(["jobs", "list"]);
    assert!(jobs.stdout.contains("canceled"), "{jobs}");
}
