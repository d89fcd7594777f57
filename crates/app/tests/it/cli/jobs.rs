//! `purser jobs`

use super::harness::{DEFAULT, Purser};

/// A home with an import that had one bad row of two; returns the job's id, too.
fn one_import() -> (Purser, String) {
    let purser = Purser::new();
    purser.write(
        "users.ndjson",
        "{\"email\":\"ann@example.com\"}\n{\"email\":\"ben\"}\n",
    );
    let ran = purser.run(["--json", "import", "users.ndjson", "--connection", DEFAULT]);
    let id = ran
        .raw
        .split("\"id\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("the job's body has an id");
    let id = id.to_owned();
    (purser, id)
}

#[test]
fn jobs_are_listed() {
    let (purser, _) = one_import();
    purser.run(["export", "-o", "all.json"]);
    insta::assert_snapshot!(purser.run(["jobs", "list"]), @"
    exit code 0
    --- stdout
    ID	TYPE	STATUS	TOTAL	FAILED	CREATED	CONNECTION
    [JOB]	users_export	completed	1	0	[TIME]	-
    [JOB]	users_import	completed	2	1	[TIME]	Username-Password-Authentication
    --- stderr
    ---
    ");
    assert_eq!(
        purser
            .run(["jobs", "list", "--limit", "1"])
            .stdout
            .lines()
            .count(),
        2
    );
    assert_eq!(
        purser
            .run(["jobs", "list", "--status", "failed"])
            .stdout
            .lines()
            .count(),
        1
    );
    let json = purser.run(["--json", "jobs", "list"]);
    assert!(
        json.stdout.starts_with("[{\"type\":\"users_export\""),
        "{json}"
    );
}

#[test]
fn a_job_is_shown() {
    let (purser, id) = one_import();
    insta::assert_snapshot!(purser.run(["jobs", "show", &id]), @"
    exit code 0
    --- stdout
    id           [JOB]
    type         users_import
    status       completed
    connection   Username-Password-Authentication ([CONNECTION])
    created      [TIME]
    started      [TIME]
    finished     [TIME]
    file         [HOME]/users.ndjson
    summary      2 rows: 1 inserted, 0 updated, 1 failed
    --- stderr
    ---
    ");
    insta::assert_snapshot!(purser.run(["--json", "jobs", "show", &id]), @r#"
    exit code 0
    --- stdout
    {"type":"users_import","status":"completed","connection_id":"[CONNECTION]","summary":{"failed":1,"updated":0,"inserted":1,"total":2},"connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]","started_at":"[TIME]","finished_at":"[TIME]","options":{"upsert":false,"restore":false,"keep_prefix":false,"strict":false,"format":"auto"},"notes":[]}
    --- stderr
    ---
    "#);
}

#[test]
fn a_job_must_be_there() {
    let (purser, _) = one_import();
    insta::assert_snapshot!(purser.run(["jobs", "show", "job_0000000000000000"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no job `[JOB]`

    hint: `purser jobs list` shows the jobs
    ---
    ");
    insta::assert_snapshot!(purser.run(["jobs", "errors", "job_0000000000000000"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no job `[JOB]`

    hint: `purser jobs list` shows the jobs
    ---
    ");
    insta::assert_snapshot!(purser.run(["jobs", "resume", "job_0000000000000000"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no job `[JOB]`

    hint: `purser jobs list` shows the jobs
    ---
    ");
    insta::assert_snapshot!(purser.run(["jobs", "show", "17"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value '17' for '<ID>': a job's id is `job_` and 16 letters or digits

    For more information, try '--help'.
    ---
    ");
    insta::assert_snapshot!(Purser::new().run(["jobs", "list"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no store at [HOME]/.local/share/purser/purser.db

    hint: `purser import` and `purser serve` make it; `--store` or `PURSER_STORE` names another
    ---
    ");
}

#[test]
fn failed_rows_are_shown() {
    let (purser, id) = one_import();
    insta::assert_snapshot!(purser.run(["jobs", "errors", &id]), @r#"
    exit code 0
    --- stdout
    {"row":2,"line":2,"byte":28,"errors":[{"code":"INVALID_FORMAT","message":"Error in identities[0].profileData.email property - Object didn't pass validation for format email: ben","path":"identities[0].profileData.email","hint":"give an address like `name@example.com`"}],"user":{"email":"ben"}}
    --- stderr
    ---
    "#);
    insta::assert_snapshot!(purser.run(["jobs", "errors", &id, "--format", "csv"]), @r#"
    exit code 0
    --- stdout
    email,_row,_line,_byte,_errors
    ben,2,2,28,"[{""code"":""INVALID_FORMAT"",""message"":""Error in identities[0].profileData.email property - Object didn't pass validation for format email: ben"",""path"":""identities[0].profileData.email"",""hint"":""give an address like `name@example.com`""}]"
    --- stderr
    ---
    "#);
    assert!(
        purser
            .run(["jobs", "errors", &id, "--json"])
            .stdout
            .starts_with('[')
    );
    insta::assert_snapshot!(purser.run(["jobs", "errors", &id, "-o", "failed.csv"]), @"
    exit code 0
    --- stdout
    --- stderr
    wrote 1 failed row to failed.csv
    ---
    ");
    let report = purser.read("failed.csv");
    assert_eq!(
        report.lines().next(),
        Some("email,_row,_line,_byte,_errors")
    );
}

#[test]
fn what_has_ended_is_not_resumed() {
    let (purser, id) = one_import();
    insta::assert_snapshot!(purser.run(["jobs", "resume", &id]), @"
    exit code 1
    --- stdout
    --- stderr
    error: the job `[JOB]` has ended: it is completed

    hint: import the file again; with `--upsert`, users that exist are no errors
    ---
    ");
}

/// Killed while it waits for more input, so nothing can end it in order.
#[cfg(unix)]
#[test]
fn a_stream_that_was_killed_cannot_be_resumed() {
    let purser = Purser::with_store();
    let mut command = purser.command(["import", "-", "--connection", DEFAULT]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let running = || purser.run(["--json", "jobs", "list"]);
    let id = loop {
        let jobs = running();
        if let Some(rest) = jobs.raw.split("\"id\":\"").nth(1) {
            break rest.split('"').next().unwrap().to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    insta::assert_snapshot!(purser.run(["jobs", "resume", &id]), @"
    exit code 1
    --- stdout
    --- stderr
    error: the job `[JOB]` cannot be resumed: it read a stream, which cannot be read again
    ---
    ");
}
