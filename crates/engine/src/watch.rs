//! How a running job is watched and stopped from another thread: plain atomics, printing is the face's business.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};

use purser_core::job::{Progress, Summary};

/// What a job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    Starting,
    Working,
    Finishing,
    Done,
}

/// A handle on a running job; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Watch(Arc<State>);

#[derive(Debug, Default)]
struct State {
    stage: AtomicU8,
    done: AtomicU64,
    of: AtomicU64,
    failed: AtomicU64,
    updated: AtomicU64,
    inserted: AtomicU64,
    total: AtomicU64,
    cancel: AtomicBool,
    stop: AtomicBool,
}

impl Watch {
    pub fn stage(&self) -> Stage {
        match self.0.stage.load(Relaxed) {
            0 => Stage::Starting,
            1 => Stage::Working,
            2 => Stage::Finishing,
            _ => Stage::Done,
        }
    }

    /// Returns how far the job is: bytes of the file for an import, users for an export; `of` is 0 while unknown.
    pub fn progress(&self) -> Progress {
        Progress {
            done: self.0.done.load(Relaxed),
            of: self.0.of.load(Relaxed),
        }
    }

    /// Returns the committed counts of an import; of an export `total` alone, the users written.
    pub fn summary(&self) -> Summary {
        Summary {
            failed: self.0.failed.load(Relaxed),
            updated: self.0.updated.load(Relaxed),
            inserted: self.0.inserted.load(Relaxed),
            total: self.0.total.load(Relaxed),
        }
    }

    /// Asks the job to end; what was committed stays.
    pub fn cancel(&self) {
        self.0.cancel.store(true, Relaxed);
    }

    /// Asks the worker to hand the job back: it goes on elsewhere, or after a restart.
    pub fn stop(&self) {
        self.0.stop.store(true, Relaxed);
    }

    pub(crate) fn check(&self) -> Result<(), crate::EngineError> {
        if self.0.cancel.load(Relaxed) {
            return Err(crate::EngineError::Canceled);
        }
        if self.0.stop.load(Relaxed) {
            return Err(crate::EngineError::Stopping);
        }
        Ok(())
    }

    pub(crate) fn set_stage(&self, stage: Stage) {
        self.0.stage.store(stage as u8, Relaxed);
    }

    pub(crate) fn set_progress(&self, progress: Progress) {
        self.0.done.store(progress.done, Relaxed);
        self.0.of.store(progress.of, Relaxed);
    }

    pub(crate) fn set_summary(&self, summary: Summary) {
        let Summary {
            failed,
            updated,
            inserted,
            total,
        } = summary;
        self.0.failed.store(failed, Relaxed);
        self.0.updated.store(updated, Relaxed);
        self.0.inserted.store(inserted, Relaxed);
        self.0.total.store(total, Relaxed);
    }
}

impl Watch {
    /// Returns whether both watch the same job.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
