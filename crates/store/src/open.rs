//! Opening a store by its URL.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use purser_core::clock::Timestamp;
use rusqlite::Connection as Sqlite;

use crate::db::{Db, PostgresServer, PostgresUrl, SqliteFile};
use crate::error::StoreError;
use crate::keys::KeyHasher;
use crate::{migrate, settings};

/// Where a store lies. It is shown without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    Sqlite(PathBuf),
    Postgres(Box<PostgresUrl>),
}

impl StoreUrl {
    /// Reads `sqlite:PATH`, `sqlite://PATH`, a bare path, or `postgres://…`.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Box::new(PostgresUrl::parse(text)?)));
        }
        let path = text
            .strip_prefix("sqlite://")
            .or_else(|| text.strip_prefix("sqlite:"));
        match path {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            None if !text.is_empty() && !text.contains("://") => Ok(Self::Sqlite(text.into())),
            _ => Err(StoreError::UnknownUrl(without_password(text))),
        }
    }

    /// Returns the folder for uploads and artifacts, unless another is chosen: beside a file, for a server in the
    /// working folder.
    fn files_folder(&self) -> PathBuf {
        match self {
            Self::Sqlite(path) => {
                let mut name = path.file_name().unwrap_or_default().to_os_string();
                name.push("-files");
                path.with_file_name(name)
            }
            Self::Postgres(_) => PathBuf::from("purser-files"),
        }
    }
}

/// A misspelt `postgres://` may have a password, too.
fn without_password(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => text.to_owned(),
    }
}

impl std::fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

/// How to open a store. Time and randomness come from outside.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Make the store if there is none; otherwise its absence is an error.
    pub create: bool,
    /// Used when the store is made: tenant's name, secrets, the first connection's id.
    pub tenant: String,
    /// The folder for uploads and artifacts, if not the usual one. All servers of a store share it.
    pub files: Option<PathBuf>,
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
    is_new: bool,
}

/// The database below.
pub(crate) enum Base {
    Sqlite(SqliteFile),
    Postgres(Box<PostgresServer>),
}

impl Base {
    /// Opens the database with its schema up to date.
    fn open(url: &StoreUrl, create: bool) -> Result<Self, StoreError> {
        match url {
            StoreUrl::Sqlite(path) => {
                if !create && !path.exists() {
                    return Err(StoreError::Missing(path.display().to_string()));
                }
                SqliteFile::open(path).map(Self::Sqlite)
            }
            StoreUrl::Postgres(url) => {
                let server = PostgresServer::new((**url).clone())?;
                migrate::postgres(&server, create)?;
                Ok(Self::Postgres(Box::new(server)))
            }
        }
    }

    fn write<T>(
        &self,
        durable: bool,
        doing: &'static str,
        work: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(file) => file.write(durable, doing, work),
            Self::Postgres(server) => server.write(durable, doing, work),
        }
    }

    fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(file) => file.read(doing, work),
            Self::Postgres(server) => server.read(doing, work),
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
        let base = Base::open(&absolute(url)?, options.create)?;
        let files = options.files.clone();
        let files = files.unwrap_or_else(|| url.files_folder());
        let doing = "preparing a new store";
        let is_new = !base.read(doing, settings::is_filled)?
            && base.write(true, doing, |db| settings::fill(db, options))?;
        let hasher = base.read(doing, settings::key_hasher)?;
        Ok(Self {
            inner: Arc::new(Inner {
                base,
                hasher,
                files: absolute_path(&files)?,
                is_new,
            }),
        })
    }

    /// Returns whether all processes that use the store are on one machine: who holds its lock is alone then.
    pub fn is_on_one_machine(&self) -> bool {
        matches!(self.inner.base, Base::Sqlite(_))
    }

    /// Returns whether opening it made it.
    pub fn is_new(&self) -> bool {
        self.inner.is_new
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
            Base::Sqlite(file) => file.log_folder().map(|file| LogFolder(Some(file))),
            Base::Postgres(_) => Ok(LogFolder(None)),
        }
    }

    /// Folds the write-ahead log back into the database and empties it, unless a reader still needs it: an export may
    /// read for minutes, and no writer shall wait for that. PostgreSQL looks after its log itself.
    pub fn checkpoint_log(&self) -> Result<(), StoreError> {
        match &self.inner.base {
            Base::Sqlite(file) => file.checkpoint(),
            Base::Postgres(_) => Ok(()),
        }
    }
}

/// Copies what was committed from the write-ahead log into the database while the writer goes on: writing and syncing
/// the database is half of an import's time at the disk, and need not be the writer's. PostgreSQL does so by itself.
pub struct LogFolder(Option<Sqlite>);

impl LogFolder {
    /// Folds what is committed and no reader still needs; waits for nobody.
    pub fn fold(&self) -> Result<(), StoreError> {
        let Some(connection) = &self.0 else {
            return Ok(());
        };
        connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            .map_err(StoreError::sql("folding the log into the database"))
    }
}

/// Jobs keep the paths of their files, and another process may start in another folder.
fn absolute_path(path: &Path) -> Result<PathBuf, StoreError> {
    std::path::absolute(path).map_err(|source| StoreError::CreateFolder {
        path: path.to_owned(),
        source,
    })
}

fn absolute(url: &StoreUrl) -> Result<StoreUrl, StoreError> {
    Ok(match url {
        StoreUrl::Sqlite(path) => StoreUrl::Sqlite(absolute_path(path)?),
        StoreUrl::Postgres(_) => url.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_tells_the_database() {
        for (given, shown) in [
            ("a/b.db", "sqlite:a/b.db"),
            ("sqlite:/b.db", "sqlite:/b.db"),
            ("postgresql://h/d", "postgres://h:5432/d"),
        ] {
            assert_eq!(StoreUrl::parse(given).unwrap().to_string(), shown);
        }
        let misspelt = StoreUrl::parse("postgress://ada:s3cret@h/d").unwrap_err();
        assert!(misspelt.to_string().starts_with("`postgress://…@h/d`"));
    }
}
