//! Schema versions, forward only: a released migration is never edited.

use std::path::Path;

use rusqlite::Connection as Sqlite;

use crate::db::{Db, PostgresServer, values};
use crate::error::StoreError;

const SQLITE: [&str; 1] = [include_str!("../migrations/sqlite/0001_start.sql")];
const POSTGRES: [&str; 1] = [include_str!("../migrations/postgres/0001_start.sql")];

const DOING: &str = "bringing the schema up to date";

/// Brings the schema up to date; `user_version` counts the migrations that have run.
pub(crate) fn sqlite(db: &mut Sqlite, path: &Path) -> Result<(), StoreError> {
    let error = StoreError::sql(DOING);
    let known = SQLITE.len() as i64;
    let version = |db: &Sqlite| db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    let found = version(db).map_err(&error)?;
    if found == known {
        return Ok(());
    }
    if found > known {
        return Err(too_new(path.display().to_string(), found, known));
    }
    let tx = db
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(&error)?;
    // Read again inside the lock: another process may have been first.
    let found = version(&tx).map_err(&error)?;
    for migration in missing(&SQLITE, found) {
        tx.execute_batch(migration).map_err(&error)?;
    }
    tx.pragma_update(None, "user_version", known)
        .map_err(&error)?;
    tx.commit().map_err(&error)
}

/// Brings the schema up to date, or makes it if it may; the table `schema_version` counts the migrations that have run.
pub(crate) fn postgres(server: &PostgresServer, create: bool) -> Result<(), StoreError> {
    let known = POSTGRES.len() as i64;
    let schema = server.schema();
    let found = server.read(DOING, |db| version(db, schema))?;
    match found {
        Some(found) if found == known => return Ok(()),
        Some(found) if found > known => {
            return Err(too_new(server.to_string(), found, known));
        }
        None if !create => return Err(StoreError::Missing(server.to_string())),
        _ => {}
    }
    server.write(true, DOING, |db| {
        let Db::Postgres(session) = db else {
            return Ok(());
        };
        // Another process may have been first.
        let found = version(db, schema)?;
        if found.is_none() {
            make_schema(db, server)?;
        }
        for migration in missing(&POSTGRES, found.unwrap_or(0)) {
            session.batch(DOING, migration)?;
        }
        db.execute(
            DOING,
            "UPDATE schema_version SET version = ?1",
            values![known],
        )?;
        Ok(())
    })
}

/// Makes the schema, unless somebody made it for us: then we need no right to.
fn make_schema(db: &Db<'_>, server: &PostgresServer) -> Result<(), StoreError> {
    let is_there = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = ?1";
    let is_there = db.row(DOING, is_there, values![server.schema()], |_| Ok(()))?;
    if is_there.is_none() {
        let make = format!("CREATE SCHEMA {}", server.quoted_schema());
        db.execute(DOING, &make, &[])?;
    }
    let table = "CREATE TABLE schema_version (version BIGINT NOT NULL)";
    db.execute(DOING, table, &[])?;
    db.execute(DOING, "INSERT INTO schema_version VALUES (0)", &[])?;
    Ok(())
}

/// Returns the version of the schema, if there is one.
fn version(db: &Db<'_>, schema: &str) -> Result<Option<i64>, StoreError> {
    let table = "SELECT 1 FROM pg_catalog.pg_tables
        WHERE schemaname = ?1 AND tablename = 'schema_version'";
    if db.row(DOING, table, values![schema], |_| Ok(()))?.is_none() {
        return Ok(None);
    }
    db.row(DOING, "SELECT version FROM schema_version", &[], |row| {
        row.int(0)
    })
}

fn missing(migrations: &'static [&'static str], found: i64) -> impl Iterator<Item = &'static str> {
    let found = usize::try_from(found).unwrap_or(0);
    migrations.iter().skip(found).copied()
}

fn too_new(store: String, found: i64, known: i64) -> StoreError {
    StoreError::TooNew {
        store,
        found,
        known,
    }
}
