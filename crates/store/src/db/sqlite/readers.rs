//! Reading connections: taken, used by one thread, given back.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection as Sqlite;

use super::file::open_reader;
use crate::error::StoreError;

/// More than this many idle connections are closed; each holds a page cache.
const IDLE: usize = 8;

#[derive(Clone)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Sqlite>>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Arc::default(),
        }
    }

    pub(super) fn path(&self) -> &std::path::Path {
        &self.path
    }

    pub(super) fn take(&self) -> Result<Reader, StoreError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        Ok(Reader {
            connection: Some(connection),
            home: Arc::clone(&self.idle),
        })
    }
}

/// A reading connection that goes back to the pool when dropped.
pub(crate) struct Reader {
    connection: Option<Sqlite>,
    home: Arc<Mutex<Vec<Sqlite>>>,
}

impl Deref for Reader {
    type Target = Sqlite;

    fn deref(&self) -> &Sqlite {
        self.connection
            .as_ref()
            .expect("the connection is there until drop")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
            return;
        }
        let mut idle = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connection);
        }
    }
}
