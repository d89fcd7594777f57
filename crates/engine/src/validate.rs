//! Checks a file without writing to the store: the same import, into a store of its own that is thrown away. So the
//! rules are the import's, duplicates inside the file are found at any size, and memory stays bounded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use purser_core::connection::Connection;
use purser_core::import::Rules;
use purser_core::job::{ImportOptions, JobFailure, Runner};
use purser_store::{FailedRow, StoreError, StoreUrl};
use serde_json::json;

use crate::import::ImportRequest;
use crate::{Engine, EngineError, Input, SystemClock, Watch, random};

/// What a check of a whole file found.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    pub rows: u64,
    pub invalid: u64,
    /// Why the file could not be read to its end; the rows before are counted.
    pub broken: Option<JobFailure>,
    pub notes: Vec<String>,
}

/// Checks every row by the rules of an import, and identifiers that stand twice in the file; hands each bad row to
/// `each`, in the order of the file.
pub fn check(
    input: Input,
    rules: &Rules,
    options: &ImportOptions,
    watch: &Watch,
    each: &mut dyn FnMut(&FailedRow) -> Result<(), EngineError>,
) -> Result<Checked, EngineError> {
    let folder = Scratch::new()?;
    let url = StoreUrl::Sqlite(folder.0.join("check.db"));
    let engine = Engine::open(&url, true, "check", Arc::new(SystemClock))?;
    let request = request(&engine, rules, options)?;
    let id = engine.create_import(&request, Runner::Caller, None)?;
    let claimed = engine
        .store
        .claim_own_job(&id, engine.now())?
        .ok_or(StoreError::LeaseLost)?;
    let job = engine.run_import(claimed, input, watch, true)?;
    engine
        .store
        .scan_row_errors::<EngineError>(&id, |row| each(&row))?;
    if job.status == purser_core::job::JobStatus::Canceled {
        return Err(EngineError::Canceled);
    }
    Ok(Checked {
        rows: job.summary.total,
        invalid: job.summary.failed,
        broken: job.failure,
        notes: job.notes,
    })
}

/// Prepares a connection that asks of users what `rules` ask.
fn request(
    engine: &Engine,
    rules: &Rules,
    options: &ImportOptions,
) -> Result<ImportRequest, EngineError> {
    let Rules {
        strategy,
        username,
        keep_prefix,
        strict,
    } = rules;
    let connection_options = json!({
        "requires_username": username.allowed,
        "validation": {"username": {"min": username.min, "max": username.max}},
    });
    let connection = Connection {
        id: purser_core::id::ConnectionId::from_random(&random()),
        name: "check".to_owned(),
        strategy: strategy.clone(),
        enabled: true,
        enabled_clients: vec![],
        options: connection_options.as_object().cloned().unwrap_or_default(),
        extra: serde_json::Map::new(),
    };
    engine.store.insert_connection(&connection)?;
    let row = engine.store.find_connection(&connection.id)?;
    Ok(ImportRequest {
        connection: row.filter(|_| !options.restore),
        options: ImportOptions {
            upsert: false,
            keep_prefix: *keep_prefix,
            strict: *strict,
            ..options.clone()
        },
        external_id: None,
    })
}

/// A folder for the check's store, removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, EngineError> {
        let name: String = random::<8>()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = std::env::temp_dir().join(format!("purser-check-{name}"));
        let error = |source| EngineError::Write {
            path: path.clone(),
            source,
        };
        create_private(&path).map_err(error)?;
        Ok(Self(path))
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir(path)
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left behind if it fails; temporary folders are swept.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
