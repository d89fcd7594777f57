//! The door to all encoders: profiles in, bytes of the artifact out.
//!
//! Records are encoded in chunks by several threads, each with its own clone, and a writer joins them:
//! `begin`, then the chunks with [`Encoder::between`] between those that are not empty, then `end`.

use std::fmt;

use super::OutputFormat;
use super::csv::CsvEncoder;
use super::json::JsonEncoder;
use crate::field::{PathError, default_fields};
use crate::job::ExportOptions;
use crate::json::RawJson;

/// Writes profiles in one format.
#[derive(Clone)]
pub struct Encoder {
    shape: Shape,
}

#[derive(Clone)]
enum Shape {
    Json(JsonEncoder),
    Ndjson(JsonEncoder),
    Csv(CsvEncoder),
}

/// What stands between the elements of a JSON array.
const COMMA: &[u8] = b",\n";

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.shape {
            Shape::Json(_) => "Encoder(json)",
            Shape::Ndjson(_) => "Encoder(ndjson)",
            Shape::Csv(_) => "Encoder(csv)",
        })
    }
}

impl Encoder {
    /// Prepares the columns.
    pub fn new(options: &ExportOptions) -> Result<Self, PathError> {
        let fields = &options.fields;
        let shape = match options.format {
            OutputFormat::Json => Shape::Json(JsonEncoder::new(fields)?),
            OutputFormat::Ndjson => Shape::Ndjson(JsonEncoder::new(fields)?),
            OutputFormat::Csv if fields.is_empty() => {
                Shape::Csv(CsvEncoder::new(&default_fields(false), options.csv_guard)?)
            }
            OutputFormat::Csv => Shape::Csv(CsvEncoder::new(fields, options.csv_guard)?),
        };
        Ok(Self { shape })
    }

    /// Appends what stands before the first record.
    pub fn begin(&self, out: &mut Vec<u8>) {
        match &self.shape {
            Shape::Json(_) => out.push(b'['),
            Shape::Ndjson(_) => {}
            Shape::Csv(csv) => csv.header(out),
        }
    }

    /// Appends one record; `first` says whether it is the first of its chunk.
    pub fn record(&mut self, first: bool, profile: RawJson<'_>, out: &mut Vec<u8>) {
        self.before(first, out);
        match &mut self.shape {
            Shape::Json(json) | Shape::Ndjson(json) => json.record(profile, out),
            Shape::Csv(csv) => csv.record(profile, out),
        }
        self.after(out);
    }

    /// Does the same for a packed profile, as the store keeps it.
    pub fn packed(&mut self, first: bool, packed: &str, out: &mut Vec<u8>) {
        self.before(first, out);
        match &mut self.shape {
            Shape::Json(json) | Shape::Ndjson(json) => json.packed(packed, out),
            Shape::Csv(csv) => csv.packed(packed, out),
        }
        self.after(out);
    }

    fn before(&self, first: bool, out: &mut Vec<u8>) {
        if matches!(self.shape, Shape::Json(_)) && !first {
            out.extend_from_slice(COMMA);
        }
    }

    fn after(&self, out: &mut Vec<u8>) {
        if matches!(self.shape, Shape::Ndjson(_)) {
            out.push(b'\n');
        }
    }

    /// Returns what stands between two chunks that are not empty.
    pub fn between(&self) -> &'static [u8] {
        if matches!(self.shape, Shape::Json(_)) {
            COMMA
        } else {
            b""
        }
    }

    /// Appends what stands after the last of `rows` records.
    pub fn end(&self, rows: u64, out: &mut Vec<u8>) {
        if matches!(self.shape, Shape::Json(_)) {
            let end: &[u8] = if rows == 0 { b"]\n" } else { b"\n]\n" };
            out.extend_from_slice(end);
        }
    }
}
