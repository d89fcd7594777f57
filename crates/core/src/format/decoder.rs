//! The door to all decoders: sniffs, then hands out one row after the other as JSON text.
//! Checks neither the JSON nor the user in it; keeps one row in memory.

use std::fmt;
use std::io::Read;
use std::ops::Range;

use super::csv::Csv;
use super::error::FileError;
use super::json::{Array, Taken};
use super::ndjson::{Line, Objects, fault_at};
use super::window::Window;
use super::{InputFormat, sniff};
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
pub struct Item<'a> {
    /// Where the row begins.
    pub position: Position,
    /// The JSON text of one value, still unchecked.
    pub row: Result<&'a str, BadRow<'a>>,
}

/// A row that is no JSON value; the rows after it can be read.
#[derive(Clone, PartialEq, Eq)]
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

/// Rows hold hashes and secrets, so only their place and size are shown.
impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, row } = self;
        write!(
            f,
            "Item({position:?}, {:?})",
            row.as_ref().map(|text| text.len())
        )
    }
}

impl fmt::Debug for BadRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "TooLarge({limit})"),
            Self::InvalidUtf8 { offset } => write!(f, "InvalidUtf8({offset})"),
            Self::InvalidJson(fault, text) => {
                write!(f, "InvalidJson({fault}, {} bytes)", text.len())
            }
            Self::Csv { message, hint } => write!(f, "Csv({message}; hint: {hint})"),
        }
    }
}

/// What a splitter found.
pub(super) enum Found {
    /// A row in these bytes of the window.
    Bytes(Range<usize>),
    /// A row that the splitter put together in a buffer of its own.
    Built(Position),
    /// A row that began here and is none.
    Bad(Position, BadRow<'static>),
}

enum Splitter {
    Array(Array),
    Objects(Objects),
    Csv(Box<Csv>),
}

/// Reads rows out of decompressed bytes.
pub struct Decoder<R: Read> {
    window: Window<R>,
    splitter: Splitter,
    limit: usize,
    /// Of the row read last.
    position: Position,
    /// Where the text of the row read last begins in the window.
    start: usize,
    finished: bool,
}

/// Shows how far the reading is, not what was read.
impl<R: Read> fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder({:?}, {:?})", self.format(), self.position)
    }
}

impl<R: Read> Decoder<R> {
    /// Reads as much as it takes to know the format (and the CSV header).
    pub fn open(reader: R, format: InputFormat, limits: DecodeLimits) -> Result<Self, FileError> {
        let limit = limits.max_row_bytes;
        let mut window = Window::new(reader, limit);
        let splitter = match sniff::sniff(&mut window, format)? {
            InputFormat::Json => Splitter::Array(Array::new(limit)),
            InputFormat::Ndjson => Splitter::Objects(Objects::open(&mut window, limit)?),
            InputFormat::Csv | InputFormat::Auto => {
                Splitter::Csv(Box::new(Csv::open(&mut window, limit)?))
            }
        };
        let position = Position {
            row: 0,
            line: 1,
            column: 1,
            byte: 0,
        };
        Ok(Self {
            window,
            splitter,
            limit,
            position,
            start: 0,
            finished: false,
        })
    }

    /// Returns the format, never [`InputFormat::Auto`].
    pub fn format(&self) -> InputFormat {
        match self.splitter {
            Splitter::Array(_) => InputFormat::Json,
            Splitter::Objects(_) => InputFormat::Ndjson,
            Splitter::Csv(_) => InputFormat::Csv,
        }
    }

    /// Returns the next row; after the last one and after an error there is none.
    #[expect(
        clippy::should_implement_trait,
        reason = "a row borrows from the decoder"
    )]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, FileError> {
        if self.finished {
            return Ok(None);
        }
        self.finished = true;
        let number = self.position.row + 1;
        let Some(found) = self.split(number)? else {
            return Ok(None);
        };
        self.finished = false;
        let at = match &found {
            Found::Bytes(range) => self.window.position_at(range.start),
            Found::Built(position) | Found::Bad(position, _) => *position,
        };
        self.position = Position { row: number, ..at };
        let row = match found {
            Found::Bytes(range) => {
                self.start = range.start;
                text(&self.window.rest()[range])
            }
            Found::Built(_) => Ok(self.built()),
            Found::Bad(_, bad) => Err(bad),
        };
        Ok(Some(Item {
            position: self.position,
            row,
        }))
    }

    fn split(&mut self, number: u64) -> Result<Option<Found>, FileError> {
        let (window, limit) = (&mut self.window, self.limit);
        let too_large = |began| Found::Bad(began, BadRow::TooLarge { limit });
        let value = |taken| match taken {
            Taken::Bytes(count) => Found::Bytes(0..count),
            Taken::TooLarge(began) => too_large(began),
        };
        Ok(match &mut self.splitter {
            Splitter::Array(array) => array.next(window, number)?.map(value),
            Splitter::Objects(Objects::Concatenated(objects)) => {
                objects.next(window, number)?.map(value)
            }
            Splitter::Objects(Objects::Lines(lines)) => {
                lines.next(window)?.map(|line| match line {
                    Line::Bytes(range) => Found::Bytes(range),
                    Line::TooLarge(began) => too_large(began),
                })
            }
            Splitter::Csv(csv) => csv.next(window, number)?,
        })
    }

    /// Returns the size of the buffer.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.window.capacity()
    }

    fn built(&self) -> &str {
        if let Splitter::Csv(csv) = &self.splitter {
            csv.text()
        } else {
            ""
        }
    }

    /// Returns where the row read last begins.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Turns a fault inside the row read last into an error of the file: a JSON array is one JSON text.
    pub fn fault(&self, fault: &json::Fault) -> FileError {
        // The text of a CSV row is not the file's; its fault is shown at the start of the record.
        let offset = if self.format() == InputFormat::Csv {
            0
        } else {
            fault.offset
        };
        let fault = json::Fault {
            offset,
            kind: fault.kind.clone(),
        };
        fault_at(&self.window, self.start, self.position.row, &fault)
    }

    /// Returns remarks for people about how the file was read, with counts.
    pub fn notes(&self) -> Vec<String> {
        match &self.splitter {
            Splitter::Objects(Objects::Concatenated(_)) => {
                vec!["the objects were read one after the other, whatever their lines".to_owned()]
            }
            Splitter::Csv(csv) => csv.notes(),
            Splitter::Array(_) | Splitter::Objects(Objects::Lines(_)) => vec![],
        }
    }
}

/// Returns bytes as text, or from where on they are none.
pub(super) fn text(bytes: &[u8]) -> Result<&str, BadRow<'static>> {
    // The fast check knows no offset.
    simdutf8::basic::from_utf8(bytes).map_err(|_| {
        let offset = std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), str::len);
        BadRow::InvalidUtf8 { offset }
    })
}
