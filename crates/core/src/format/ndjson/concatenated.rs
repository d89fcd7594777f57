//! Splits objects that follow one another without regard to lines, as `jq .` or a pretty-printer writes them.

use std::io::Read;

use crate::format::error::{FileError, FileErrorKind};
use crate::format::json::{Taken, Values};
use crate::format::window::Window;
use crate::json::{self, Fault, FaultKind};

use super::fault_at;

/// Splits objects; the window stands at the object taken last.
#[derive(Debug)]
pub(in crate::format) struct Concatenated {
    values: Values,
    done: usize,
    /// The first object, if it was passed over while the file was opened.
    passed: Option<Taken>,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

impl Concatenated {
    pub(in crate::format) fn new(limit: usize) -> Self {
        Self {
            values: Values::new(limit),
            done: 0,
            passed: None,
        }
    }

    /// Returns itself if a whole object is in the window already.
    pub(super) fn starts<R: Read>(mut self, window: &Window<R>) -> Option<Self> {
        self.values.is_complete(window).then_some(self)
    }

    /// Begins at the start of the window, whose first line is no JSON because of `line_fault`.
    pub(super) fn open<R: Read>(
        window: &mut Window<R>,
        limit: usize,
        line_fault: &Fault,
    ) -> Result<Self, FileError> {
        let line_error = fault_at(window, 0, 1, line_fault);
        let mut objects = Self::new(limit);
        match objects.values.take(window, 1) {
            Ok(Taken::Bytes(count)) => {
                let text = std::str::from_utf8(&window.rest()[..count]).ok();
                match text.and_then(|text| json::check(text).err()) {
                    Some(fault) => Err(fault_at(window, 0, 1, &fault)),
                    None => Ok(objects),
                }
            }
            Ok(too_large) => Ok(Self {
                passed: Some(too_large),
                ..objects
            }),
            // A first line that is merely unfinished is the beginning of an object over several lines.
            Err(error) if line_fault.kind == FaultKind::UnexpectedEnd => Err(error),
            Err(_) => Err(line_error),
        }
    }

    /// Puts the next object at the start of the window; `row` is its number.
    pub(in crate::format) fn next<R: Read>(
        &mut self,
        window: &mut Window<R>,
        row: u64,
    ) -> Result<Option<Taken>, FileError> {
        if let Some(first) = self.passed.take() {
            return Ok(Some(first));
        }
        let (at, found) = window.skip(self.done, is_space)?;
        match found {
            None => return Ok(None),
            Some(b'{') => window.pass(at),
            Some(_) => return Err(junk(window, at, row)),
        }
        let taken = self.values.take(window, row)?;
        self.done = if let Taken::Bytes(count) = taken {
            count
        } else {
            0
        };
        Ok(Some(taken))
    }
}

fn junk<R: Read>(window: &Window<R>, at: usize, row: u64) -> FileError {
    let message = format!("expected `{{` or the end of the file after row {}", row - 1);
    let hint = match window.rest().get(at) {
        Some(b',') => {
            "remove the commas between the objects, or put all of them into one array: `[…]`"
        }
        _ => "remove what stands between the objects",
    };
    window.error(at, row - 1, FileErrorKind::Json, message, hint)
}
