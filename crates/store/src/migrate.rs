//! Schema versions, forward only: a released migration is never edited.

use std::path::Path;

use rusqlite::Connection as Sqlite;

use crate::error::StoreError;

const MIGRATIONS: [&str; 1] = [include_str!("../migrations/sqlite/0001_start.sql")];

/// Brings the schema up to date; `user_version` counts the migrations that have run.
pub(crate) fn sqlite(db: &mut Sqlite, path: &Path) -> Result<(), StoreError> {
    let error = StoreError::sql("bringing the schema up to date");
    let known = MIGRATIONS.len() as i64;
    let version = |db: &Sqlite| db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    let found = version(db).map_err(&error)?;
    if found > known {
        return Err(StoreError::TooNew {
            path: path.to_owned(),
            found,
            known,
        });
    }
    if found == known {
        return Ok(());
    }
    let tx = db
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(&error)?;
    // Read again inside the lock: another process may have been first.
    let found = version(&tx).map_err(&error)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(migration).map_err(&error)?;
    }
    tx.pragma_update(None, "user_version", known)
        .map_err(&error)?;
    tx.commit().map_err(&error)
}
