//! The workers: threads that take queued jobs and run them, one at a time each.
//!
//! ```text
//! 1. claim the oldest job that nobody works on; none: wait for a wake-up or half a second
//! 2. run it; a panic becomes the job's failure
//! 3. remove the upload once the job has ended; go to 1
//! ```

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use purser_core::job::{Job, JobKind};
use purser_store::{Claimed, StoreError};

use crate::import::panic_text;
use crate::{Engine, EngineError, Input, Watch};

/// How long an idle worker sleeps; jobs that another process queued are found then.
const IDLE: Duration = Duration::from_millis(500);

/// Threads that take queued jobs and run them.
pub struct Workers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// Held as long as the workers live; see [`recover`].
    _alive: Option<File>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    stopping: bool,
    /// Counts wake-ups, so that none is lost between looking and sleeping.
    wakes: u64,
    running: Vec<Watch>,
}

/// Wakes idle workers; clones wake the same ones.
#[derive(Clone)]
pub struct Waker(Arc<Shared>);

impl Waker {
    /// Says that a job was queued.
    pub fn wake(&self) {
        lock(&self.0).wakes += 1;
        self.0.news.notify_all();
    }
}

fn lock(shared: &Shared) -> std::sync::MutexGuard<'_, State> {
    shared.state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Workers {
    /// Starts `count` workers (none: jobs wait for another process), after taking over what a server that was killed left unfinished.
    pub fn start(engine: &Engine, count: usize) -> Self {
        let alive = recover(engine)
            .inspect_err(|error| tracing::error!(error = %error.chain(), "could not look for interrupted jobs"))
            .ok()
            .flatten();
        let shared = Arc::new(Shared::default());
        let threads = (0..count)
            .map(|_| {
                let (engine, shared) = (engine.clone(), Arc::clone(&shared));
                std::thread::spawn(move || work(&engine, &shared))
            })
            .collect();
        Self {
            shared,
            threads,
            _alive: alive,
        }
    }

    /// Returns a handle that wakes the workers when a job was queued.
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.shared))
    }

    /// Says that a job was queued; without it a worker looks after half a second.
    pub fn wake(&self) {
        self.waker().wake();
    }

    /// Has the workers hand their jobs back, and waits until they have.
    pub fn stop(self) {
        let mut state = lock(&self.shared);
        state.stopping = true;
        state.running.iter().for_each(Watch::stop);
        drop(state);
        self.shared.news.notify_all();
        for thread in self.threads {
            // A worker catches the panics of its jobs; one of its own was reported by the runtime.
            let _ = thread.join();
        }
    }
}

/// Every server of a store holds a shared lock on a file as long as it lives. Who gets it exclusively is alone, so jobs
/// that are processing belong to nobody and need not wait for their leases to run out. Servers on other machines hold no
/// lock here, so with PostgreSQL the leases alone decide.
fn recover(engine: &Engine) -> Result<Option<File>, EngineError> {
    let folder = engine.store.files_folder();
    if !engine.store.is_on_one_machine() {
        return Ok(None);
    }
    let path: PathBuf = folder.join("workers.lock");
    let error = |source| EngineError::Write {
        path: path.clone(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(error)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(error)?;
    if file.try_lock().is_ok() {
        let jobs = engine.store.release_orphaned_jobs()?;
        if jobs > 0 {
            tracing::info!(jobs, "jobs that were interrupted go on");
        }
    }
    match file.lock_shared() {
        Ok(()) => Ok(Some(file)),
        // A file system without locks: leases alone decide.
        Err(error) => {
            tracing::debug!(%error, "the file system has no locks");
            Ok(None)
        }
    }
}

fn work(engine: &Engine, shared: &Shared) {
    loop {
        let seen = lock(shared).wakes;
        if lock(shared).stopping {
            return;
        }
        match engine.store.claim_job(engine.now()) {
            Ok(Some(claimed)) => run(engine, shared, claimed),
            Ok(None) => sleep(shared, seen),
            Err(error) => {
                tracing::error!(%error, "could not look for jobs");
                sleep(shared, seen);
            }
        }
    }
}

fn sleep(shared: &Shared, seen: u64) {
    let state = lock(shared);
    let still = |state: &mut State| !state.stopping && state.wakes == seen;
    drop(
        shared
            .news
            .wait_timeout_while(state, IDLE, still)
            .unwrap_or_else(PoisonError::into_inner),
    );
}

fn run(engine: &Engine, shared: &Shared, claimed: Claimed) {
    let watch = Watch::default();
    {
        let mut state = lock(shared);
        if state.stopping {
            watch.stop();
        }
        state.running.push(watch.clone());
    }
    let (id, attempt, lease) = (
        claimed.job.id.clone(),
        claimed.attempt,
        claimed.lease.clone(),
    );
    let upload = match &claimed.job {
        Job {
            kind: JobKind::UsersImport(_),
            file: Some(file),
            ..
        } => Some(PathBuf::from(file)),
        _ => None,
    };
    tracing::info!(job.id = %id, attempt, "a job starts");
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| run_job(engine, claimed, &watch)))
        .unwrap_or_else(|panic| {
            let panic = EngineError::Panic(panic_text(&*panic));
            engine.end_job(&id, &lease, Some(panic), None, vec![])
        });
    lock(shared).running.retain(|other| !other.is(&watch));
    match result {
        Ok(job) => {
            let purser_core::job::Summary {
                failed,
                updated,
                inserted,
                total,
            } = job.summary;
            tracing::info!(job.id = %id, status = job.status.as_str(), total, inserted, updated, failed, "a job ended");
            if let Some(upload) = upload {
                // Already gone, or removed with the job later.
                let _ = std::fs::remove_file(upload);
            }
        }
        Err(EngineError::Stopping) => tracing::info!(job.id = %id, "a job was handed back"),
        Err(EngineError::Store(StoreError::LeaseLost)) => {
            tracing::warn!(job.id = %id, "a job was taken over by another worker");
        }
        Err(error) => {
            tracing::error!(job.id = %id, error = %error.chain(), "a job could not be ended");
        }
    }
}

fn run_job(engine: &Engine, claimed: Claimed, watch: &Watch) -> Result<Job, EngineError> {
    let Job { id, kind, file, .. } = &claimed.job;
    match kind {
        JobKind::UsersExport(_) => engine.run_queued_export(claimed, watch),
        JobKind::UsersEdit(_) => engine.run_edit(claimed, watch),
        JobKind::UsersImport(_) => {
            match Input::file(PathBuf::from(file.clone().unwrap_or_default()).as_path()) {
                Ok(input) => engine.run_import(claimed, input, watch, false),
                Err(error) => engine.end_job(id, &claimed.lease, Some(error), None, vec![]),
            }
        }
    }
}
