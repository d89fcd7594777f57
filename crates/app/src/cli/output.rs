//! The only place that prints. Standard output is data that may be piped, standard error is talk.

use std::io::{self, BufRead, IsTerminal, Write};

use serde_json::{Value, json};

use super::failure::Failure;
use super::globals::GlobalArgs;
use super::table::Table;

/// The two streams, and how much may go to them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// Whether results and errors are JSON.
    pub(crate) json: bool,
    quiet: bool,
    colored: bool,
}

impl Output {
    /// Returns the streams as the flags and the environment want them.
    pub(crate) fn new(args: &GlobalArgs) -> Self {
        Self {
            json: args.json,
            quiet: args.quiet,
            colored: wants_color(),
        }
    }

    /// Returns whether standard output is a terminal.
    pub(crate) fn to_terminal(self) -> bool {
        io::stdout().is_terminal()
    }

    /// Returns whether people read standard error.
    pub(crate) fn talks(self) -> bool {
        !self.quiet && !self.json
    }

    /// Returns whether standard error is a terminal that people read.
    pub(crate) fn talks_to_terminal(self) -> bool {
        self.talks() && io::stderr().is_terminal()
    }

    /// Prints a line of data.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.write_all(b"\n")?;
        Ok(out.flush()?)
    }

    /// Prints bytes as they are.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        Ok(out.flush()?)
    }

    /// Prints a JSON document: indented for people, on one line for programs.
    pub(crate) fn json(self, value: &Value) -> Result<(), Failure> {
        self.line(&self.json_text(value, self.to_terminal()))
    }

    /// Prints a JSON document to standard error, where data takes standard output.
    pub(crate) fn json_aside(self, value: &Value) {
        to_stderr(&self.json_text(value, io::stderr().is_terminal()));
    }

    fn json_text(self, value: &Value, pretty: bool) -> String {
        if pretty {
            format!("{value:#}")
        } else {
            value.to_string()
        }
    }

    /// Prints a table: aligned for people, separated by tabs for programs.
    pub(crate) fn table(self, table: &Table) -> Result<(), Failure> {
        self.line(&if self.to_terminal() {
            table.aligned()
        } else {
            table.separated()
        })
    }

    /// Says something that is no data.
    pub(crate) fn say(self, text: &str) {
        if self.talks() {
            to_stderr(text);
        }
    }

    /// Says what to do next.
    pub(crate) fn hint(self, text: &str) {
        if self.talks() {
            to_stderr(&format!("{} {text}", self.styled("hint:", CYAN)));
        }
    }

    /// Says why the command failed: the error, its causes, what to do.
    pub(crate) fn failure(self, failure: &Failure) {
        let hint = failure.hint();
        if self.json {
            let message = chain(&failure.error);
            to_stderr(&json!({"error": {"message": message, "hint": hint}}).to_string());
            return;
        }
        let mut text = format!("{} {}", self.styled("error:", RED), plain(&failure.shown()));
        for cause in causes(&failure.error) {
            text.push_str("\n  caused by: ");
            text.push_str(&plain(&cause));
        }
        if let Some(hint) = hint {
            text.push_str(&format!(
                "\n\n{} {}",
                self.styled("hint:", CYAN),
                plain(&hint)
            ));
        }
        to_stderr(&text);
    }

    /// Asks a question; `None` if nobody is there to answer.
    pub(crate) fn confirm(self, question: &str) -> Result<Option<bool>, Failure> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(None);
        }
        let mut err = io::stderr().lock();
        // Without a place to show the question the answer would mean nothing.
        write!(err, "{question} [y/N] ")?;
        err.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        Ok(Some(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")))
    }

    fn styled(self, text: &str, style: &str) -> String {
        if self.colored {
            format!("{style}{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

const RED: &str = "\x1b[1;31m";
const CYAN: &str = "\x1b[1;36m";

/// Returns whether standard error is a terminal that shows colors.
pub(crate) fn wants_color() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stderr().is_terminal() && !is_set("NO_COLOR") && !dumb
}

/// Shows what clap has to say: help goes to standard output, a usage error to standard error.
pub(crate) fn clap(error: &clap::Error) {
    let json = std::env::args_os().any(|arg| arg == "--json");
    if json && error.use_stderr() {
        let text = error.render().to_string();
        let (message, hint) = text.split_once("\n\n").unwrap_or((&text, ""));
        let message = message.strip_prefix("error: ").unwrap_or(message).trim();
        let hint = Some(hint.trim()).filter(|hint| !hint.is_empty());
        to_stderr(&json!({"error": {"message": message, "hint": hint}}).to_string());
        return;
    }
    // A closed pipe (`purser --help | head -1`) leaves nobody to tell.
    let _ = error.print();
}

/// Nobody can be told that standard error is gone.
fn to_stderr(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err
        .write_all(text.as_bytes())
        .and_then(|()| err.write_all(b"\n"));
}

/// Returns the causes of an error that say more than the messages above them.
fn causes(error: &anyhow::Error) -> Vec<String> {
    let mut said = error.to_string();
    let mut causes = Vec::new();
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        // SQLite's errors repeat their cause with a number before it.
        if !said.contains(&text) && !text.ends_with(&said) {
            causes.push(text.clone());
        }
        said = text;
    }
    causes
}

fn chain(error: &anyhow::Error) -> String {
    let mut parts = vec![error.to_string()];
    parts.extend(causes(error));
    parts.join(": ")
}

/// Returns the text with control characters spelled out: what stands in a file must not steer a terminal.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\n' {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(plain("a\x1b[31mb\tc\nd"), "a\\u{1b}[31mb\\tc\nd");
    }

    #[test]
    fn causes_that_say_nothing_new_are_left_out() {
        let error = anyhow::Error::msg("inner")
            .context("outer: inner")
            .context("top");
        assert_eq!(causes(&error), ["outer: inner"]);
        assert_eq!(chain(&error), "top: outer: inner");
    }
}
