//! File formats: one folder each, decoder and encoder side by side. Knows rows and records, not users.

mod csv;
mod decoder;
mod encoder;
mod error;
mod json;
mod ndjson;
mod sniff;
#[cfg(test)]
mod tests;
mod window;

use serde::{Deserialize, Serialize};

pub use decoder::{BadRow, DecodeLimits, Decoder, Item};
pub use encoder::Encoder;
pub use error::{FileError, FileErrorKind};

/// What an import file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputFormat {
    /// Told from the content, never from the name.
    #[default]
    Auto,
    Json,
    Ndjson,
    Csv,
}

/// What an export is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputFormat {
    /// One JSON array.
    Json,
    /// One JSON object a line.
    #[default]
    Ndjson,
    /// RFC 4180.
    Csv,
}

/// What stands before CSV cells that a spreadsheet might misread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CsvGuard {
    /// A `'` before every string, in quotes, but not before Auth0's own dates: as Auth0 writes it.
    Auth0,
    /// A `'` before strings that start with `=`, `+`, `-`, `@`, tab or carriage return.
    Formula,
    #[default]
    None,
}
