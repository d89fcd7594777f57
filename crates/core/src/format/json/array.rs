//! Splits one JSON array into its elements.
//!
//! ```text
//! array = "[" [ element { "," element } ] "]"      white space anywhere between, nothing behind
//! ```

use std::io::Read;

use super::value::{Taken, Values};
use crate::format::error::{FileError, FileErrorKind};
use crate::format::window::Window;

/// Where in the array the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Behind `[`.
    First,
    /// Behind an element.
    Next,
    /// Behind `]`.
    Closed,
}

/// Splits an array; the window stands at its `[` first, then at the element taken last.
#[derive(Debug)]
pub(in crate::format) struct Array {
    values: Values,
    place: Place,
    /// Bytes at the start of the window that are done with.
    done: usize,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

impl Array {
    /// Begins behind the `[` at the start of the window.
    pub(in crate::format) fn new(limit: usize) -> Self {
        Self {
            values: Values::new(limit),
            place: Place::First,
            done: 1,
        }
    }

    /// Puts the next element at the start of the window; `row` is its number.
    pub(in crate::format) fn next<R: Read>(
        &mut self,
        window: &mut Window<R>,
        row: u64,
    ) -> Result<Option<Taken>, FileError> {
        if self.place == Place::Closed {
            return Ok(None);
        }
        let (mut at, mut found) = window.skip(self.done, is_space)?;
        if self.place == Place::Next && found == Some(b',') {
            (at, found) = window.skip(at + 1, is_space)?;
            if let Some(byte @ (b']' | b',')) = found {
                return Err(spare_comma(window, at, row, byte));
            }
        } else if found == Some(b']') {
            return self.close(window, at, row).map(|()| None);
        } else if self.place == Place::Next {
            return Err(missing_comma(window, at, row, found));
        }
        match found {
            Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {}
            Some(byte) => return Err(no_value(window, at, row, byte)),
            None => return Err(unclosed(window, row)),
        }
        window.pass(at);
        let taken = self.values.take(window, row)?;
        self.place = Place::Next;
        self.done = if let Taken::Bytes(count) = taken {
            count
        } else {
            0
        };
        Ok(Some(taken))
    }

    fn close<R: Read>(
        &mut self,
        window: &mut Window<R>,
        at: usize,
        row: u64,
    ) -> Result<(), FileError> {
        self.place = Place::Closed;
        let (at, found) = window.skip(at + 1, is_space)?;
        if found.is_none() {
            return Ok(());
        }
        let message = "the file goes on after the `]` that closes the array";
        let hint = "put all rows into one array, or write one object a line (NDJSON)";
        Err(window.error(at, row - 1, FileErrorKind::Json, message, hint))
    }
}

/// Returns how a message names a byte of the file.
fn named(byte: u8) -> String {
    match byte {
        b'!'..=b'~' => format!("`{}`", char::from(byte)),
        0x80.. => "another character".to_owned(),
        control => format!("U+{control:04X}"),
    }
}

fn spare_comma<R: Read>(window: &Window<R>, at: usize, row: u64, byte: u8) -> FileError {
    let last = row - 1;
    let (message, hint) = if byte == b']' {
        (
            format!("a comma after row {last}, the last one"),
            "remove the comma before `]`",
        )
    } else {
        (
            format!("two commas after row {last}"),
            "remove one of the commas",
        )
    };
    window.error(at, last, FileErrorKind::Json, message, hint)
}

fn missing_comma<R: Read>(window: &Window<R>, at: usize, row: u64, found: Option<u8>) -> FileError {
    let Some(byte) = found else {
        return unclosed(window, row);
    };
    let last = row - 1;
    let message = format!(
        "expected `,` or `]` after row {last}, found {}",
        named(byte)
    );
    let hint = match byte {
        b'{' => "put a comma between the rows",
        b'}' | b']' => "a bracket is closed twice: remove one",
        _ => "remove what stands between the rows",
    };
    window.error(at, last, FileErrorKind::Json, message, hint)
}

fn no_value<R: Read>(window: &Window<R>, at: usize, row: u64, byte: u8) -> FileError {
    let message = format!("expected row {row}, found {}", named(byte));
    let hint = "every element of the array must be an object: `{…}`";
    window.error(at, row, FileErrorKind::Json, message, hint)
}

fn unclosed<R: Read>(window: &Window<R>, row: u64) -> FileError {
    let message = match row - 1 {
        0 => "the file ends before the first row; `]` is missing".to_owned(),
        last => format!("the file ends after row {last}; `]` is missing"),
    };
    let hint = "add `]`, or get the file again if it was cut off";
    window.error(
        window.rest().len(),
        row - 1,
        FileErrorKind::Truncated,
        message,
        hint,
    )
}
