//! What a command works with: the settings, the streams, the store when it is asked for.

use std::sync::Arc;

use purser_core::connection::Connection;
use purser_core::id::ConnectionId;
use purser_engine::{Engine, SystemClock};
use purser_store::{ConnectionRow, Store, StoreError};

use super::failure::Failure;
use super::output::Output;
use crate::config::Settings;

/// Settings and streams of one run.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) output: Output,
}

impl Context {
    /// Opens the store; that there is none is an error.
    pub(crate) fn open(&self) -> Result<Engine, Failure> {
        Ok(self.engine(false)?)
    }

    /// Opens the store if there is one.
    pub(crate) fn open_if_there(&self) -> Result<Option<Engine>, Failure> {
        match self.engine(false) {
            Ok(engine) => Ok(Some(engine)),
            Err(StoreError::Missing(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the store, and makes it if there is none.
    pub(crate) fn open_or_create(&self) -> Result<Engine, Failure> {
        let engine = self.engine(true)?;
        if engine.store().is_new() {
            self.output
                .say(&format!("made the store {}", self.settings.store));
        }
        Ok(engine)
    }

    fn engine(&self, create: bool) -> Result<Engine, StoreError> {
        let Settings {
            store,
            tenant,
            files,
            ..
        } = &self.settings;
        let clock = Arc::new(SystemClock);
        Engine::open_with_files(store, files.clone(), create, tenant, clock)
    }

    /// Asks before something is deleted, unless `yes` says that it is meant.
    pub(crate) fn confirm(&self, yes: bool, question: &str) -> Result<(), Failure> {
        if yes {
            return Ok(());
        }
        match self.output.confirm(question)? {
            Some(true) => Ok(()),
            Some(false) => Err(Failure::failed("nothing was deleted")),
            None => Err(
                Failure::usage("deleting needs `--yes` where nobody can be asked")
                    .hinted("check what you are about to delete, then add `--yes`"),
            ),
        }
    }
}

/// Returns the connection called so, or with this id.
pub(crate) fn find_connection(store: &Store, name: &str) -> Result<ConnectionRow, Failure> {
    let found = match ConnectionId::parse(name) {
        Some(id) => store.find_connection(&id)?,
        None => None,
    };
    match found {
        Some(found) => Ok(found),
        None => store.find_connection_by_name(name)?.map_or_else(
            || {
                let error = Failure::failed(format!("there is no connection `{name}`"));
                Err(error.hinted(choices(&store.list_connections()?)))
            },
            Ok,
        ),
    }
}

/// Returns the names that could have been meant.
pub(crate) fn choices(connections: &[ConnectionRow]) -> String {
    if connections.is_empty() {
        return "there are no connections yet: `purser connections create NAME`".to_owned();
    }
    let shown = |ConnectionRow {
                     connection: Connection { name, enabled, .. },
                     ..
                 }: &ConnectionRow| {
        if *enabled {
            format!("`{name}`")
        } else {
            format!("`{name}` (disabled)")
        }
    };
    let names: Vec<String> = connections.iter().map(shown).collect();
    format!("the connections are {}", names.join(", "))
}
