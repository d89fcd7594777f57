//! The table of rows that an import could not take, with their reasons.

use purser_core::id::JobId;
use purser_core::row::RowError;
use rusqlite::{Connection as Sqlite, params};

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

pub(crate) fn insert(db: &Sqlite, job: i64, rows: &[FailedRow]) -> Result<(), StoreError> {
    let error = StoreError::sql("writing row errors");
    let mut statement = db
        .prepare_cached("INSERT INTO row_errors VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .map_err(&error)?;
    for FailedRow {
        row,
        line,
        byte,
        record,
        errors,
    } in rows
    {
        statement
            .execute(params![job, row, line, byte, record, errors])
            .map_err(&error)?;
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
        let error = StoreError::sql("reading row errors");
        let reader = self.inner.readers.take()?;
        let mut statement = reader
            .prepare_cached(
                "SELECT row, line, byte, record, errors FROM row_errors
                 WHERE job = (SELECT pk FROM jobs WHERE id = ?1) ORDER BY row",
            )
            .map_err(&error)?;
        let mut rows = statement.query([id.as_str()]).map_err(&error)?;
        while let Some(row) = rows.next().map_err(&error)? {
            let read = || -> rusqlite::Result<FailedRow> {
                Ok(FailedRow {
                    row: row.get(0)?,
                    line: row.get(1)?,
                    byte: row.get(2)?,
                    record: row.get(3)?,
                    errors: row.get(4)?,
                })
            };
            each(read().map_err(&error)?)?;
        }
        Ok(())
    }

    pub fn has_row_errors(&self, id: &JobId) -> Result<bool, StoreError> {
        self.read("reading row errors", |db| {
            db.query_row(
                "SELECT EXISTS (SELECT 1 FROM row_errors WHERE job = (SELECT pk FROM jobs WHERE id = ?1))",
                [id.as_str()],
                |row| row.get(0),
            )
            .map_err(StoreError::sql("reading row errors"))
        })
    }
}
