//! Writes profiles as CSV records.
//!
//! ```text
//!           text     "12"    "=1"     "{}"    {"a":1}        nothing  line end
//! Auth0     "'text"  "'12"   "'=1"    "'{}"   "{""a"":1}"    (empty)  LF
//! Formula   text     "12"    '=1      '{}     "{""a"":1}"    (empty)  CRLF
//! None      text     "12"    =1       {}      "{""a"":1}"    (empty)  CRLF
//! ```
//! Numbers and booleans stand bare; text that looks like one is quoted in columns of metadata. An empty text is `""`,
//! or `"'"` with Auth0's guard. What is read back is the same value, except that without a guard text that holds an
//! object or array (`{}`) is read as one, and a `'` before `=`, `+`, `-`, `@` or `'` is read as a guard.

use std::borrow::Cow;

use memchr::memchr;

use super::cell::{self, Kind};
use crate::field::{Field, PathError, Projector};
use crate::format::CsvGuard;
use crate::json::{self, RawJson};

/// Attributes that Auth0 writes itself; their dates have no guard.
const DATES: [&str; 5] = [
    "created_at",
    "updated_at",
    "last_login",
    "last_password_reset",
    "multifactor_last_modified",
];

/// What is known of a column.
#[derive(Debug, Clone, Copy)]
struct Column {
    kind: Kind,
    is_date: bool,
}

/// Writes CSV.
#[derive(Clone)]
pub(in crate::format) struct CsvEncoder {
    titles: Vec<String>,
    columns: Vec<Column>,
    projector: Projector,
    cells: CellWriter,
}

#[derive(Clone)]
struct CellWriter {
    guard: CsvGuard,
    scratch: String,
}

impl CsvEncoder {
    pub(in crate::format) fn new(fields: &[Field], guard: CsvGuard) -> Result<Self, PathError> {
        let column = |field: &Field| {
            let path = field.name.strip_prefix("user.").unwrap_or(&field.name);
            Column {
                kind: Kind::of(field.title()),
                is_date: DATES.contains(&path),
            }
        };
        Ok(Self {
            titles: fields
                .iter()
                .map(|field| field.title().to_owned())
                .collect(),
            columns: fields.iter().map(column).collect(),
            projector: Projector::new(fields)?,
            cells: CellWriter {
                guard,
                scratch: String::new(),
            },
        })
    }

    pub(in crate::format) fn header(&self, out: &mut Vec<u8>) {
        for (i, title) in self.titles.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            push_text(out, title, must_quote(title));
        }
        out.extend_from_slice(self.cells.line_end());
    }

    pub(in crate::format) fn record(&mut self, profile: RawJson<'_>, out: &mut Vec<u8>) {
        let Self {
            titles: _,
            columns,
            projector,
            cells,
        } = self;
        projector.with(profile, |values| cells.record(columns, values, out));
    }

    /// Appends the record of a packed profile.
    pub(in crate::format) fn packed(&mut self, packed: &str, out: &mut Vec<u8>) {
        let Self {
            titles: _,
            columns,
            projector,
            cells,
        } = self;
        projector.with_packed(packed, |values| cells.record(columns, values, out));
    }
}

impl CellWriter {
    fn record(&mut self, columns: &[Column], values: &[Option<RawJson<'_>>], out: &mut Vec<u8>) {
        for (i, (value, column)) in values.iter().zip(columns).enumerate() {
            if i > 0 {
                out.push(b',');
            }
            if let Some(value) = value.filter(|value| !value.is_null()) {
                self.cell(*column, value, out);
            } else if values.len() == 1 {
                // A blank line would be no record.
                out.extend_from_slice(b"\"\"");
            }
        }
        out.extend_from_slice(self.line_end());
    }

    fn line_end(&self) -> &'static [u8] {
        if self.guard == CsvGuard::Auth0 {
            b"\n"
        } else {
            b"\r\n"
        }
    }

    fn cell(&mut self, column: Column, value: RawJson<'_>, out: &mut Vec<u8>) {
        match value.kind() {
            json::Kind::String => self.text(column, value, out),
            json::Kind::Array | json::Kind::Object => {
                self.scratch.clear();
                json::canonical(value.text(), &mut self.scratch);
                // Without a guard, whatever the guard: it begins like no formula, and so it stays told from text.
                push_text(out, &self.scratch, must_quote(&self.scratch));
            }
            json::Kind::Null | json::Kind::Bool | json::Kind::Number => {
                out.extend_from_slice(value.text().as_bytes());
            }
        }
    }

    fn text(&self, column: Column, value: RawJson<'_>, out: &mut Vec<u8>) {
        let raw = value.text();
        let inner = raw.get(1..raw.len() - 1).unwrap_or_default();
        let escaped = memchr(b'\\', inner.as_bytes()).is_some();
        let text = if escaped {
            json::unescape(raw)
        } else {
            Cow::Borrowed(inner)
        };
        if self.guard == CsvGuard::Auth0 {
            let guard: &[u8] = if column.is_date && cell::is_iso_date(&text) {
                b"\""
            } else {
                b"\"'"
            };
            out.extend_from_slice(guard);
            push_doubled(out, &text, escaped);
            return out.push(b'"');
        }
        let guarded = self.guard == CsvGuard::Formula && cell::needs_formula_guard(&text);
        // Without escapes JSON text has neither quotes nor line ends.
        let special = if escaped {
            must_quote(&text)
        } else {
            memchr(b',', text.as_bytes()).is_some()
        };
        let looks_typed = column.kind == Kind::Any && !guarded && cell::is_scalar(&text);
        let quoted = special || text.is_empty() || looks_typed;
        if quoted {
            out.push(b'"');
        }
        if guarded {
            out.push(b'\'');
        }
        push_doubled(out, &text, escaped);
        if quoted {
            out.push(b'"');
        }
    }
}

fn must_quote(text: &str) -> bool {
    text.bytes()
        .any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
}

fn push_text(out: &mut Vec<u8>, text: &str, quoted: bool) {
    if quoted {
        out.push(b'"');
        push_doubled(out, text, true);
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Appends text with its quotes doubled, if it may have any.
fn push_doubled(out: &mut Vec<u8>, text: &str, may_have_quotes: bool) {
    let mut rest = text.as_bytes();
    while let Some(at) = may_have_quotes.then(|| memchr(b'"', rest)).flatten() {
        out.extend_from_slice(&rest[..=at]);
        out.push(b'"');
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}
