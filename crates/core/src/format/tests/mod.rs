//! What all decoders and encoders promise, format by format, and together.

mod broken;
mod csv;
mod hostile;
mod json;
mod round_trip;

use std::io::{self, Read};

use super::{BadRow, DecodeLimits, Decoder, FileError, InputFormat};
use crate::row::Position;

/// Delivers at most so many bytes at once.
struct Chunks<'a>(&'a [u8], usize);

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// A file as it was read: every row with its place, and the error that ended it.
#[derive(Debug, PartialEq)]
struct File {
    format: Option<InputFormat>,
    rows: Vec<(Position, String)>,
    error: Option<String>,
    notes: Vec<String>,
}

fn read_in(bytes: &[u8], chunk: usize, max_row_bytes: usize) -> File {
    let mut file = File {
        format: None,
        rows: vec![],
        error: None,
        notes: vec![],
    };
    let limits = DecodeLimits { max_row_bytes };
    let mut decoder = match Decoder::open(Chunks(bytes, chunk), InputFormat::Auto, limits) {
        Ok(decoder) => decoder,
        Err(error) => {
            return File {
                error: Some(shown(&error)),
                ..file
            };
        }
    };
    file.format = Some(decoder.format());
    loop {
        match decoder.next() {
            Ok(Some(item)) => {
                let row = item
                    .row
                    .map_or_else(|bad| format!("{bad:?}"), str::to_owned);
                file.rows.push((item.position, row));
            }
            Ok(None) => break,
            Err(error) => {
                file.error = Some(shown(&error));
                break;
            }
        }
    }
    file.notes = decoder.notes();
    file
}

fn shown(error: &FileError) -> String {
    let FileError {
        kind: _,
        position,
        message: _,
        hint,
        excerpt,
    } = error;
    format!(
        "row {}, {error}\nhint: {hint}\nnear: {excerpt}",
        position.row
    )
}

fn read(bytes: impl AsRef<[u8]>) -> File {
    read_in(
        bytes.as_ref(),
        usize::MAX,
        DecodeLimits::default().max_row_bytes,
    )
}

/// Returns the rows of a file that has no error.
fn rows(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let file = read(bytes);
    assert_eq!(file.error, None);
    file.rows.into_iter().map(|(_, row)| row).collect()
}

/// Returns the error that a file has.
fn error(bytes: impl AsRef<[u8]>) -> String {
    read(bytes).error.expect("the file is broken")
}

/// Returns `line:column@byte` of every row.
fn places(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let place = |(p, _): &(Position, String)| format!("{}:{}@{}", p.line, p.column, p.byte);
    read(bytes).rows.iter().map(place).collect()
}
