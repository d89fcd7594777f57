//! CSV: records become flat JSON objects whose keys are the header's names; profiles become records.
//! What a name means is for the import rules to say (`Given Name`, `user_metadata.address.city`).

mod cell;
mod encode;
mod header;
mod record;

use std::io::Read;

use self::cell::{Guard, Kind};
use self::header::Header;
use self::record::{Cell, Records};
use super::decoder::{BadRow, Found, text};
use super::error::{FileError, FileErrorKind};
use super::sniff;
use super::window::Window;
use crate::json::push_string;

pub(super) use encode::CsvEncoder;

/// Reads records; the window stands at the record read last.
pub(super) struct Csv {
    header: Header,
    records: Records,
    guard: Guard,
    limit: usize,
    /// Bytes at the start of the window that are done with.
    done: usize,
    /// The row read last, as JSON.
    json: String,
    scratch: String,
}

impl Csv {
    /// Reads the header at the start of the window.
    pub(super) fn open<R: Read>(window: &mut Window<R>, limit: usize) -> Result<Self, FileError> {
        let header = Header::read(window, limit)?;
        let end = header.end;
        while window.rest().len() < end + 2 && window.fill()? {}
        let line_end = window.rest().get(end..).unwrap_or_default();
        if line_end.starts_with(b"\r") && !line_end.starts_with(b"\r\n") {
            window.line_end = b'\r';
        }
        let mut records = Records::new(header.separator);
        records.most = header.columns.len();
        let (json, scratch) = (String::new(), String::new());
        Ok(Self {
            header,
            records,
            guard: Guard::Unknown,
            limit,
            done: end,
            json,
            scratch,
        })
    }

    /// Returns the JSON text of the row read last.
    pub(super) fn text(&self) -> &str {
        &self.json
    }

    /// Reads the next record; `row` is its number.
    pub(super) fn next<R: Read>(
        &mut self,
        window: &mut Window<R>,
        row: u64,
    ) -> Result<Option<Found>, FileError> {
        let (at, byte) = window.skip(self.done, |b| matches!(b, b'\n' | b'\r'))?;
        self.done = 0;
        if byte.is_none() {
            return Ok(None);
        }
        window.pass(at);
        let began = window.position_at(0);
        let Some(end) = self.record(window, row)? else {
            let limit = self.limit;
            return Ok(Some(Found::Bad(began, BadRow::TooLarge { limit })));
        };
        self.done = end;
        let record = &window.rest()[..end];
        if let Some(at) = memchr::memchr(0, record) {
            return Err(sniff::nul(window, at, row));
        }
        Ok(Some(
            match text(record).and_then(|record| self.build(record)) {
                Ok(()) => Found::Built(began),
                Err(bad) => Found::Bad(began, bad),
            },
        ))
    }

    /// Returns where the record at the start of the window ends; `None` if it is too large and was passed over.
    fn record<R: Read>(
        &mut self,
        window: &mut Window<R>,
        row: u64,
    ) -> Result<Option<usize>, FileError> {
        self.records.reset();
        let mut large = false;
        // Where the quote that is open stands, once its bytes are dropped.
        let mut dropped = None;
        loop {
            let end = self.records.scan(window.rest());
            let seen = end.unwrap_or(window.rest().len());
            if large || seen > self.limit {
                large = true;
                dropped = self.drop_seen(window, seen, row)?.or(dropped);
            }
            if end.is_some() {
                return Ok(end.filter(|_| !large));
            }
            if window.fill()? {
                continue;
            }
            if self.records.in_quotes() {
                return Err(match dropped.filter(|_| self.records.quote.is_none()) {
                    Some(error) => error,
                    None => unclosed(window, self.records.quote, row),
                });
            }
            self.records.finish();
            return Ok(Some(window.rest().len()).filter(|_| !large));
        }
    }

    /// Passes over bytes of a record that is too large; returns the error of a quote in them that may never be closed.
    fn drop_seen<R: Read>(
        &mut self,
        window: &mut Window<R>,
        seen: usize,
        row: u64,
    ) -> Result<Option<FileError>, FileError> {
        if let Some(at) = memchr::memchr(0, &window.rest()[..seen]) {
            return Err(sniff::nul(window, at, row));
        }
        let open = self.records.quote.filter(|_| self.records.in_quotes());
        let error = open.map(|at| unclosed(window, Some(at), row));
        window.pass(seen);
        self.records.drop_seen();
        Ok(error)
    }

    /// Puts the JSON text of a record together.
    fn build(&mut self, record: &str) -> Result<(), BadRow<'static>> {
        self.refuse_shape()?;
        let Self {
            header,
            records,
            guard,
            json,
            scratch,
            ..
        } = self;
        if *guard == Guard::Unknown {
            let cells = records
                .cells
                .iter()
                .map(|c| unquote(record, *c, scratch).to_owned());
            *guard = Guard::of(cells);
        }
        let alone = header.columns.len() == 1;
        json.clear();
        json.push('{');
        for (cell, column) in records.cells.iter().zip(&mut header.columns) {
            let (value, guarded) = guard.strip(unquote(record, *cell, scratch));
            let is_text = guarded || (cell.quoted && header.quotes_matter);
            // The only cell of a record has quotes even if it is empty, or the line would be blank.
            let means_text = is_text && (guarded || !alone) && column.kind.may_be_text();
            if value.is_empty() && !means_text {
                continue;
            }
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(&column.key);
            match cell::json_of(column.kind, value, guarded, is_text) {
                Some(text) => {
                    json.push_str(text);
                    column.typed +=
                        u64::from(column.kind == Kind::Any && cell::is_note_worthy(text));
                }
                None => push_string(json, value),
            }
        }
        json.push('}');
        Ok(())
    }

    fn refuse_shape(&self) -> Result<(), BadRow<'static>> {
        let (expected, found) = (self.header.columns.len(), self.records.count);
        if let Some(cell) = self.records.stray {
            return Err(BadRow::Csv {
                message: format!("cell {cell} goes on behind its closing quote"),
                hint: "write every quote inside a quoted cell twice: `\"\"`".to_owned(),
            });
        }
        if expected == found {
            return Ok(());
        }
        let cells = if expected == 1 { "cell" } else { "cells" };
        let hint = if found < expected {
            "give the record a cell for every column, empty ones included".to_owned()
        } else {
            format!(
                "put quotes around cells that hold {}",
                self.separator_name()
            )
        };
        Err(BadRow::Csv {
            message: format!("expected {expected} {cells}, found {found}"),
            hint,
        })
    }

    fn separator_name(&self) -> String {
        match self.header.separator {
            b'\t' => "a tab".to_owned(),
            other => format!("`{}`", char::from(other)),
        }
    }

    /// Returns remarks for people.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![];
        if self.header.separator != b',' {
            notes.push(format!("cells are separated by {}", self.separator_name()));
        }
        if self.guard == Guard::EveryText {
            notes.push("the `'` before every text was taken off".to_owned());
        }
        notes.extend(
            self.header
                .columns
                .iter()
                .filter(|column| column.typed > 0)
                .map(|column| {
                    let (name, count) = (&column.name, column.typed);
                    let cells = if count == 1 { "cell" } else { "cells" };
                    format!("column {name}: {count} {cells} read as JSON numbers or booleans")
                }),
        );
        notes
    }
}

/// Returns what a cell says, its doubled quotes made single.
fn unquote<'a>(record: &'a str, cell: Cell, scratch: &'a mut String) -> &'a str {
    let raw = &record[cell.start..cell.end];
    if !cell.doubled {
        return raw;
    }
    scratch.clear();
    for (i, part) in raw.split("\"\"").enumerate() {
        if i > 0 {
            scratch.push('"');
        }
        scratch.push_str(part);
    }
    scratch
}

/// Returns the error of a quote that is never closed.
fn unclosed<R: Read>(window: &Window<R>, at: Option<usize>, row: u64) -> FileError {
    let message = "the quote that opens here is never closed";
    let hint = "close it, or write it twice if it is part of the text";
    window.error(
        at.unwrap_or_default(),
        row,
        FileErrorKind::Truncated,
        message,
        hint,
    )
}
