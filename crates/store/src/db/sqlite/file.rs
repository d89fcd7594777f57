//! The store's file on SQLite: its writer, its readers, its log.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection as Sqlite, TransactionBehavior};

use super::readers::{Reader, Readers};
use crate::db::Db;
use crate::error::StoreError;
use crate::migrate;

/// SQLite's page cache of the writer. Dirty pages of the key table live here while a batch is applied; what does not
/// fit is spilled to the log, which costs time but not memory.
const WRITER_CACHE_KIB: i64 = 96 * 1024;
/// A scan reads each page once, so readers need little.
const READER_CACHE_KIB: i64 = 4 * 1024;
/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(60);
/// Larger pages than SQLite's default: profiles of one to two kilobytes waste less of them.
const PAGE_BYTES: i64 = 8192;
/// Pages in the log (512 MiB) after which a commit folds it into the database itself. Imports fold beside the writer, who
/// then finds little left to do; without it the log would grow as long as there is always something new in it.
const CHECKPOINT_PAGES: i64 = 64 * 1024;

/// A store in a file.
pub(crate) struct SqliteFile {
    writer: Mutex<Sqlite>,
    readers: Readers,
}

impl SqliteFile {
    /// Opens the file, or makes it, and brings its schema up to date.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::CreateFolder {
                path: folder.to_owned(),
                source,
            })?;
        }
        let mut writer = open_prepared(path, WRITER_CACHE_KIB)?;
        restrict_to_owner(path);
        migrate::sqlite(&mut writer, path)?;
        Ok(Self {
            writer: Mutex::new(writer),
            readers: Readers::new(path.to_owned()),
        })
    }

    /// A panic while writing rolled its transaction back, so the connection is sound.
    fn writer(&self) -> MutexGuard<'_, Sqlite> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` in one write transaction; `durable` waits until the disk has it. Every commit counts up, so that
    /// readers can tell snapshots apart.
    pub(crate) fn write<T>(
        &self,
        durable: bool,
        doing: &'static str,
        work: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let error = StoreError::sql(doing);
        let mut writer = self.writer();
        let synchronous = if durable { "FULL" } else { "NORMAL" };
        writer
            .pragma_update(None, "synchronous", synchronous)
            .map_err(&error)?;
        let tx = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&error)?;
        let result = work(&Db::Sqlite(&tx))?;
        tx.prepare_cached("UPDATE settings SET value = value + 1 WHERE name = 'commits'")
            .and_then(|mut statement| statement.execute([]))
            .map_err(&error)?;
        tx.commit().map_err(&error)?;
        Ok(result)
    }

    /// Runs `work` on a reading connection, in one read transaction.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let reader = self.readers.take()?;
        let tx = reader
            .unchecked_transaction()
            .map_err(StoreError::sql(doing))?;
        work(&Db::Sqlite(&tx))
    }

    pub(crate) fn reader(&self) -> Result<Reader, StoreError> {
        self.readers.take()
    }

    /// Opens a connection that folds the log beside the writer.
    pub(crate) fn log_folder(&self) -> Result<Sqlite, StoreError> {
        open_prepared(self.readers.path(), READER_CACHE_KIB)
    }

    /// Folds the whole log and empties it, unless a reader still needs it.
    pub(crate) fn checkpoint(&self) -> Result<(), StoreError> {
        let error = StoreError::sql("folding the log into the database");
        let writer = self.writer();
        writer.busy_timeout(Duration::ZERO).map_err(&error)?;
        let folded = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        writer.busy_timeout(BUSY_TIMEOUT).map_err(&error)?;
        folded.map_err(&error)
    }
}

fn open_prepared(path: &Path, cache_kib: i64) -> Result<Sqlite, StoreError> {
    let open_error = |source| StoreError::Open {
        path: path.to_owned(),
        source,
    };
    let connection = Sqlite::open(path).map_err(open_error)?;
    prepare(&connection, cache_kib).map_err(open_error)?;
    Ok(connection)
}

/// Sets what SQLite forgets between connections.
fn prepare(connection: &Sqlite, cache_kib: i64) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Opens one more connection for reading.
pub(super) fn open_reader(path: &Path) -> Result<Sqlite, StoreError> {
    let open_error = |source| StoreError::Open {
        path: path.to_owned(),
        source,
    };
    let flags =
        rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Sqlite::open_with_flags(path, flags).map_err(open_error)?;
    prepare(&reader, READER_CACHE_KIB).map_err(open_error)?;
    reader
        .pragma_update(None, "query_only", "ON")
        .map_err(open_error)?;
    Ok(reader)
}

/// The file holds password hashes: nobody but its owner may read it.
#[cfg(unix)]
fn restrict_to_owner(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // A file system without permissions (vfat) refuses; the store works all the same.
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
}

#[cfg(not(unix))]
fn restrict_to_owner(_: &Path) {}
