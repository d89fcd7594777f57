//! Why a command could not do its work: the error, what to do about it, and the exit code.

use std::fmt::Display;
use std::io;

use anyhow::Error;
use purser_core::query::QueryError;
use purser_engine::EngineError;
use purser_store::StoreError;

use super::exit::Exit;

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: Error,
    hint: Option<String>,
    /// What people see instead of the error, where that takes several lines.
    shown: Option<String>,
}

/// Any error of a library fails the command; what to do about it is looked up when it is shown.
impl<E: std::error::Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            exit: Exit::Failed,
            error: error.into(),
            hint: None,
            shown: None,
        }
    }
}

impl Failure {
    /// Returns the failure of a command that makes no sense as typed.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            error: Error::msg(message.into()),
            hint: None,
            shown: None,
        }
    }

    /// Returns the failure of a query that cannot be read: people see the place in it.
    pub(crate) fn query(error: &QueryError, query: &str) -> Self {
        Self {
            shown: Some(format!("the query is refused\n\n{}", error.render(query))),
            ..Self::usage(format!("the query is refused: {error}"))
        }
    }

    /// Returns the failure of a command that could not do its work.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            error: Error::msg(message.into()),
            hint: None,
            shown: None,
        }
    }

    /// Returns the failure of a command whose error has lost its type.
    pub(crate) fn from_anyhow(error: Error) -> Self {
        Self {
            exit: Exit::Failed,
            error,
            hint: None,
            shown: None,
        }
    }

    /// Says what to do about it.
    pub(crate) fn hinted(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Puts what was being done before the error.
    pub(crate) fn while_doing(self, doing: impl Display + Send + Sync + 'static) -> Self {
        Self {
            error: self.error.context(doing),
            ..self
        }
    }

    /// Returns the error for people.
    pub(crate) fn shown(&self) -> String {
        let shown = self.shown.clone();
        shown.unwrap_or_else(|| self.error.to_string())
    }

    /// Returns what to do about it, if anybody knows.
    pub(crate) fn hint(&self) -> Option<String> {
        self.hint
            .clone()
            .or_else(|| self.error.chain().find_map(known_hint))
    }

    /// Returns whether the reader of our output went away (`purser … | head`), which is no failure.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(is_broken_pipe)
    }
}

fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Returns what to do about an error of a library.
fn known_hint(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<EngineError>() {
        // A wrapped store error is transparent, so it does not come up in the chain by itself.
        return match error {
            EngineError::Store(error) => store_hint(error),
            EngineError::Read { source, .. } => read_hint(source),
            error => error.to_failure().hint,
        };
    }
    if let Some(error) = error.downcast_ref::<StoreError>() {
        return store_hint(error);
    }
    error.downcast_ref::<io::Error>().and_then(listen_hint)
}

fn read_hint(error: &io::Error) -> Option<String> {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "check the name; a relative path begins at the current folder",
        io::ErrorKind::IsADirectory => {
            "name one file; several can be joined: `cat *.ndjson | purser import -`"
        }
        io::ErrorKind::PermissionDenied => {
            "the file belongs to somebody else: ask for the right to read it"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn listen_hint(error: &io::Error) -> Option<String> {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there: choose another with `--listen`",
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address: choose another with `--listen`"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn store_hint(error: &StoreError) -> Option<String> {
    let hint = match error {
        StoreError::Missing(_) => {
            "`purser import` and `purser serve` make it; `--store` or `PURSER_STORE` names another"
        }
        StoreError::TooNew { .. } => "use the newer Purser, or another store",
        StoreError::IndexExists(_) | StoreError::TooManyIndexes(_) => {
            "`purser indexes list` shows the indexes"
        }
        StoreError::ConnectionExists => "`purser connections list` shows the connections",
        error if error.is_disk_full() => "free some disk space, then try again",
        StoreError::PostgresUrl(_) => "for example `postgres://purser@localhost/users`",
        StoreError::Connect { .. } => {
            "check that PostgreSQL runs there, and user, password and database; `--store` or `PURSER_STORE` names them"
        }
        StoreError::Open { .. } => {
            "check that the file is a store of Purser, and that you may write to it"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
