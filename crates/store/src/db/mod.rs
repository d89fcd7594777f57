//! One transaction on one of the two databases. Statements are written once, in what both understand:
//!
//! - placeholders are `?1`, `?2` …; whole numbers have 64 bits; a truth is 0 or 1;
//! - `INSERT … ON CONFLICT …` and `RETURNING`, not `INSERT OR …` nor the last row's number;
//! - `= ANY (?1)` compares with a list of numbers ([`Value::Ints`]);
//! - a sum is cast (`CAST(sum(users) AS BIGINT)`), a subquery in `FROM` has a name, a `LIMIT` is not negative.
//!
//! What cannot be said so stands in this folder.

mod postgres;
mod sqlite;
mod value;

use std::ops::ControlFlow;

use rusqlite::Connection as Sqlite;

use crate::error::StoreError;

pub use self::postgres::PostgresUrl;
pub(crate) use self::postgres::{PostgresReader, PostgresServer, Session};
pub(crate) use self::sqlite::{SqliteFile, SqliteReader};
pub(crate) use self::value::{Row, Value, values};

/// An open transaction, or a connection that is in one.
#[derive(Clone, Copy)]
pub(crate) enum Db<'a> {
    Sqlite(&'a Sqlite),
    Postgres(&'a Session),
}

impl<'a> Db<'a> {
    /// Runs a statement; returns how many rows it touched.
    pub(crate) fn execute(
        &self,
        doing: &'static str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(db) => sqlite::execute(db, doing, sql, values),
            Self::Postgres(session) => session.execute(doing, sql, values),
        }
    }

    /// Returns all rows, each as `read` makes of it.
    pub(crate) fn rows<T>(
        &self,
        doing: &'static str,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        let mut each = |row: &Row<'_>| {
            rows.push(read(row)?);
            Ok(ControlFlow::Continue(()))
        };
        match self {
            Self::Sqlite(db) => sqlite::each(db, doing, sql, values, &mut each)?,
            Self::Postgres(session) => session.all(doing, sql, values, &mut each)?,
        }
        Ok(rows)
    }

    /// Returns the first row, if there is one.
    pub(crate) fn row<T>(
        &self,
        doing: &'static str,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let (mut found, mut read) = (None, Some(read));
        let mut each = |row: &Row<'_>| {
            if let Some(read) = read.take() {
                found = Some(read(row)?);
            }
            Ok(ControlFlow::Break(()))
        };
        match self {
            Self::Sqlite(db) => sqlite::each(db, doing, sql, values, &mut each)?,
            Self::Postgres(session) => session.all(doing, sql, values, &mut each)?,
        }
        Ok(found)
    }

    /// Hands row after row to `each`, in bounded memory. Nothing else runs in the transaction meanwhile.
    pub(crate) fn each(
        &self,
        doing: &'static str,
        sql: &str,
        values: &[Value<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(db) => sqlite::each(db, doing, sql, values, &mut each),
            Self::Postgres(session) => session.each(doing, sql, values, &mut each),
        }
    }

    /// Returns SQLite's connection, for what must be as fast as it gets.
    pub(crate) fn as_sqlite(&self) -> Option<&'a Sqlite> {
        match self {
            Self::Sqlite(db) => Some(db),
            Self::Postgres(_) => None,
        }
    }

    /// Runs `work` with PostgreSQL's client, which is in this transaction: for COPY. `work` neither commits nor rolls
    /// back, and uses no other way into the transaction meanwhile.
    pub(crate) fn with_postgres<T>(
        &self,
        work: impl FnOnce(&mut ::postgres::Client) -> T,
    ) -> Option<T> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(session) => Some(session.with_client(work)),
        }
    }
}
