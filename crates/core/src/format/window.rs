//! The bounded view of the input that all decoders share: bytes, and where in the file they stand.
//! Knows nothing of any format.

use std::io::{self, ErrorKind, Read};

use memchr::{memchr_iter, memrchr};

use super::error::{FileError, FileErrorKind, excerpt};
use crate::row::Position;

/// First size of the buffer: a read call then costs nothing against what it delivers.
const BLOCK: usize = 1024 * 1024;

/// Bytes of the input from the start of what is being read, at most a row and a block.
pub(super) struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    largest: usize,
    at_eof: bool,
    /// Where `start` is in the file.
    position: Position,
    /// What ends a line: `\n`, or `\r` in files of old Macs.
    pub(super) line_end: u8,
}

impl<R: Read> Window<R> {
    pub(super) fn new(reader: R, max_row_bytes: usize) -> Self {
        Self {
            reader,
            buffer: vec![0; BLOCK],
            start: 0,
            end: 0,
            largest: max_row_bytes.saturating_add(BLOCK),
            at_eof: false,
            position: Position {
                row: 0,
                line: 1,
                column: 1,
                byte: 0,
            },
            line_end: b'\n',
        }
    }

    /// Returns what is buffered and not passed yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Reads more behind [`Self::rest`] and returns whether there was more.
    pub(super) fn fill(&mut self) -> Result<bool, FileError> {
        if self.at_eof {
            return Ok(false);
        }
        self.make_room();
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.at_eof = true;
                    return Ok(false);
                }
                Ok(read) => {
                    self.end += read;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.io_error(error)),
            }
        }
    }

    /// Makes sure that there is space behind the last byte; callers pass on before the buffer reaches its largest size.
    fn make_room(&mut self) {
        if self.end < self.buffer.len() {
            return;
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            // Less than half free: a row this long needs more room anyway.
            if self.end <= self.buffer.len() / 2 {
                return;
            }
        }
        let size = (self.buffer.len() * 2).min(self.largest).max(self.end + 1);
        self.buffer.reserve_exact(size - self.buffer.len());
        self.buffer.resize(size, 0);
    }

    /// Returns the first byte at or behind `at` that is not to be skipped, and where it stands in [`Self::rest`] now;
    /// whatever the length of what is skipped, it is not kept.
    pub(super) fn skip(
        &mut self,
        mut at: usize,
        skipped: impl Fn(u8) -> bool,
    ) -> Result<(usize, Option<u8>), FileError> {
        loop {
            while let Some(&byte) = self.rest().get(at) {
                if !skipped(byte) {
                    return Ok((at, Some(byte)));
                }
                at += 1;
            }
            self.pass(at);
            at = 0;
            if !self.fill()? {
                return Ok((0, None));
            }
        }
    }

    /// Passes over `count` bytes of [`Self::rest`].
    pub(super) fn pass(&mut self, count: usize) {
        self.position = self.position_at(count);
        self.start += count;
    }

    /// Passes over whole lines, whose number the caller knows.
    pub(super) fn pass_lines(&mut self, count: usize, lines: u64) {
        self.position.line += lines;
        self.position.column = 1;
        self.position.byte += count as u64;
        self.start += count;
    }

    /// Passes over a byte order mark, which fills no column.
    pub(super) fn pass_bom(&mut self, count: usize) {
        self.position.byte += count as u64;
        self.start += count;
    }

    /// Returns the position of the byte `offset` of [`Self::rest`]; the row is left for the caller to fill in.
    pub(super) fn position_at(&self, offset: usize) -> Position {
        let passed = &self.rest()[..offset];
        let mut position = self.position;
        position.byte += offset as u64;
        match memrchr(self.line_end, passed) {
            Some(last) => {
                position.line += memchr_iter(self.line_end, passed).count() as u64;
                position.column = 1 + characters(&passed[last + 1..]);
            }
            None => position.column += characters(passed),
        }
        position
    }

    /// Returns an error about the byte `offset` of [`Self::rest`].
    pub(super) fn error(
        &self,
        offset: usize,
        row: u64,
        kind: FileErrorKind,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> FileError {
        let offset = offset.min(self.rest().len());
        FileError {
            kind,
            position: Position {
                row,
                ..self.position_at(offset)
            },
            message: message.into(),
            hint: hint.into(),
            excerpt: excerpt(&self.buffer[..self.end], self.start + offset),
        }
    }

    fn io_error(&self, error: io::Error) -> FileError {
        let message = format!("the file could not be read on: {error}");
        let hint = "check that the file is complete, then try again";
        self.error(
            self.rest().len(),
            0,
            FileErrorKind::Io(error),
            message,
            hint,
        )
    }

    /// Returns the size of the buffer.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }
}

/// Counts characters, which is bytes that do not continue one; in blocks whose sum fits a byte, so that it runs 16 at a time.
fn characters(bytes: &[u8]) -> u64 {
    if bytes.is_ascii() {
        return bytes.len() as u64;
    }
    let starts = |block: &[u8]| {
        block
            .iter()
            .map(|&b| u8::from(b & 0xc0 != 0x80))
            .sum::<u8>()
    };
    bytes
        .chunks(255)
        .map(|block| u64::from(starts(block)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters() {
        let mut window = Window::new("aé\nüb\nc".as_bytes(), 10);
        while window.fill().unwrap() {}
        assert_eq!(
            window.position_at(3),
            Position {
                row: 0,
                line: 1,
                column: 3,
                byte: 3
            }
        );
        window.pass(6);
        assert_eq!(
            window.position_at(0),
            Position {
                row: 0,
                line: 2,
                column: 2,
                byte: 6
            }
        );
        assert_eq!(
            window.position_at(2),
            Position {
                row: 0,
                line: 3,
                column: 1,
                byte: 8
            }
        );
        assert_eq!(characters("é".repeat(1000).as_bytes()), 1000);
    }

    #[test]
    fn the_buffer_grows_no_further_than_a_row_and_a_block() {
        let mut window = Window::new(io::repeat(b'x'), 3 * BLOCK);
        while window.rest().len() <= 3 * BLOCK {
            window.fill().unwrap();
        }
        assert!(window.capacity() <= 4 * BLOCK);
    }

    #[test]
    fn a_failing_reader_is_named() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("disk on fire"))
            }
        }
        let error = Window::new(Broken, 10).fill().unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 1, column 1 (byte 0): the file could not be read on: disk on fire"
        );
        assert!(matches!(error.kind, FileErrorKind::Io(_)));
    }
}
