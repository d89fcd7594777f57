//! Opening a store by its URL.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use purser_core::clock::Timestamp;
use rusqlite::Connection as Sqlite;

use crate::error::StoreError;
use crate::keys::KeyHasher;
use crate::{migrate, pool::Readers, settings};

/// Where a store lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    Sqlite(PathBuf),
}

impl StoreUrl {
    /// Reads `sqlite:PATH`, `sqlite://PATH` or a bare path.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let path = text
            .strip_prefix("sqlite://")
            .or_else(|| text.strip_prefix("sqlite:"));
        match path {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            None if !text.is_empty() && !text.contains("://") => Ok(Self::Sqlite(text.into())),
            _ => Err(StoreError::UnknownUrl(text.to_owned())),
        }
    }

    /// Returns the folder for uploads and artifacts that belong to the store.
    pub fn files_folder(&self) -> PathBuf {
        let Self::Sqlite(path) = self;
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push("-files");
        path.with_file_name(name)
    }
}

impl std::fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Sqlite(path) = self;
        write!(f, "sqlite:{}", path.display())
    }
}

/// How to open a store. Time and randomness come from outside.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Make the store if there is none; otherwise its absence is an error.
    pub create: bool,
    /// Used when the store is made: tenant's name, secrets, the first connection's id.
    pub tenant: String,
    pub random: [u8; 64],
    pub now: Timestamp,
}

/// A tenant's store; clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) writer: Mutex<Sqlite>,
    pub(crate) readers: Readers,
    pub(crate) hasher: KeyHasher,
    pub(crate) files: PathBuf,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

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

impl Store {
    pub fn open(url: &StoreUrl, options: &OpenOptions) -> Result<Self, StoreError> {
        let StoreUrl::Sqlite(path) = url;
        // Jobs keep the paths of their files, and another process may start in another folder.
        let path = &std::path::absolute(path).map_err(|source| StoreError::CreateFolder {
            path: path.clone(),
            source,
        })?;
        if !options.create && !path.exists() {
            return Err(StoreError::Missing(path.clone()));
        }
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::CreateFolder {
                path: folder.to_owned(),
                source,
            })?;
        }
        let open_error = |source| StoreError::Open {
            path: path.clone(),
            source,
        };
        let mut writer = Sqlite::open(path).map_err(open_error)?;
        prepare(&writer, WRITER_CACHE_KIB).map_err(open_error)?;
        restrict_to_owner(path);
        migrate::run(&mut writer, path)?;
        settings::fill(&mut writer, options)?;
        let hasher = settings::key_hasher(&writer)?;
        Ok(Self {
            inner: Arc::new(Inner {
                writer: Mutex::new(writer),
                readers: Readers::new(path.clone()),
                hasher,
                files: StoreUrl::Sqlite(path.clone()).files_folder(),
            }),
        })
    }

    /// Returns the folder for uploads and artifacts.
    pub fn files_folder(&self) -> &Path {
        &self.inner.files
    }

    /// Runs `work` in one write transaction that survives a loss of power once it is committed.
    pub(crate) fn write<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.write_synced("FULL", doing, work)
    }

    /// Runs a step of a job. A loss of power may undo the last steps, checkpoint and all, and the job does them again;
    /// so they need not wait for the disk. What ends a job is written by [`Self::write`], which waits for all of them.
    pub(crate) fn write_step<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.write_synced("NORMAL", doing, work)
    }

    /// Every commit counts up, so that readers can tell snapshots apart.
    fn write_synced<T>(
        &self,
        synchronous: &'static str,
        doing: &'static str,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // A panic while writing rolled its transaction back, so the connection is sound.
        let mut writer = self
            .inner
            .writer
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        writer
            .pragma_update(None, "synchronous", synchronous)
            .map_err(StoreError::sql(doing))?;
        let tx = writer
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(StoreError::sql(doing))?;
        let result = work(&tx)?;
        tx.prepare_cached("UPDATE settings SET value = value + 1 WHERE name = 'commits'")
            .and_then(|mut statement| statement.execute([]))
            .map_err(StoreError::sql(doing))?;
        tx.commit().map_err(StoreError::sql(doing))?;
        Ok(result)
    }

    /// Runs `work` on a reading connection, in one read transaction.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Sqlite) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let reader = self.inner.readers.take()?;
        let tx = reader
            .unchecked_transaction()
            .map_err(StoreError::sql(doing))?;
        work(&tx)
    }

    /// Opens a connection that folds the log into the database beside the writer, see [`LogFolder`].
    pub fn log_folder(&self) -> Result<LogFolder, StoreError> {
        let path = self.inner.readers.path();
        let open_error = |source| StoreError::Open {
            path: path.to_owned(),
            source,
        };
        let connection = Sqlite::open(path).map_err(open_error)?;
        prepare(&connection, READER_CACHE_KIB).map_err(open_error)?;
        Ok(LogFolder(connection))
    }

    /// Folds the write-ahead log back into the database and empties it, unless a reader still needs it: an export may
    /// read for minutes, and no writer shall wait for that.
    pub fn checkpoint_log(&self) -> Result<(), StoreError> {
        let error = StoreError::sql("folding the log into the database");
        let writer = self
            .inner
            .writer
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        writer.busy_timeout(Duration::ZERO).map_err(&error)?;
        let folded = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        writer.busy_timeout(BUSY_TIMEOUT).map_err(&error)?;
        folded.map_err(&error)
    }
}

/// Copies what was committed from the write-ahead log into the database while the writer goes on: writing and syncing
/// the database is half of an import's time at the disk, and need not be the writer's.
pub struct LogFolder(Sqlite);

impl LogFolder {
    /// Folds what is committed and no reader still needs; waits for nobody.
    pub fn fold(&self) -> Result<(), StoreError> {
        self.0
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            .map_err(StoreError::sql("folding the log into the database"))
    }
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
pub(crate) fn open_reader(path: &Path) -> Result<Sqlite, StoreError> {
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
