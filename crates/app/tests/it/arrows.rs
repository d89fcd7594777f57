//! Who may know whom. The graph that is meant stands here; any other arrow fails, and the graph is printed.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::sources::{root, sources};

type Graph = &'static [(&'static str, &'static [&'static str])];

/// The crates, and what each may use of ours.
const CRATES: Graph = &[
    (
        "purser",
        &[
            "purser-core",
            "purser-engine",
            "purser-store",
            "purser-testdb",
        ],
    ),
    (
        "purser-engine",
        &["purser-core", "purser-store", "purser-testdb"],
    ),
    ("purser-store", &["purser-core", "purser-testdb"]),
    ("purser-core", &[]),
    ("purser-testdb", &[]),
];

/// The rooms of core, from the faces down to the leaves.
///
/// `job` and `format` know each other: a job's options name a format, and an encoder is made from the options of a job.
/// `row` has the row errors, whose codes are a table of `import`.
const CORE: Graph = &[
    (
        "api",
        &[
            "clock",
            "connection",
            "format",
            "id",
            "import",
            "job",
            "json",
            "query",
            "secret",
            "user",
        ],
    ),
    (
        "import",
        &[
            "clock",
            "connection",
            "field",
            "json",
            "packed",
            "password",
            "query",
            "row",
            "secret",
        ],
    ),
    (
        "edit",
        &[
            "api",
            "clock",
            "connection",
            "import",
            "job",
            "json",
            "row",
            "user",
        ],
    ),
    ("job", &["clock", "field", "format", "id", "row"]),
    ("format", &["field", "job", "json", "packed", "row"]),
    ("row", &["import"]),
    ("index", &["query"]),
    ("query", &["clock", "json", "packed"]),
    ("connection", &["id"]),
    ("packed", &["json"]),
    ("user", &["json"]),
    ("field", &["json", "packed"]),
    ("password", &[]),
    ("json", &[]),
    ("clock", &[]),
    ("id", &[]),
    ("limits", &[]),
    ("secret", &[]),
];

/// Heavy crates, each with the only one of ours that may depend on it.
const HOMES: &[(&str, &[&str])] = &[
    ("axum", &["purser"]),
    ("clap", &["purser"]),
    ("postgres", &["purser-store", "purser-testdb"]),
    ("reqwest", &[]),
    ("rusqlite", &["purser-store"]),
    ("tokio", &["purser"]),
];

/// What the rules may not touch.
const NOT_IN_CORE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "SystemTime::now",
    "Instant::now",
    "Utc::now",
    "rand::",
];

/// Files that use a standard stream by themselves, and why; all others go through `cli/output.rs`.
const STREAMS: &[(&str, &str)] = &[
    ("cli/output.rs", "the place for it"),
    ("cli/export.rs", "streams users as they are read"),
    ("cli/validate.rs", "streams bad rows as they are found"),
    ("cli/jobs/errors.rs", "streams failed rows as they are read"),
    ("cli/log.rs", "gives the stream to the logging library"),
    ("cli/progress.rs", "gives the stream to the progress bar"),
];

#[test]
fn crates_know_only_those_below() {
    let graph = metadata();
    show("crates", CRATES);
    for (name, dependencies) in &graph {
        let ours = dependencies
            .iter()
            .filter(|dependency| dependency.starts_with("purser"));
        check(CRATES, name, ours.map(String::as_str));
    }
    for (heavy, homes) in HOMES {
        for (name, dependencies) in &graph {
            let is_allowed = homes.contains(&name.as_str());
            assert!(
                is_allowed || !dependencies.iter().any(|d| d == heavy),
                "{name} must not depend on {heavy}"
            );
        }
    }
}

#[test]
fn rooms_of_core_know_only_those_below() {
    show("core", CORE);
    for source in sources("crates/core/src") {
        if source.path == "lib.rs" {
            continue;
        }
        let code: Vec<&str> = source.code().collect();
        for used in used_rooms(&code.join("\n")) {
            if used != source.module() {
                check(CORE, source.module(), [used.as_str()].into_iter());
            }
        }
    }
}

#[test]
fn the_rules_do_no_io() {
    for source in sources("crates/core/src") {
        for line in source.code() {
            let touched = NOT_IN_CORE.iter().find(|name| line.contains(**name));
            assert_eq!(touched, None, "core/{}: {line}", source.path);
        }
    }
}

#[test]
fn sql_is_in_the_store_only() {
    let begins = [
        "\"SELECT ",
        "\"INSERT ",
        "\"UPDATE ",
        "\"DELETE FROM ",
        "\"CREATE ",
        "\"PRAGMA ",
    ];
    for name in ["core", "engine", "app"] {
        for source in sources(&format!("crates/{name}/src")) {
            let sql = source
                .code()
                .find(|line| begins.iter().any(|begin| line.contains(begin)));
            assert_eq!(sql, None, "{name}/{}", source.path);
        }
    }
}

#[test]
fn printing_has_its_place() {
    for name in ["core", "store", "engine", "app"] {
        for source in sources(&format!("crates/{name}/src")) {
            let has_place = name == "app" && STREAMS.iter().any(|(path, _)| *path == source.path);
            let prints = |line: &&str| {
                let is_macro = ["print!(", "println!("]
                    .iter()
                    .any(|name| line.contains(name));
                let is_stream = line.contains("io::stdout") || line.contains("io::stderr");
                is_macro || is_stream && !has_place
            };
            assert_eq!(source.code().find(prints), None, "{name}/{}", source.path);
        }
    }
}

#[test]
fn a_module_is_a_file_or_a_folder() {
    for name in ["core", "store", "engine", "app"] {
        for folder in ["src", "tests"].map(|part| root().join("crates").join(name).join(part)) {
            let mut left = vec![folder];
            while let Some(folder) = left.pop() {
                for entry in folder.read_dir().into_iter().flatten() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        let beside = path.with_extension("rs");
                        assert!(
                            !beside.exists(),
                            "{} beside its folder: make it mod.rs",
                            beside.display()
                        );
                        left.push(path);
                    }
                }
            }
        }
    }
}

/// Fails unless each arrow is allowed.
fn check<'a>(graph: Graph, from: &str, to: impl Iterator<Item = &'a str>) {
    let allowed = graph
        .iter()
        .find(|(name, _)| *name == from)
        .map(|(_, allowed)| *allowed);
    let allowed = allowed.unwrap_or_else(|| panic!("`{from}` is new: say here what it may know"));
    for to in to {
        assert!(allowed.contains(&to), "`{from}` must not know `{to}`");
    }
}

#[expect(clippy::print_stdout, reason = "who breaks the graph shall see it")]
fn show(title: &str, graph: Graph) {
    println!("{title}: an arrow that is not here is forbidden");
    for (from, to) in graph {
        let to = if to.is_empty() {
            "nothing".to_owned()
        } else {
            to.join(", ")
        };
        println!("  {from} → {to}");
    }
}

/// Returns what each of our crates depends on, for its build or its tests.
fn metadata() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let packages = metadata["packages"].as_array().unwrap().iter();
    let graph = packages.map(|package| {
        (
            package["name"].as_str().unwrap().to_owned(),
            names(&package["dependencies"]),
        )
    });
    graph.collect()
}

/// Returns the rooms that a text names, as `crate::room` or in `crate::{room, …}`.
fn used_rooms(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => rooms.extend(group_heads(group)),
            None => rooms.push(word(rest)),
        }
    }
    rooms.retain(|room| !room.is_empty() && room.starts_with(char::is_lowercase));
    rooms
}

/// Returns the first word of each part of a `{…}`, which may have further ones inside.
fn group_heads(group: &str) -> Vec<String> {
    let (mut heads, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                heads.push(word(&group[begin..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(word(&group[begin..at]));
                begin = at + 1;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn rooms_are_found_however_they_are_named() {
    let code = "use crate::{json::{Raw, text}, user, row::Row};\nfn f(at: crate::clock::Time) {}\ncrate::Id";
    assert_eq!(used_rooms(code), ["json", "user", "row", "clock"]);
}
