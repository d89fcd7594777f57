//! The first record of a CSV file: what separates its cells, and the columns that it names.

use std::collections::HashSet;
use std::io::Read;

use super::cell::Kind;
use super::record::Records;
use super::unquote;
use crate::format::error::{FileError, FileErrorKind};
use crate::format::window::Window;
use crate::json::push_string;

/// What may separate cells; the first one wins when two are as frequent.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// More columns than any real file; without a bound a hostile header costs a hundred times its size.
const MOST_COLUMNS: usize = 10_000;

/// Names that an error shows.
const SHOWN: usize = 5;

/// One column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// The name as a JSON key, with its colon.
    pub(super) key: String,
    pub(super) kind: Kind,
    /// Cells of a column of any type that were read as JSON and not as text.
    pub(super) typed: u64,
}

/// The header of a file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) separator: u8,
    pub(super) columns: Vec<Column>,
    /// Whether quotes are written only where they are needed, so that they tell text from numbers.
    pub(super) quotes_matter: bool,
    /// Bytes of the header without its line end.
    pub(super) end: usize,
}

impl Header {
    /// Reads the header, which begins at the start of the window.
    pub(super) fn read<R: Read>(window: &mut Window<R>, limit: usize) -> Result<Self, FileError> {
        let separator = Frequencies::default().separator(window, limit)?;
        let mut records = Records::new(separator);
        records.most = MOST_COLUMNS;
        let end = end_of(&mut records, window, limit)?;
        if records.count > MOST_COLUMNS {
            return Err(too_long(window, format!("{} columns", records.count)));
        }
        let Ok(text) = std::str::from_utf8(&window.rest()[..end]) else {
            return Err(not_utf8(window, end));
        };
        let needless = |text: &str| {
            !text
                .bytes()
                .any(|b| b == separator || matches!(b, b'"' | b'\n' | b'\r'))
        };
        let quotes_matter = !records
            .cells
            .iter()
            .any(|c| c.quoted && needless(&text[c.start..c.end]));
        let mut scratch = String::new();
        let columns: Vec<_> = records
            .cells
            .iter()
            .map(|cell| Column::new(unquote(text, *cell, &mut scratch).trim()))
            .collect();
        refuse_names(window, &columns)?;
        Ok(Self {
            separator,
            columns,
            quotes_matter,
            end,
        })
    }
}

impl Column {
    fn new(name: &str) -> Self {
        let mut key = String::new();
        push_string(&mut key, name);
        key.push(':');
        Self {
            name: name.to_owned(),
            key,
            kind: Kind::of(name),
            typed: 0,
        }
    }
}

fn end_of<R: Read>(
    records: &mut Records,
    window: &mut Window<R>,
    limit: usize,
) -> Result<usize, FileError> {
    loop {
        if let Some(end) = records.scan(window.rest()) {
            return Ok(end);
        }
        if window.rest().len() > limit {
            return Err(too_long(window, format!("more than {limit} bytes")));
        }
        if window.fill()? {
            continue;
        }
        if records.in_quotes() {
            return Err(super::unclosed(window, records.quote, 0));
        }
        records.finish();
        return Ok(window.rest().len());
    }
}

/// How often each possible separator stands in the first line outside quotes.
#[derive(Default)]
struct Frequencies {
    counts: [usize; SEPARATORS.len()],
    quoted: bool,
    seen: usize,
}

impl Frequencies {
    fn separator<R: Read>(mut self, window: &mut Window<R>, limit: usize) -> Result<u8, FileError> {
        while !self.count(window.rest()) {
            if window.rest().len() > limit {
                return Err(too_long(window, format!("more than {limit} bytes")));
            }
            if !window.fill()? {
                break;
            }
        }
        let most = self.counts.iter().max().copied().unwrap_or_default();
        let first = self
            .counts
            .iter()
            .position(|&n| n == most)
            .unwrap_or_default();
        Ok(SEPARATORS[first])
    }

    /// Counts on and returns whether the line ends.
    fn count(&mut self, bytes: &[u8]) -> bool {
        for &byte in &bytes[self.seen..] {
            self.seen += 1;
            match byte {
                b'"' => self.quoted = !self.quoted,
                b'\n' | b'\r' if !self.quoted => return true,
                _ if self.quoted => {}
                _ => {
                    if let Some(which) = SEPARATORS.iter().position(|&s| s == byte) {
                        self.counts[which] += 1;
                    }
                }
            }
        }
        false
    }
}

fn too_long<R: Read>(window: &Window<R>, what: String) -> FileError {
    let message = format!("the first line has {what}, so it is no CSV header");
    let hint = "begin the file with a line that names the columns";
    window.error(0, 0, FileErrorKind::Header, message, hint)
}

fn not_utf8<R: Read>(window: &Window<R>, end: usize) -> FileError {
    let valid =
        std::str::from_utf8(&window.rest()[..end]).map_or_else(|e| e.valid_up_to(), str::len);
    let message = "the file is not encoded in UTF-8";
    let hint = "if it comes from Windows, convert it: `iconv -f WINDOWS-1252 -t UTF-8`";
    window.error(valid, 0, FileErrorKind::Encoding, message, hint)
}

fn refuse_names<R: Read>(window: &Window<R>, columns: &[Column]) -> Result<(), FileError> {
    let unnamed: Vec<_> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.name.is_empty())
        .map(|(i, _)| (i + 1).to_string())
        .collect();
    let mut names = HashSet::new();
    let doubled: Vec<_> = columns
        .iter()
        .filter(|column| !names.insert(column.name.as_str()))
        .map(|column| format!("`{}`", column.name))
        .collect();
    let (message, hint) = if !unnamed.is_empty() {
        let which = list("column", &unnamed);
        (
            format!("the header gives no name to {which}"),
            "name every column, or remove the empty ones",
        )
    } else if !doubled.is_empty() {
        let which = list("column", &doubled);
        (
            format!("the header names {which} more than once"),
            "rename or remove all but one of them",
        )
    } else {
        return Ok(());
    };
    Err(window.error(0, 0, FileErrorKind::Header, message, hint))
}

fn list(noun: &str, items: &[String]) -> String {
    let shown = items
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    let plural = if items.len() == 1 { "" } else { "s" };
    let more = match items.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{noun}{plural} {shown}{more}")
}
