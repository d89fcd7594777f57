//! JSON objects one after the other: a line each (NDJSON), or wherever the one before ends ("concatenated JSON").

mod concatenated;
mod lines;

use std::io::Read;

use super::error::{FileError, FileErrorKind};
use super::window::Window;
use crate::json;
use crate::row::Position;

pub(super) use concatenated::Concatenated;
pub(super) use lines::{Line, Lines};

/// How the objects of a file lie behind one another.
#[derive(Debug)]
pub(super) enum Objects {
    Lines(Lines),
    Concatenated(Concatenated),
}

impl Objects {
    /// Looks whether the first line alone is a complete value, else whether the first brackets are.
    pub(super) fn open<R: Read>(window: &mut Window<R>, limit: usize) -> Result<Self, FileError> {
        let Some(end) = lines::first_line(window, limit)? else {
            // A line that is too large may be one row, or many rows without line ends.
            return Ok(match Concatenated::new(limit).starts(window) {
                Some(objects) => Self::Concatenated(objects),
                None => Self::Lines(Lines::new(limit)),
            });
        };
        // Bytes that are not UTF-8 are a fault of the row, which is reported when it is read.
        let line = std::str::from_utf8(&window.rest()[..end]).ok();
        match line.and_then(|text| json::check(text).err()) {
            Some(fault) => Concatenated::open(window, limit, &fault).map(Self::Concatenated),
            None => Ok(Self::Lines(Lines::new(limit))),
        }
    }
}

/// Turns a fault of the text that begins at `start` of the window into an error of the file.
pub(super) fn fault_at<R: Read>(
    window: &Window<R>,
    start: usize,
    row: u64,
    fault: &json::Fault,
) -> FileError {
    let Position { line, .. } = window.position_at(start);
    let message = format!(
        "row {row}, which began at line {line}, is no JSON: {}",
        fault.kind
    );
    let hint = "correct the row, or have the program that wrote the file write valid JSON";
    window.error(
        start + fault.offset,
        row,
        FileErrorKind::Json,
        message,
        hint,
    )
}
