//! A row: one user as a file gave it, where it stood, and what is wrong with it.

use serde::{Deserialize, Serialize};

use crate::import::codes::Code;

/// Where a row or a fault stands in the (decompressed) input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// Number of the row, counted from 1; a CSV header is no row.
    pub row: u64,
    /// Line, counted from 1.
    pub line: u64,
    /// Column in characters of the line, counted from 1.
    pub column: u64,
    /// Offset in bytes, counted from 0.
    pub byte: u64,
}

/// One problem of one row. Bad data is a value, never a failure of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowError {
    pub code: Code,
    /// Auth0's own words where they are known.
    pub message: String,
    /// Where in Auth0's internal record (`identities[0].profileData.email`); conflicts have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What to do about it, in our words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}
