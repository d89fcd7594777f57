//! The door to all decoders: sniffs, then hands out one row after the other as JSON text.
//! Checks neither the JSON nor the user in it; keeps one row in memory.

use std::io::Read;

use super::{FileError, InputFormat};
use crate::json;
use crate::row::Position;

/// How much of a file may be in memory at once.
#[derive(Debug, Clone, Copy)]
pub struct DecodeLimits {
    /// A longer row is passed over and reported as [`BadRow::TooLarge`].
    pub max_row_bytes: usize,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self {
            max_row_bytes: 16 * 1024 * 1024,
        }
    }
}

/// One row of a file.
#[derive(Debug)]
pub struct Item<'a> {
    /// Where the row begins.
    pub position: Position,
    /// The JSON text of one value, still unchecked.
    pub row: Result<&'a str, BadRow<'a>>,
}

/// A row that is no JSON value; the rows after it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadRow<'a> {
    /// Longer than `limit` bytes.
    TooLarge { limit: usize },
    /// Not UTF-8 from the byte `offset` of the row on.
    InvalidUtf8 { offset: usize },
    /// A line of NDJSON that the strict reader refuses; made by who checks the text, decoders only split.
    InvalidJson(json::Fault, &'a str),
    /// A CSV record that does not fit its header.
    Csv { message: String, hint: String },
}

/// Reads rows out of decompressed bytes.
pub struct Decoder<R: Read> {
    reader: R,
}

impl<R: Read> Decoder<R> {
    /// Reads as much as it takes to know the format (and the CSV header).
    pub fn open(reader: R, format: InputFormat, limits: DecodeLimits) -> Result<Self, FileError> {
        todo!()
    }

    /// Returns the format, never [`InputFormat::Auto`].
    pub fn format(&self) -> InputFormat {
        todo!()
    }

    /// Returns the next row.
    #[expect(
        clippy::should_implement_trait,
        reason = "the row borrows from the decoder"
    )]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, FileError> {
        todo!()
    }

    /// Returns where the row read last begins.
    pub fn position(&self) -> Position {
        todo!()
    }

    /// Turns a fault inside the row read last into an error of the file: a JSON array is one JSON text.
    pub fn fault(&self, fault: &json::Fault) -> FileError {
        todo!()
    }

    /// Returns remarks for people about how the file was read, with counts.
    pub fn notes(&self) -> Vec<String> {
        todo!()
    }
}
