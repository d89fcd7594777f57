//! Flags that every command has, their environment, and errors before any command runs.

use super::harness::Purser;

#[test]
fn without_a_command_there_is_help_and_a_usage_error() {
    let ran = Purser::new().run([]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.is_empty());
    assert!(
        ran.stderr
            .starts_with("Import, export and search lists of users"),
        "{ran}"
    );
}

#[test]
fn help_and_version_are_data() {
    let purser = Purser::new();
    let help = purser.run(["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert!(
        help.stdout.contains("Exit codes:") && help.stdout.contains("[env: PURSER_STORE]"),
        "{help}"
    );
    let version = purser.run(["--version"]);
    assert_eq!(
        version.stdout,
        format!("purser {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_store_lies_in_the_data_folder() {
    let purser = Purser::new();
    insta::assert_snapshot!(purser.run(["connections", "create", "staff"]), @"
    exit code 0
    --- stdout
    [CONNECTION]
    --- stderr
    made the store sqlite:[HOME]/.local/share/purser/purser.db
    created the connection `staff` (auth0)
    ---
    ");
    assert!(purser.path(".local/share/purser/purser.db").exists());

    let purser = Purser::new();
    let data = purser.path("data").to_str().unwrap().to_owned();
    let purser = purser.env("XDG_DATA_HOME", &data);
    purser.run(["connections", "create", "staff"]);
    assert!(purser.path("data/purser/purser.db").exists());
}

#[test]
fn without_a_home_a_place_must_be_named() {
    let purser = Purser::new().env("HOME", "");
    insta::assert_snapshot!(purser.run(["users", "count"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: there is no home folder to keep the store in

    hint: name a place with `--store PATH` or `PURSER_STORE`
    ---
    ");
}

#[test]
fn a_flag_wins_over_the_environment() {
    let purser = Purser::new().env("PURSER_STORE", "env.db");
    purser.run(["connections", "create", "a"]);
    purser.run(["connections", "create", "b", "--store", "sqlite:flag.db"]);
    let files = purser.files();
    assert!(
        files.contains(&"env.db".to_owned()) && files.contains(&"flag.db".to_owned()),
        "{files:?}"
    );
}

#[test]
fn a_missing_store_is_not_made_by_reading() {
    let purser = Purser::new();
    insta::assert_snapshot!(purser.run(["--store", "none.db", "users", "count"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no store at [HOME]/none.db

    hint: `purser import` and `purser serve` make it; `--store` or `PURSER_STORE` names another
    ---
    ");
    insta::assert_snapshot!(purser.run(["--store", "none.db", "--json", "users", "count"]), @r#"
    exit code 1
    --- stdout
    --- stderr
    {"error":{"message":"there is no store at [HOME]/none.db","hint":"`purser import` and `purser serve` make it; `--store` or `PURSER_STORE` names another"}}
    ---
    "#);
    assert!(purser.files().is_empty());
}

#[test]
fn what_is_no_store_is_a_usage_error() {
    let purser = Purser::new();
    insta::assert_snapshot!(purser.run(["--store", "mysql://host/db", "users", "count"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: `mysql://host/db` is no store: expected `sqlite:PATH`, a path, or `postgres://…`

    hint: for example `--store sqlite:/var/lib/purser/purser.db` or `--store postgres://purser@localhost/users`
    ---
    ");
    insta::assert_snapshot!(purser.run(["--store", "", "users", "count"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: `` is no store: expected `sqlite:PATH`, a path, or `postgres://…`

    hint: for example `--store sqlite:/var/lib/purser/purser.db` or `--store postgres://purser@localhost/users`
    ---
    ");
}

#[test]
fn a_file_that_is_no_store_is_an_error() {
    let purser = Purser::new();
    purser.write(
        "text.db",
        "no database at all, but long enough to be looked at as one",
    );
    insta::assert_snapshot!(purser.run(["--store", "text.db", "users", "count"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: could not open the store at [HOME]/text.db
      caused by: file is not a database

    hint: check that the file is a store of Purser, and that you may write to it
    ---
    ");
}

#[test]
fn usage_errors_are_json_if_asked() {
    let purser = Purser::new();
    insta::assert_snapshot!(purser.run(["sail"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: unrecognized subcommand 'sail'

    Usage: purser [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ---
    ");
    insta::assert_snapshot!(purser.run(["--json", "sail"]), @r#"
    exit code 2
    --- stdout
    --- stderr
    {"error":{"message":"unrecognized subcommand 'sail'","hint":"Usage: purser [OPTIONS] <COMMAND>\n\nFor more information, try '--help'."}}
    ---
    "#);
}

#[test]
fn the_environment_is_read() {
    let purser = Purser::with_store().env("PURSER_JSON", "1");
    assert_eq!(purser.run(["users", "count"]).stdout, "{\"count\":0}\n");
    let purser = purser.env("PURSER_JSON", "false");
    assert_eq!(purser.run(["users", "count"]).stdout, "0\n");
    let purser = purser.env("PURSER_LOG", "=nonsense=");
    insta::assert_snapshot!(purser.run(["users", "count"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: `PURSER_LOG` is no log filter: invalid filter directive

    hint: for example `info` or `purser_engine=debug,warn`
    ---
    ");
}

#[test]
fn a_closed_pipe_is_success() {
    let purser = Purser::with_store();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = purser
        .command(["connections", "list"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(
        purser.ran(&output).to_string(),
        "exit code 0\n--- stdout\n--- stderr\n---"
    );
}
