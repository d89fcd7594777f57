//! Takes one JSON value off the window, or passes over it when it is too large; arrays and concatenated objects share it.

use std::io::Read;

use super::scan::{Scan, Scanner};
use crate::format::error::{FileError, FileErrorKind};
use crate::format::window::Window;
use crate::row::Position;

/// What was found where a value begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) enum Taken {
    /// So many bytes at the start of the window, which still holds them.
    Bytes(usize),
    /// Too many bytes, which began here and were passed over.
    TooLarge(Position),
}

/// Takes values one after the other.
#[derive(Debug)]
pub(in crate::format) struct Values {
    scanner: Scanner,
    limit: usize,
}

impl Values {
    pub(in crate::format) fn new(limit: usize) -> Self {
        Self {
            scanner: Scanner::new(),
            limit,
        }
    }

    /// Takes the value that begins at the start of the window.
    pub(in crate::format) fn take<R: Read>(
        &mut self,
        window: &mut Window<R>,
        row: u64,
    ) -> Result<Taken, FileError> {
        let began = Position {
            row,
            ..window.position_at(0)
        };
        self.scanner.reset();
        let (mut seen, mut large) = (0, false);
        loop {
            match self.scanner.scan(&window.rest()[seen..]) {
                Scan::End(end) if large || seen + end > self.limit => {
                    window.pass(seen + end);
                    return Ok(Taken::TooLarge(began));
                }
                Scan::End(end) => return Ok(Taken::Bytes(seen + end)),
                Scan::Mismatch(at) => return Err(mismatch(window, seen + at, began)),
                Scan::More => seen = window.rest().len(),
            }
            if large || seen > self.limit {
                window.pass(seen);
                (seen, large) = (0, true);
            }
            if !window.fill()? {
                return Err(self.cut_off(window, began));
            }
        }
    }

    /// Returns whether a whole value stands at the start of what is in the window already.
    pub(in crate::format) fn is_complete<R: Read>(&mut self, window: &Window<R>) -> bool {
        self.scanner.reset();
        matches!(self.scanner.scan(window.rest()), Scan::End(_))
    }

    fn cut_off<R: Read>(&self, window: &Window<R>, began: Position) -> FileError {
        let Position { row, line, .. } = began;
        let message = format!("the file ends inside row {row}, which began at line {line}");
        let hint = if self.scanner.in_string() {
            "a string is not closed: add its `\"`, or get the file again if it was cut off"
        } else {
            "a bracket is not closed: add it, or get the file again if it was cut off"
        };
        window.error(
            window.rest().len(),
            row,
            FileErrorKind::Truncated,
            message,
            hint,
        )
    }
}

fn mismatch<R: Read>(window: &Window<R>, at: usize, began: Position) -> FileError {
    let (wrong, right, what) = if window.rest()[at] == b'}' {
        ('}', ']', "array")
    } else {
        (']', '}', "object")
    };
    let Position { row, line, .. } = began;
    let message = format!(
        "`{wrong}` where `{right}` must close an {what}, inside row {row}, which began at line {line}"
    );
    let hint =
        format!("close every {what} with `{right}`, or look for a quote that is missing before");
    window.error(at, row, FileErrorKind::Json, message, hint)
}
