//! Work: joins the rules to the store. One import and one export, whoever asks for them.
//!
//! Runs on threads of its own with bounded channels between them; knows nothing of HTTP or of the command line.

mod clock;
pub mod edit;
mod error;
pub mod export;
pub mod import;
pub mod index;
mod input;
pub mod jobs;
pub mod report;
pub mod validate;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use purser_core::clock::{Clock, Timestamp};
use purser_core::connection::Connection;
use purser_core::id::JobId;
use purser_core::job::{JobConnection, JobKind, Runner};
use purser_store::{ConnectionRow, NewJob, OpenOptions, Store, StoreError, StoreUrl};

pub use clock::SystemClock;
pub use error::EngineError;
pub use input::Input;
pub use watch::{Stage, Watch};

/// A store, a clock, and everything that can be done with them. Clones share both.
#[derive(Clone)]
pub struct Engine {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Engine {
    /// Opens the store at `url`; makes it if `create` says so, then for the tenant called `tenant`.
    pub fn open(
        url: &StoreUrl,
        create: bool,
        tenant: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        Self::open_with_files(url, None, create, tenant, clock)
    }

    /// The same, with uploads and artifacts in the folder `files` instead of the usual one.
    pub fn open_with_files(
        url: &StoreUrl,
        files: Option<PathBuf>,
        create: bool,
        tenant: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let options = OpenOptions {
            create,
            tenant: tenant.to_owned(),
            files,
            random: random(),
            now: clock.now(),
        };
        Ok(Self {
            store: Store::open(url, &options)?,
            clock,
        })
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns a job that is to be made, with neither a file nor a name of the caller's.
    fn new_job(&self, kind: JobKind, runner: Runner, connection: Option<&ConnectionRow>) -> NewJob {
        NewJob {
            id: JobId::from_random(&random()),
            kind,
            runner,
            connection: connection.map(|row| JobConnection {
                id: row.connection.id.clone(),
                name: row.connection.name.clone(),
            }),
            external_id: None,
            created_at: self.now(),
            file: None,
        }
    }
}

/// Returns bytes from the operating system's random source.
pub fn random<const N: usize>() -> [u8; N] {
    rand::random()
}

/// Says why users cannot be imported into a connection, if they cannot.
pub fn import_obstacle(connection: &Connection) -> Option<ImportObstacle> {
    if !connection.enabled {
        Some(ImportObstacle::Disabled)
    } else if connection.is_custom_without_import() {
        Some(ImportObstacle::CustomDatabase)
    } else {
        None
    }
}

/// Why a connection takes no imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportObstacle {
    #[error("Connection must be enabled")]
    Disabled,
    #[error("Custom Database Connections without import mode are not allowed")]
    CustomDatabase,
}
