//! The report of failed rows.

use std::io::Write;

use purser_core::format::OutputFormat;
use purser_core::id::JobId;
use purser_store::Store;

use crate::EngineError;

/// Writes the failed rows of a job, in the order of the file; returns how many.
///
/// JSON and NDJSON: `{"row", "line", "byte", "errors": [{code, message, path?, hint?}], "user": {…}}` a row; CSV: the same columns.
pub fn write(
    _store: &Store,
    _job: &JobId,
    _format: OutputFormat,
    _out: &mut dyn Write,
) -> Result<u64, EngineError> {
    Err(EngineError::Stopping)
}
