//! Opening a store by its URL.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use purser_core::clock::Timestamp;
use rusqlite::Connection as Sqlite;

use crate::db::{Db, SqliteFile};
use crate::error::StoreError;
use crate::keys::KeyHasher;
use crate::settings;

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
    pub(crate) base: Base,
    pub(crate) hasher: KeyHasher,
    pub(crate) files: PathBuf,
}

/// The database below.
pub(crate) enum Base {
    Sqlite(SqliteFile),
}

impl Base {
    fn write<T>(
        &self,
        durable: bool,
        doing: &'static str,
        work: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(file) => file.write(durable, doing, work),
        }
    }

    fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(file) => file.read(doing, work),
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

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
        let base = Base::Sqlite(SqliteFile::open(path)?);
        let files = StoreUrl::Sqlite(path.clone()).files_folder();
        let doing = "preparing a new store";
        if !base.read(doing, settings::is_filled)? {
            base.write(true, doing, |db| settings::fill(db, options))?;
        }
        let hasher = base.read(doing, settings::key_hasher)?;
        Ok(Self {
            inner: Arc::new(Inner {
                base,
                hasher,
                files,
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
        work: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.inner.base.write(true, doing, work)
    }

    /// Runs a step of a job. A loss of power may undo the last steps, checkpoint and all, and the job does them again;
    /// so they need not wait for the disk. What ends a job is written by [`Self::write`], which waits for all of them.
    pub(crate) fn write_step<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.inner.base.write(false, doing, work)
    }

    /// Runs `work` in one read transaction, which sees the store as it was at one moment.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.inner.base.read(doing, work)
    }

    /// Opens what folds the log into the database beside the writer, see [`LogFolder`].
    pub fn log_folder(&self) -> Result<LogFolder, StoreError> {
        match &self.inner.base {
            Base::Sqlite(file) => file.log_folder().map(LogFolder),
        }
    }

    /// Folds the write-ahead log back into the database and empties it, unless a reader still needs it: an export may
    /// read for minutes, and no writer shall wait for that.
    pub fn checkpoint_log(&self) -> Result<(), StoreError> {
        match &self.inner.base {
            Base::Sqlite(file) => file.checkpoint(),
        }
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
