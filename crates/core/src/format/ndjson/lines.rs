//! Splits NDJSON into its lines.

use std::io::Read;
use std::ops::Range;

use memchr::memchr;

use crate::format::error::FileError;
use crate::format::window::Window;
use crate::row::Position;

/// One line that is not blank.
#[derive(Debug)]
pub(in crate::format) enum Line {
    /// These bytes of the window, which begins with the line.
    Bytes(Range<usize>),
    /// A line that was too large and began here.
    TooLarge(Position),
}

/// Splits lines; the window stands at the line taken last.
#[derive(Debug)]
pub(in crate::format) struct Lines {
    limit: usize,
    /// Bytes of the line taken last, its end included.
    done: usize,
}

impl Lines {
    pub(in crate::format) fn new(limit: usize) -> Self {
        Self { limit, done: 0 }
    }

    /// Puts the next line that is not blank at the start of the window.
    pub(in crate::format) fn next<R: Read>(
        &mut self,
        window: &mut Window<R>,
    ) -> Result<Option<Line>, FileError> {
        loop {
            if self.done > 0 {
                window.pass_lines(self.done, 1);
                self.done = 0;
            }
            let Some(end) = first_line(window, self.limit)? else {
                let began = window.position_at(leading_space(window.rest()));
                pass_line(window)?;
                return Ok(Some(Line::TooLarge(began)));
            };
            let rest = window.rest();
            if rest.is_empty() {
                return Ok(None);
            }
            self.done = (end + 1).min(rest.len());
            let start = leading_space(&rest[..end]);
            if start < end {
                let trailing = rest[start..end]
                    .iter()
                    .rev()
                    .take_while(|b| is_space(**b))
                    .count();
                return Ok(Some(Line::Bytes(start..end - trailing)));
            }
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

fn leading_space(line: &[u8]) -> usize {
    line.iter().take_while(|b| is_space(**b)).count()
}

/// Returns where the first line of the window ends; `None` when it is too large.
pub(super) fn first_line<R: Read>(
    window: &mut Window<R>,
    limit: usize,
) -> Result<Option<usize>, FileError> {
    let mut seen = 0;
    loop {
        let rest = window.rest();
        let found = memchr(b'\n', &rest[seen..]).map(|at| seen + at);
        seen = rest.len();
        if found.unwrap_or(seen) > limit {
            return Ok(None);
        }
        if found.is_some() {
            return Ok(found);
        }
        if !window.fill()? {
            return Ok(Some(seen));
        }
    }
}

/// Passes over a line of any length.
fn pass_line<R: Read>(window: &mut Window<R>) -> Result<(), FileError> {
    loop {
        if let Some(end) = memchr(b'\n', window.rest()) {
            window.pass(end + 1);
            return Ok(());
        }
        window.pass(window.rest().len());
        if !window.fill()? {
            return Ok(());
        }
    }
}
