//! `purser users block`, `unblock`, `update`, and `delete` with a query.

use super::harness::{DEFAULT, Purser};

/// Users 1 to 4; the third has the plan `pro`, the others `free`.
fn four_users() -> Purser {
    let row = |n: u32| {
        let plan = if n == 3 { "pro" } else { "free" };
        format!(
            "{{\"user_id\":\"{n}\",\"email\":\"u{n}@example.com\",\"app_metadata\":{{\"plan\":\"{plan}\"}}}}\n"
        )
    };
    Purser::with_users(&(1..=4).map(row).collect::<String>())
}

fn count(purser: &Purser, query: &str) -> String {
    purser.run(["users", "count", query]).raw.trim().to_owned()
}

#[test]
fn an_edit_says_how_many_and_must_be_meant() {
    let purser = four_users();
    let query = "--query=app_metadata.plan:free";
    insta::assert_snapshot!(purser.run(["users", "block", query]), @"
    exit code 2
    --- stdout
    --- stderr
    3 users match
    error: to block users needs `--yes` where nobody can be asked

    hint: look at what would change with `--dry-run`, then add `--yes`
    ---
    ");
    assert_eq!(count(&purser, "blocked:true"), "0");
    insta::assert_snapshot!(purser.run(["users", "block", query, "--yes"]), @"
    exit code 0
    --- stdout
    --- stderr
    3 users match
    blocked 3 users; 0 failed; in [DURATION]
    ---
    ");
    assert_eq!(count(&purser, "blocked:true"), "3");
    insta::assert_snapshot!(purser.run(["users", "unblock", "--all", "--yes"]), @"
    exit code 0
    --- stdout
    --- stderr
    4 users match
    unblocked 3 users; 0 failed; in [DURATION]
    note: 1 user needed no change
    ---
    ");
    assert_eq!(count(&purser, "blocked:true"), "0");
    insta::assert_snapshot!(purser.run(["users", "delete", "--query=user_id:\"auth0|9\""]), @"
    exit code 0
    --- stdout
    --- stderr
    0 users match
    deleted 0 users; 0 failed; in [DURATION]
    ---
    ");
    insta::assert_snapshot!(purser.run(["users", "delete", "--all", "--connection", DEFAULT, "--yes", "--json"]), @r#"
    exit code 0
    --- stdout
    {"type":"users_edit","status":"completed","connection_id":"[CONNECTION]","summary":{"failed":0,"updated":4,"inserted":0,"total":4},"connection":"Username-Password-Authentication","created_at":"[TIME]","id":"[JOB]","started_at":"[TIME]","finished_at":"[TIME]","options":{"all":true,"action":"delete"},"notes":[]}
    --- stderr
    ---
    "#);
    assert_eq!(purser.run(["users", "count"]).stdout, "0\n");
}

#[test]
fn a_dry_run_shows_what_would_change_and_changes_nothing() {
    let purser = four_users();
    let before = purser.run(["users", "list", "--json"]).raw;
    insta::assert_snapshot!(purser.run(["users", "update", "--all", "--dry-run", "--set", "app_metadata.plan=pro", "--set", "user_metadata.address.city=Rome"]), @r#"
    exit code 0
    --- stdout
    4 would be updated, 0 unchanged, 0 would fail
    auth0|1 (u1@example.com)
      app_metadata.plan: "free" → "pro"
      user_metadata.address.city: nothing → "Rome"
    auth0|2 (u2@example.com)
      app_metadata.plan: "free" → "pro"
      user_metadata.address.city: nothing → "Rome"
    auth0|3 (u3@example.com)
      user_metadata.address.city: nothing → "Rome"
    auth0|4 (u4@example.com)
      app_metadata.plan: "free" → "pro"
      user_metadata.address.city: nothing → "Rome"
    --- stderr
    4 users match
    ---
    "#);
    insta::assert_snapshot!(purser.run(["users", "update", "--all", "--dry-run", "--unset", "app_metadata.plan.x", "--set", "app_metadata.plan=1", "--json"]), @r#"
    exit code 2
    --- stdout
    --- stderr
    {"error":{"message":"`app_metadata.plan` and `app_metadata.plan.x` cannot both be changed: one lies inside the other","hint":null}}
    ---
    "#);
    insta::assert_snapshot!(purser.run(["users", "update", "--query=app_metadata.plan:pro", "--dry-run", "--set", "app_metadata.plan.x=1", "--json"]), @r#"
    exit code 3
    --- stdout
    {"would_change":0,"unchanged":0,"would_fail":1,"users":[{"user_id":"auth0|3","email":"u3@example.com","error":{"code":"INVALID_TYPE","message":"`app_metadata.plan` is no object","path":"app_metadata.plan.x","hint":"remove it first, or set it as a whole"}}]}
    --- stderr
    ---
    "#);
    insta::assert_snapshot!(purser.run(["users", "delete", "--query=app_metadata.plan:pro", "--dry-run"]), @"
    exit code 0
    --- stdout
    1 would be deleted, 0 unchanged, 0 would fail
    auth0|3 (u3@example.com): would be deleted
    --- stderr
    1 user matches
    ---
    ");
    assert_eq!(purser.run(["users", "list", "--json"]).raw, before);
    assert_eq!(
        purser.run(["jobs", "list"]).raw.lines().count(),
        2,
        "no job"
    );
}

#[test]
fn users_who_cannot_be_changed_are_reported() {
    let purser = four_users();
    purser.run([
        "users",
        "update",
        "--query=app_metadata.plan:free",
        "--set",
        "app_metadata.plan={\"x\":0}",
        "--yes",
    ]);
    insta::assert_snapshot!(purser.run(["users", "update", "--all", "--set", "app_metadata.plan.x=1", "--yes", "--report", "failed.ndjson"]), @"
    exit code 3
    --- stdout
    --- stderr
    4 users match
    updated 3 users; 1 failed; in [DURATION]
    user auth0|3: `app_metadata.plan` is no object (INVALID_TYPE at `app_metadata.plan.x`)
      hint: remove it first, or set it as a whole
    report: failed.ndjson
    hint: `purser jobs errors [JOB]` shows every failed user
    ---
    ");
    insta::assert_snapshot!(purser.read("failed.ndjson"), @r#"{"row":3,"line":0,"byte":0,"errors":[{"code":"INVALID_TYPE","message":"`app_metadata.plan` is no object","path":"app_metadata.plan.x","hint":"remove it first, or set it as a whole"}],"user":{"user_id":"auth0|3","email":"u3@example.com"}}"#);
    let jobs = purser.run(["jobs", "list"]).raw;
    let id = jobs.lines().nth(1).unwrap().split('\t').next().unwrap();
    insta::assert_snapshot!(purser.run(["jobs", "show", id]).stdout, @"
    id           [JOB]
    type         users_edit
    status       completed
    action       update
    set          app_metadata.plan.x=1
    created      [TIME]
    started      [TIME]
    finished     [TIME]
    summary      4 users: 3 updated, 1 failed
    ");
    assert_eq!(
        purser.run(["jobs", "errors", id]).raw,
        format!("{}\n", purser.read("failed.ndjson").trim())
    );
    insta::assert_snapshot!(purser.run(["jobs", "resume", id]), @"
    exit code 1
    --- stdout
    --- stderr
    error: the job `[JOB]` has ended: it is completed

    hint: run the command again; who is as he shall be stays so
    ---
    ");
}

#[test]
fn an_edit_that_makes_no_sense_is_refused() {
    let purser = four_users();
    insta::assert_snapshot!(purser.run(["users", "update", "--all", "--set", "password=x", "--yes"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: `password` cannot be changed for many users at once

    hint: many users with one password are no secret: change it user by user
    ---
    ");
    insta::assert_snapshot!(purser.run(["users", "update", "--all", "--set", "name", "--yes"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value 'name' for '--set <PATH=VALUE>': `name` sets nothing: `PATH=VALUE` is expected; for example `user_metadata.plan=pro`; `--unset PATH` removes

    For more information, try '--help'.
    ---
    ");
    insta::assert_snapshot!(purser.run(["users", "block", "--query=plan:(", "--yes"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the query is refused

    plan:(
         ^
    the parenthesis is not closed (character 6); expected `)` behind the group
    ---
    ");
    // What an empty variable of a script makes.
    insta::assert_snapshot!(purser.run(["users", "delete", "--query=", "--yes"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the query is blank

    hint: whoever means everybody says so: `all` instead of a query
    ---
    ");
    for args in [
        ["users", "block", "--yes", "--quiet"],
        ["users", "update", "--all", "--yes"],
        ["users", "delete", "--connection", DEFAULT],
    ] {
        assert_eq!(purser.run(args).code, 2, "{args:?}");
    }
    let both = purser.run(["users", "unblock", "--all", "--query=a", "--yes"]);
    assert_eq!(both.code, 2, "{both}");
    let with_limits = [
        "users",
        "block",
        "--query=user_metadata.a:x*",
        "--yes",
        "--auth0-limits",
    ];
    assert_eq!(purser.run(with_limits).code, 2);
    assert_eq!(count(&purser, "blocked:true"), "0");
    let nowhere = purser.run(["users", "delete", "--connection", DEFAULT, "--dry-run"]);
    assert_eq!(nowhere.code, 2, "{nowhere}");
}

#[test]
fn help_names_the_new_commands() {
    let help = Purser::new().run(["users", "--help"]).stdout;
    for command in ["block", "unblock", "update", "delete"] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
    }
}
