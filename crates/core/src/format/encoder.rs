//! The door to all encoders: profiles in, bytes of the artifact out.
//!
//! Records are encoded in chunks by several threads, each with its own clone, and a writer joins them:
//! `begin`, then the chunks with [`Encoder::between`] between those that are not empty, then `end`.

use crate::field::PathError;
use crate::job::ExportOptions;
use crate::json::RawJson;

/// Writes profiles in one format.
#[derive(Debug, Clone)]
pub struct Encoder {}

impl Encoder {
    /// Prepares the columns.
    pub fn new(options: &ExportOptions) -> Result<Self, PathError> {
        todo!()
    }

    /// Appends what stands before the first record.
    pub fn begin(&self, out: &mut Vec<u8>) {
        todo!()
    }

    /// Appends one record; `first` says whether it is the first of its chunk.
    pub fn record(&mut self, first: bool, profile: RawJson<'_>, out: &mut Vec<u8>) {
        todo!()
    }

    /// Returns what stands between two chunks that are not empty.
    pub fn between(&self) -> &'static [u8] {
        todo!()
    }

    /// Appends what stands after the last of `rows` records.
    pub fn end(&self, rows: u64, out: &mut Vec<u8>) {
        todo!()
    }
}
