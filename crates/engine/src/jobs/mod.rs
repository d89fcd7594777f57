//! The queue and its workers.

use crate::Engine;

/// Threads that take queued jobs and run them.
pub struct Workers {}

impl Workers {
    /// Starts `count` workers.
    pub fn start(_engine: &Engine, _count: usize) -> Self {
        Self {}
    }

    /// Says that a job was queued; without it a worker looks after half a second.
    pub fn wake(&self) {}

    /// Has the workers hand their jobs back, and waits until they have.
    pub fn stop(self) {}
}
