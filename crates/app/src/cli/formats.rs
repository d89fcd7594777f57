//! Formats and guards as they are typed.

use std::path::Path;

use clap::ValueEnum;
use purser_core::format::{CsvGuard, InputFormat, OutputFormat};

/// What an import file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormatArg {
    /// Told from the content, never from the name
    Auto,
    /// One JSON array of objects
    Json,
    /// One JSON object a line
    Ndjson,
    /// A header line, then a record for each user
    Csv,
}

impl From<InputFormatArg> for InputFormat {
    fn from(format: InputFormatArg) -> Self {
        match format {
            InputFormatArg::Auto => Self::Auto,
            InputFormatArg::Json => Self::Json,
            InputFormatArg::Ndjson => Self::Ndjson,
            InputFormatArg::Csv => Self::Csv,
        }
    }
}

/// What an export is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormatArg {
    /// One JSON array
    Json,
    /// One JSON object a line
    Ndjson,
    /// RFC 4180, with a header line
    Csv,
}

impl From<OutputFormatArg> for OutputFormat {
    fn from(format: OutputFormatArg) -> Self {
        match format {
            OutputFormatArg::Json => Self::Json,
            OutputFormatArg::Ndjson => Self::Ndjson,
            OutputFormatArg::Csv => Self::Csv,
        }
    }
}

/// What stands before CSV cells that a spreadsheet might misread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CsvGuardArg {
    /// A `'` before every text, as Auth0 writes it
    Auth0,
    /// A `'` before texts that a spreadsheet would take for a formula
    Formula,
    /// Nothing
    None,
}

impl From<CsvGuardArg> for CsvGuard {
    fn from(guard: CsvGuardArg) -> Self {
        match guard {
            CsvGuardArg::Auth0 => Self::Auth0,
            CsvGuardArg::Formula => Self::Formula,
            CsvGuardArg::None => Self::None,
        }
    }
}

/// Returns the format that a file's name promises, and whether it promises compression.
pub(crate) fn promised(path: &Path) -> (Option<OutputFormat>, bool) {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let (name, gzip) = match name.strip_suffix(".gz") {
        Some(name) => (name, true),
        None => (name.as_str(), false),
    };
    let format = match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("json") => Some(OutputFormat::Json),
        Some("ndjson" | "jsonl") => Some(OutputFormat::Ndjson),
        Some("csv") => Some(OutputFormat::Csv),
        _ => None,
    };
    (format, gzip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise_formats() {
        let promised = |name: &str| promised(Path::new(name));
        assert_eq!(promised("a/users.CSV"), (Some(OutputFormat::Csv), false));
        assert_eq!(
            promised("users.jsonl.gz"),
            (Some(OutputFormat::Ndjson), true)
        );
        assert_eq!(promised("users"), (None, false));
        assert_eq!(promised("csv"), (None, false));
    }
}
