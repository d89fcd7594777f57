//! What can go wrong with the store, and while doing what.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("`{0}` is no store: expected `sqlite:PATH` or a path")]
    UnknownUrl(String),
    #[error("could not create the folder {path}")]
    CreateFolder {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("there is no store at {0}")]
    Missing(PathBuf),
    #[error("could not open the store at {path}")]
    Open {
        path: PathBuf,
        source: rusqlite::Error,
    },
    #[error(
        "the store at {path} was made by a newer Purser (schema {found}, this one knows {known})"
    )]
    TooNew {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("{doing} failed")]
    Sql {
        doing: &'static str,
        source: rusqlite::Error,
    },
    #[error("the store holds something that cannot be read while {doing}: {what}")]
    Corrupt { doing: &'static str, what: String },
    #[error("the job was taken over by another worker or has ended")]
    LeaseLost,
    #[error("a connection with the same name already exists")]
    ConnectionExists,
    #[error("a client with this id already exists")]
    ClientExists,
}

impl StoreError {
    /// Returns a closure for `map_err` that names what was being done.
    pub(crate) fn sql(doing: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        move |source| Self::Sql { doing, source }
    }

    pub(crate) fn corrupt(doing: &'static str) -> impl Fn(serde_json::Error) -> Self {
        move |error| Self::Corrupt {
            doing,
            what: error.to_string(),
        }
    }

    /// Returns whether the disk is full, so that a caller can say so.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Sql { source, .. } | Self::Open { source, .. }
            if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
    }
}
