//! Runs the binary in a home of its own, and shows what it did without what differs between runs.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared shall fail"
)]

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A home folder, where the store lies, too.
pub(super) struct Purser {
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl Purser {
    /// Returns a home without a store.
    pub(super) fn new() -> Self {
        Self {
            home: TempDir::new().unwrap(),
            variables: vec![],
        }
    }

    /// Returns a home with a store that holds the default connection alone.
    pub(super) fn with_store() -> Self {
        let purser = Self::new();
        // The shortest command that makes a store.
        assert_eq!(purser.run(["connections", "create", "other"]).code, 0);
        purser.run(["connections", "delete", "other", "--yes"]);
        purser
    }

    /// Returns a home whose default connection has these users, given as NDJSON.
    pub(super) fn with_users(rows: &str) -> Self {
        let purser = Self::new();
        purser.write("start.ndjson", rows);
        let ran = purser.run(["import", "start.ndjson", "--connection", DEFAULT]);
        assert_eq!(ran.code, 0, "{ran}");
        purser
    }

    /// Sets an environment variable for all commands that follow.
    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> String {
        self.show(&std::fs::read_to_string(self.path(name)).unwrap())
    }

    /// Returns the names of the files in the home folder.
    pub(super) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.home.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name != ".local").collect();
        names.sort();
        names
    }

    /// Returns the command, to be started by hand.
    pub(super) fn command<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_purser"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.home.path())
            .current_dir(self.home.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(super) fn run<const N: usize>(&self, args: [&str; N]) -> Ran {
        self.run_with_input(args, "")
    }

    pub(super) fn run_with_input<const N: usize>(&self, args: [&str; N], input: &str) -> Ran {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that fails early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        self.ran(&child.wait_with_output().unwrap())
    }

    /// Returns what a command did.
    pub(super) fn ran(&self, output: &Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (raw, stderr) = (text(&output.stdout), text(&output.stderr));
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: self.show(&raw),
            stderr: self.show(&stderr),
            raw,
        }
    }

    /// Replaces what differs between runs.
    fn show(&self, text: &str) -> String {
        let text = text.replace(self.home.path().to_str().unwrap(), "[HOME]");
        let words =
            text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && !"_-:.".contains(c));
        let words: String = words.map(shown_word).collect();
        shown_times(&words)
    }
}

/// The connection that a new store has.
pub(super) const DEFAULT: &str = "Username-Password-Authentication";

/// Shows a word, with the character that ends it, without its random part.
fn shown_word(word: &str) -> String {
    let body = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let end = &word[body.len()..];
    let has = |prefix: &str, length| {
        body.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == length)
    };
    let is_time = body.len() == 24 && body.ends_with('Z') && body.as_bytes()[10] == b'T';
    let is_random =
        |length| body.len() == length && body.bytes().all(|b| b.is_ascii_alphanumeric());
    if has("con_", 16) {
        format!("[CONNECTION]{end}")
    } else if has("job_", 16) {
        format!("[JOB]{end}")
    } else if is_time {
        format!("[TIME]{end}")
    } else if is_random(32) {
        format!("[ID]{end}")
    } else if is_random(64) {
        format!("[SECRET]{end}")
    } else {
        word.to_owned()
    }
}

/// Replaces how long something took at the end of a line, ` in 0.2 s (4,000 rows/s)`.
fn shown_times(text: &str) -> String {
    let is_duration = |text: &str| {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        rest.len() < text.len()
            && [" s", " min ", " h "]
                .iter()
                .any(|unit| rest.starts_with(unit))
    };
    let shown = |line: &str| match line.rfind(" in ") {
        Some(at) if is_duration(&line[at + 4..]) => format!("{} in [DURATION]", &line[..at]),
        _ => line.to_owned(),
    };
    text.split('\n').map(shown).collect::<Vec<_>>().join("\n")
}

/// What a command did.
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// Standard output as it was.
    pub(super) raw: String,
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            stdout,
            stderr,
            raw: _,
        } = self;
        write!(
            f,
            "exit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}---"
        )
    }
}
