//! The one import.

use std::path::PathBuf;

use purser_core::id::JobId;
use purser_core::job::{ImportOptions, Job};
use purser_store::ConnectionRow;

use crate::{Engine, EngineError, Input, Watch};

/// What is to be imported where.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// `None` for a restore alone: its rows name their connections.
    pub connection: Option<ConnectionRow>,
    pub options: ImportOptions,
    pub external_id: Option<String>,
}

impl Engine {
    /// Imports here and now; returns the job when it has ended, failed and canceled ones too.
    /// An error means that there is no job or that its end could not be written.
    pub fn import(&self, _request: &ImportRequest, _input: Input, _watch: &Watch) -> Result<Job, EngineError> {
        Err(EngineError::Stopping)
    }

    /// Goes on with an import of this kind that was interrupted; `None` if there is no such job or it has ended.
    pub fn resume_import(&self, _id: &JobId, _watch: &Watch) -> Result<Option<Job>, EngineError> {
        Err(EngineError::Stopping)
    }

    /// Queues an import of an uploaded file for the workers; the file is theirs from now on.
    pub fn queue_import(&self, _request: &ImportRequest, _upload: PathBuf) -> Result<Job, EngineError> {
        Err(EngineError::Stopping)
    }
}
