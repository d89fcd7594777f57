//! The one export.

use std::io::Write;

use purser_core::job::{ExportOptions, Job};
use purser_store::ConnectionRow;

use crate::{Engine, EngineError, Watch};

/// Which users are to be exported how.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// `None`: the users of all connections.
    pub connection: Option<ConnectionRow>,
    pub options: ExportOptions,
}

impl Engine {
    /// Exports here and now to `out`; returns the job when it has ended, failed ones too.
    pub fn export(
        &self,
        _request: &ExportRequest,
        _out: &mut (dyn Write + Send),
        _watch: &Watch,
    ) -> Result<Job, EngineError> {
        Err(EngineError::Stopping)
    }

    /// Queues an export for the workers.
    pub fn queue_export(&self, _request: &ExportRequest) -> Result<Job, EngineError> {
        Err(EngineError::Stopping)
    }
}
