//! The table of rows that an import could not take, with their reasons.

use std::ops::ControlFlow;

use purser_core::id::JobId;
use purser_core::row::RowError;

use crate::db::{Db, Row, values};
use crate::error::StoreError;
use crate::open::Store;

/// One row that failed.
#[derive(Clone, PartialEq, Eq)]
pub struct FailedRow {
    pub row: u64,
    pub line: u64,
    pub byte: u64,
    /// The record as submitted, secrets masked: canonical JSON.
    pub record: String,
    /// JSON array of `{code, message, path?, hint?}`.
    pub errors: String,
}

/// Holds personal data.
impl std::fmt::Debug for FailedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FailedRow(row {})", self.row)
    }
}

impl FailedRow {
    pub fn new(
        (row, line, byte): (u64, u64, u64),
        record: String,
        errors: &[RowError],
    ) -> Result<Self, StoreError> {
        let errors =
            serde_json::to_string(errors).map_err(StoreError::corrupt("writing row errors"))?;
        Ok(Self {
            row,
            line,
            byte,
            record,
            errors,
        })
    }
}

fn from_row(row: &Row<'_>) -> Result<FailedRow, StoreError> {
    Ok(FailedRow {
        row: row.count(0)?,
        line: row.count(1)?,
        byte: row.count(2)?,
        record: row.string(3)?,
        errors: row.string(4)?,
    })
}

pub(crate) fn insert(db: &Db<'_>, job: i64, rows: &[FailedRow]) -> Result<(), StoreError> {
    for FailedRow {
        row,
        line,
        byte,
        record,
        errors,
    } in rows
    {
        db.execute(
            "writing row errors",
            "INSERT INTO row_errors VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            values![job, *row, *line, *byte, record, errors],
        )?;
    }
    Ok(())
}

impl Store {
    /// Hands the failed rows of a job to `each`, in the order of the file.
    pub fn scan_row_errors<E: From<StoreError>>(
        &self,
        id: &JobId,
        mut each: impl FnMut(FailedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let doing = "reading row errors";
        let mut refused = None;
        self.read(doing, |db| {
            db.each(
                doing,
                "SELECT row, line, byte, record, errors FROM row_errors
                 WHERE job = (SELECT pk FROM jobs WHERE id = ?1) ORDER BY row",
                values![id.as_str()],
                |row| match each(from_row(row)?) {
                    Ok(()) => Ok(ControlFlow::Continue(())),
                    Err(error) => {
                        refused = Some(error);
                        Ok(ControlFlow::Break(()))
                    }
                },
            )
        })?;
        refused.map_or(Ok(()), Err)
    }

    pub fn has_row_errors(&self, id: &JobId) -> Result<bool, StoreError> {
        let doing = "reading row errors";
        let sql = "SELECT EXISTS (SELECT 1 FROM row_errors WHERE job = (SELECT pk FROM jobs WHERE id = ?1))";
        let has = self.read(doing, |db| {
            db.row(doing, sql, values![id.as_str()], |row| row.is_true(0))
        })?;
        Ok(has.unwrap_or(false))
    }
}
