//! The README's lines, typed as they stand, against the built binary in a home of its own.
//!
//! All `sh` blocks are one session of bash, in their order. Four lines are not typed but mapped, because the test is what
//! they would do:
//!
//! ```text
//! sudo apt-get install …               nothing: the machine has built the binary
//! cargo install --locked --path …           nothing: the built binary is on the PATH
//! cargo test --workspace               nothing: this is it
//! cargo run --release -- serve         purser serve, in the background, waited for until it answers
//! ```
//!
//! Port 3000 becomes a free one.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::sources::{read, root};

const START: &str = r#"purser serve --listen 127.0.0.1:3000 2> server.log &
trap 'kill $!; wait' EXIT
for _ in $(seq 600); do if curl -sf http://127.0.0.1:3000/healthz > health; then break; fi; sleep 0.2; done"#;

/// Notes every command that fails, with what it was.
const BEGIN: &str = "set -E -o pipefail\ntrap 'echo \"$? $BASH_COMMAND\" >> failures' ERR\n";

#[test]
fn every_line_works() {
    let curl = Command::new("curl").arg("--version").output();
    assert!(
        curl.is_ok(),
        "the README's lines need curl; on Debian and Ubuntu: apt-get install curl"
    );
    let home = TempDir::new().unwrap();
    let script = format!("{BEGIN}{}", script(&read("README.md"))).replace(":3000", &free_port());
    let ran = run(&script, home.path());
    let file = |name: &str| fs::read_to_string(home.path().join(name)).unwrap_or_default();
    // The two commands that are said to end with 3, as one of the three users cannot be taken.
    let failures = "3 purser validate users.json\n\
                    3 purser import users.json --connection Username-Password-Authentication --report failed.csv\n";
    assert_eq!(file("failures"), failures, "{ran}{}", file("server.log"));
    assert_eq!(file("health"), r#"{"status":"ok"}"#);
    assert!(file("failed.csv").contains("INVALID_FORMAT"), "{ran}");
    assert!(file("all.json").contains("ada@example.com"), "{ran}");
    assert_eq!(
        file("plans.csv"),
        "Email,Plan\r\nada@example.com,gold\r\ngrace@example.com,\r\n",
        "{ran}"
    );
    assert_eq!(
        file("found.tsv"),
        "email\tname\nada@example.com\tAda Lovelace\n",
        "{ran}"
    );
    assert_eq!(file("count.txt"), "2\n", "{ran}");
    let found = file("search.json");
    assert!(
        found.contains(r#""length":2"#) && found.ends_with(r#""total":2}"#),
        "{ran}{found}"
    );
    let summary = r#""summary":{"failed":1,"updated":2,"inserted":0,"total":3}"#;
    assert!(file("import.json").contains(summary), "{ran}");
    let downloaded = "email,Plan\n\"'ada@example.com\",\"'gold\"\n\"'grace@example.com\",\n";
    assert_eq!(
        file("downloaded.csv"),
        downloaded,
        "{ran}{}",
        file("export.json")
    );
}

#[test]
fn links_lead_somewhere() {
    for page in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        for link in read(page)
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'))
        {
            let path = link.0.split('#').next().unwrap_or_default();
            let is_here = path.contains("://") || root().join(path).exists();
            assert!(is_here, "{page} links to {path}, which is not there");
        }
    }
}

/// Returns the lines of the page's `sh` blocks, mapped as said above.
fn script(page: &str) -> String {
    let blocks = page
        .split("\n```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"));
    let lines = blocks.flat_map(|(block, _)| block.lines());
    lines.map(|line| mapped(line).to_owned() + "\n").collect()
}

fn mapped(line: &str) -> &str {
    let nothing = [
        "sudo apt-get install ",
        "cargo install --locked --path ",
        "cargo test --workspace",
    ];
    if line == "cargo run --release -- serve" {
        START
    } else if nothing.iter().any(|begin| line.starts_with(begin)) {
        ":"
    } else {
        line
    }
}

/// Returns `:PORT` with a port that nobody had a moment ago.
fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!(":{}", listener.local_addr().unwrap().port())
}

/// Runs the script; returns what it printed.
fn run(script: &str, home: &Path) -> String {
    let bin = home.join("bin");
    fs::create_dir(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_purser"), bin.join("purser")).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    // The lines wait for jobs without an end of their own: one that never ends must not hold the tests.
    let output = Command::new("timeout")
        .args(["300", "bash", "-c", script])
        .env_clear()
        .env("HOME", home)
        .env("PATH", format!("{}:{path}", bin.display()))
        .current_dir(home)
        .output()
        .expect("the README's lines need bash and coreutils");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}
