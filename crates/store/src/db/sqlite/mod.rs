//! Statements on SQLite.

mod file;
mod readers;

use std::borrow::Cow;
use std::ops::ControlFlow;

use rusqlite::{Connection as Sqlite, params_from_iter};

use super::value::{Row, Value};
use crate::error::StoreError;

pub(crate) use self::file::SqliteFile;
pub(crate) use self::readers::Reader as SqliteReader;

pub(super) fn execute(
    db: &Sqlite,
    doing: &'static str,
    sql: &str,
    values: &[Value<'_>],
) -> Result<u64, StoreError> {
    db.prepare_cached(&dialect(sql))
        .and_then(|mut statement| statement.execute(params_from_iter(values)))
        .map(|rows| rows as u64)
        .map_err(StoreError::sql(doing))
}

pub(super) fn each(
    db: &Sqlite,
    doing: &'static str,
    sql: &str,
    values: &[Value<'_>],
    each: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
) -> Result<(), StoreError> {
    let error = StoreError::sql(doing);
    let mut statement = db.prepare_cached(&dialect(sql)).map_err(&error)?;
    let mut rows = statement.query(params_from_iter(values)).map_err(&error)?;
    while let Some(row) = rows.next().map_err(&error)? {
        if each(&Row::sqlite(doing, row))?.is_break() {
            break;
        }
    }
    Ok(())
}

/// SQLite has no lists; a JSON array does as well.
fn dialect(sql: &str) -> Cow<'_, str> {
    const ANY: &str = "= ANY (";
    if !sql.contains(ANY) {
        return Cow::Borrowed(sql);
    }
    let mut parts = sql.split(ANY);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once(')').unwrap_or((part, ""));
        text += &format!("IN (SELECT value FROM json_each({number})){rest}");
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::super::{Db, values};
    use super::*;

    #[test]
    fn a_list_of_numbers_is_compared_with() {
        let sqlite = Sqlite::open_in_memory().unwrap();
        let db = Db::Sqlite(&sqlite);
        let found = db.rows(
            "testing",
            "WITH all_of(n) AS (VALUES (1), (2), (3)) SELECT n FROM all_of WHERE n = ANY (?1) AND n < ?2",
            values![&[3_i64, 2][..], 3_i64],
            |row| row.int(0),
        );
        assert_eq!(found.unwrap(), [2]);
    }

    /// The rows that `INSERT … RETURNING` makes are there although only the first is read.
    #[test]
    fn a_statement_that_returns_rows_runs_to_its_end() {
        let sqlite = Sqlite::open_in_memory().unwrap();
        let db = Db::Sqlite(&sqlite);
        db.execute("testing", "CREATE TABLE t (n INTEGER)", &[])
            .unwrap();
        let first = db.row(
            "testing",
            "INSERT INTO t VALUES (?1), (?2) RETURNING n",
            values![7_i64, 8_i64],
            |row| row.int(0),
        );
        assert_eq!(first.unwrap(), Some(7));
        let count = db.row("testing", "SELECT count(*) FROM t", &[], |row| row.int(0));
        assert_eq!(count.unwrap(), Some(2));
    }
}
