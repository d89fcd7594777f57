//! What can fail a piece of work as a whole. Bad rows are no failure: they are reported.

use std::path::PathBuf;

use purser_core::edit::EditError;
use purser_core::field::PathError;
use purser_core::format::FileError;
use purser_core::id::JobId;
use purser_core::job::JobFailure;
use purser_core::query::{QueryError, SortError};
use purser_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("could not read {path}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("could not write {path}")]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("could not write the export")]
    Output(#[source] std::io::Error),
    #[error("a field cannot be exported: {0}")]
    Field(PathError),
    #[error("the query cannot be read: {0}")]
    Query(#[from] QueryError),
    #[error("{0}")]
    Edit(#[from] EditError),
    #[error(transparent)]
    Sort(#[from] SortError),
    #[error("could not sort the users")]
    Sorting(#[source] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Obstacle(#[from] crate::ImportObstacle),
    #[error("the job was canceled")]
    Canceled,
    #[error("the server is stopping")]
    Stopping,
    #[error("a worker panicked: {0}")]
    Panic(String),
    #[error("the file is no JSON array, and Auth0's limits are on")]
    NotAnArray,
    #[error("an import needs a connection")]
    NoConnection,
    #[error("the connection of job {0} no longer exists")]
    ConnectionGone(JobId),
}

/// Auth0's sentence for a file that is no JSON (asserted by its own integration tests).
pub(crate) const UNPARSABLE: &str =
    "Failed to parse users file JSON when importing users. Make sure it is valid JSON.";

impl EngineError {
    /// Returns what is kept with a failed job.
    pub fn to_failure(&self) -> JobFailure {
        let reason = self.chain();
        match self {
            Self::File(error) => JobFailure {
                details: UNPARSABLE.to_owned(),
                reason,
                hint: Some(error.hint.clone()),
                position: Some(error.position),
            },
            Self::NotAnArray => JobFailure {
                details: UNPARSABLE.to_owned(),
                reason,
                hint: Some("put the users into one array, or turn the limits off".to_owned()),
                position: None,
            },
            Self::Edit(EditError { message: _, hint }) => JobFailure {
                details: reason.clone(),
                reason,
                hint: hint.clone(),
                position: None,
            },
            Self::Store(error) if error.is_disk_full() => JobFailure {
                details: reason.clone(),
                reason,
                hint: Some("free some disk space, then run the job again".to_owned()),
                position: None,
            },
            _ => JobFailure {
                details: reason.clone(),
                reason,
                hint: None,
                position: None,
            },
        }
    }

    /// Returns the message with those of its causes.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = match self {
            // The message says already what the kind of a broken file is.
            Self::File(FileError { kind, .. }) => std::error::Error::source(kind),
            other => std::error::Error::source(other),
        };
        while let Some(error) = cause {
            let more = error.to_string();
            if !text.ends_with(&more) {
                text.push_str(": ");
                text.push_str(&more);
            }
            cause = error.source();
        }
        text
    }
}
