//! Checks a file without writing.

use purser_core::import::Rules;
use purser_core::job::ImportOptions;
use purser_store::FailedRow;

use crate::{EngineError, Input, Watch};

/// What a check of a whole file found.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    pub rows: u64,
    pub invalid: u64,
    /// Why the file could not be read to its end; the rows before are counted.
    pub broken: Option<purser_core::job::JobFailure>,
    pub notes: Vec<String>,
}

/// Checks every row by the rules of an import, and identifiers that stand twice in the file; hands each bad row to `each`.
pub fn check(
    _input: Input,
    _rules: &Rules,
    _options: &ImportOptions,
    _watch: &Watch,
    _each: &mut dyn FnMut(&FailedRow) -> Result<(), EngineError>,
) -> Result<Checked, EngineError> {
    Err(EngineError::Stopping)
}
