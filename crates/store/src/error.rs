//! What can go wrong with the store, and while doing what.

use std::path::PathBuf;

use postgres::error::SqlState;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("`{0}` is no store: expected `sqlite:PATH`, a path, or `postgres://…`")]
    UnknownUrl(String),
    #[error("could not create the folder {path}")]
    CreateFolder {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the URL of the PostgreSQL store cannot be read: {0}")]
    PostgresUrl(String),
    #[error("there is no store at {0}")]
    Missing(String),
    #[error("could not connect to {database}")]
    Connect {
        database: String,
        source: PostgresError,
    },
    #[error("could not open the store at {path}")]
    Open {
        path: PathBuf,
        source: rusqlite::Error,
    },
    #[error(
        "the store at {store} was made by a newer Purser (schema {found}, this one knows {known})"
    )]
    TooNew {
        store: String,
        found: i64,
        known: i64,
    },
    #[error("{doing} failed")]
    Sql {
        doing: &'static str,
        source: DatabaseError,
    },
    #[error("the store holds something that cannot be read while {doing}: {what}")]
    Corrupt { doing: &'static str, what: String },
    #[error("the job was taken over by another worker or has ended")]
    LeaseLost,
    #[error("a connection with the same name already exists")]
    ConnectionExists,
    #[error("there is an index on `{0}` already")]
    IndexExists(String),
    #[error("there are {0} declared indexes, which is the most; drop one first")]
    TooManyIndexes(usize),
    #[error("a client with this id already exists")]
    ClientExists,
}

impl StoreError {
    /// Returns a closure for `map_err` that names what was being done.
    pub(crate) fn sql<E: Into<DatabaseError>>(doing: &'static str) -> impl Fn(E) -> Self {
        move |source| Self::Sql {
            doing,
            source: source.into(),
        }
    }

    pub(crate) fn corrupt(doing: &'static str) -> impl Fn(serde_json::Error) -> Self {
        move |error| Self::Corrupt {
            doing,
            what: error.to_string(),
        }
    }

    /// Returns whether the disk is full, so that a caller can say so.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Sql { source, .. } => source.is_disk_full(),
            Self::Open { source, .. } => is_sqlite_full(source),
            _ => false,
        }
    }
}

/// What one of the two databases answered.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Postgres(#[from] PostgresError),
}

impl From<postgres::Error> for DatabaseError {
    fn from(error: postgres::Error) -> Self {
        Self::Postgres(error.into())
    }
}

impl DatabaseError {
    fn is_disk_full(&self) -> bool {
        match self {
            Self::Sqlite(error) => is_sqlite_full(error),
            Self::Postgres(error) => error.code.as_ref() == Some(&SqlState::DISK_FULL),
        }
    }
}

fn is_sqlite_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}

/// What PostgreSQL answered, without the detail: that may be a row, and a row is personal data.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct PostgresError {
    text: String,
    code: Option<SqlState>,
}

impl From<postgres::Error> for PostgresError {
    fn from(error: postgres::Error) -> Self {
        if let Some(answer) = error.as_db_error() {
            return Self {
                text: format!("{} ({})", answer.message(), answer.code().code()),
                code: Some(answer.code().clone()),
            };
        }
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text += &format!(": {error}");
            cause = error.source();
        }
        Self { text, code: None }
    }
}
