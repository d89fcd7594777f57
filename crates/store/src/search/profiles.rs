//! Reading profiles inside a transaction: a range of numbers, or certain ones.

use std::ops::ControlFlow;

use crate::db::{Db, Value, values};
use crate::error::StoreError;
use crate::scan::{packed, scan_sqlite};

const DOING: &str = "reading users";

/// Hands the users numbered `from..=to` to `each`, in order, until it breaks: number and packed profile. PostgreSQL leaves
/// out those whose profile lacks `needle`: what is not sent need not be read.
pub(super) fn scan(
    db: &Db<'_>,
    (from, to): (i64, i64),
    connection: Option<i64>,
    needle: Option<&str>,
    mut each: impl FnMut(i64, &str) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    if let Some(sqlite) = db.as_sqlite() {
        return scan_sqlite(sqlite, connection, (from, to), &mut each);
    }
    db.each(
        DOING,
        "SELECT pk, profile FROM users WHERE pk BETWEEN ?1 AND ?2
           AND (?3 IS NULL OR connection = ?3) AND (?4 IS NULL OR strpos(profile, ?4) > 0)
         ORDER BY pk",
        values![from, to, connection, needle],
        |row| Ok(each(row.int(0)?, row.text(1)?)),
    )
}

/// Hands some users to `each`, in the order of `pks`, with the place of their number in it, until it breaks; users that are
/// not there, or not of the connection, are left out.
pub(super) fn fetch(
    db: &Db<'_>,
    pks: &[i64],
    connection: Option<i64>,
    mut each: impl FnMut(usize, &str) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let Some(sqlite) = db.as_sqlite() else {
        return fetch_postgres(db, pks, connection, &mut each);
    };
    let error = StoreError::sql(DOING);
    let mut statement = sqlite
        .prepare_cached(
            "SELECT profile FROM users WHERE pk = ?1 AND (?2 IS NULL OR connection = ?2)",
        )
        .map_err(&error)?;
    for (index, pk) in pks.iter().enumerate() {
        let mut rows = statement.query((pk, connection)).map_err(&error)?;
        if let Some(row) = rows.next().map_err(&error)?
            && each(index, packed(row.get_ref(0).map_err(&error)?)?).is_break()
        {
            break;
        }
    }
    Ok(())
}

/// Users fetched by one statement; bounds the memory.
const FETCHED: usize = 1000;

fn fetch_postgres(
    db: &Db<'_>,
    pks: &[i64],
    connection: Option<i64>,
    each: &mut impl FnMut(usize, &str) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    for (chunk, wanted) in pks.chunks(FETCHED).enumerate() {
        let sql = "SELECT pk, profile FROM users
                   WHERE pk = ANY (?1) AND (?2 IS NULL OR connection = ?2)";
        let read = |row: &crate::db::Row<'_>| Ok((row.int(0)?, row.string(1)?));
        let values = &[Value::Ints(wanted), Value::Int(connection)];
        let found: std::collections::HashMap<i64, String> =
            db.rows(DOING, sql, values, read)?.into_iter().collect();
        for (index, pk) in wanted.iter().enumerate() {
            if let Some(packed) = found.get(pk)
                && each(chunk * FETCHED + index, packed).is_break()
            {
                return Ok(());
            }
        }
    }
    Ok(())
}
