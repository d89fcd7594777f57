//! Keeping users indexed: a thread of the server that builds what is missing, and the same to the end for the command line.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use purser_core::job::{Progress, Summary};
use purser_store::BuildStep;

use crate::import::panic_text;
use crate::{Engine, EngineError, Stage, Watch};

/// How long the thread sleeps when everything is indexed; looking again costs less than a millisecond.
const IDLE: Duration = Duration::from_secs(2);
/// While users are imported a segment is built so often only: an import loses little by it, and one that nobody goes on
/// with does not keep the indexes away.
const BESIDE_IMPORTS: Duration = Duration::from_secs(30);
/// The longest sleep after failures.
const LONGEST: Duration = Duration::from_secs(60);

/// Users of a segment, for the progress.
const SEGMENT_USERS: u64 = purser_core::index::SEGMENT_USERS as u64;

/// The thread that indexes users in the background.
pub struct Indexer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    stopping: bool,
    /// Whether somebody declared an index since the last look.
    is_awake: bool,
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until the time is over or somebody wakes it; breaks once it is to stop.
    fn sleep(&self, time: Duration) -> ControlFlow<()> {
        let still = |state: &mut State| !state.stopping && !state.is_awake;
        let (mut state, _) = self
            .news
            .wait_timeout_while(self.lock(), time, still)
            .unwrap_or_else(PoisonError::into_inner);
        state.is_awake = false;
        if state.stopping {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Indexer {
    /// Starts the thread.
    pub fn start(engine: &Engine) -> Self {
        let shared = Arc::new(Shared::default());
        let (engine, of_thread) = (engine.clone(), Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("indexer".to_owned())
            .spawn(move || run(&engine, &of_thread))
            .inspect_err(|error| tracing::error!(%error, "users will not be indexed"))
            .ok();
        Self { shared, thread }
    }

    /// Says that there is something to index; without it the thread looks after two seconds.
    pub fn wake(&self) {
        self.shared.lock().is_awake = true;
        self.shared.news.notify_all();
    }

    /// Ends the thread and waits until it has ended, which a segment under way delays.
    pub fn stop(self) {
        self.shared.lock().stopping = true;
        self.shared.news.notify_all();
        if let Some(thread) = self.thread {
            // Its panics are caught where they happen.
            let _ = thread.join();
        }
    }
}

fn run(engine: &Engine, shared: &Shared) {
    let mut last_built = Instant::now();
    let mut failures = 0;
    loop {
        let step = std::panic::catch_unwind(AssertUnwindSafe(|| step(engine, last_built)))
            .unwrap_or_else(|panic| Err(EngineError::Panic(panic_text(&*panic))));
        let pause = match step {
            Ok(Some(left)) => {
                failures = 0;
                last_built = Instant::now();
                tracing::debug!(left, "a segment of users is indexed");
                Duration::ZERO
            }
            Ok(None) => {
                failures = 0;
                IDLE
            }
            Err(error) => {
                tracing::error!(error = %error.chain(), "users could not be indexed");
                failures += 1;
                // 2, 4, 8 … seconds: the cause may be the disk.
                LONGEST.min(IDLE * 2_u32.saturating_pow(failures - 1))
            }
        };
        if shared.sleep(pause).is_break() {
            return;
        }
    }
}

/// Builds a segment and returns how many are left; `None` if there is nothing to do now.
fn step(engine: &Engine, last_built: Instant) -> Result<Option<u64>, EngineError> {
    let is_early = last_built.elapsed() < BESIDE_IMPORTS;
    if is_early && engine.store.count_active_imports()? > 0 {
        return Ok(None);
    }
    Ok(match engine.store.build_indexes()? {
        BuildStep::Nothing => None,
        BuildStep::Built { left } => Some(left),
    })
}

impl Engine {
    /// Indexes all users who are not; returns after how many segments nothing was left.
    pub fn build_indexes(&self, watch: &Watch) -> Result<u64, EngineError> {
        let users = self.store.count_users(None)?;
        let mut built = 0;
        watch.set_stage(Stage::Working);
        loop {
            watch.check()?;
            let BuildStep::Built { left } = self.store.build_indexes()? else {
                break;
            };
            built += 1;
            watch.set_progress(Progress {
                done: built,
                of: built + left,
            });
            watch.set_summary(Summary {
                total: users.min(built * SEGMENT_USERS),
                ..Summary::default()
            });
        }
        watch.set_stage(Stage::Done);
        Ok(built)
    }
}
