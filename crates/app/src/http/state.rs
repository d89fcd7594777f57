//! What handlers work with. The router hands out [`AppState`], which shows nothing; only [`Requires`] and [`Public`]
//! open it, so a handler that forgot to say who may call it cannot reach the engine.
//!
//! [`Requires`]: super::auth::Requires
//! [`Public`]: super::auth::Public

use std::sync::{Arc, Mutex, PoisonError};

use purser_core::query::Limits;
use purser_engine::Engine;
use purser_engine::index::Indexer;
use purser_engine::jobs::Workers;

use super::ServeOptions;
use super::base_url::Origin;
use super::error::ApiError;
use super::keys::Keys;
use super::links::Links;
use super::rate::RateLimits;

/// The router's state, opaque to handlers.
#[derive(Clone)]
pub(crate) struct AppState(pub(super) Arc<App>);

/// The engine and what the server adds to it.
pub(crate) struct App {
    engine: Engine,
    pub(crate) options: ServeOptions,
    pub(crate) keys: Keys,
    pub(crate) links: Links,
    pub(crate) origin: Origin,
    pub(crate) rate: RateLimits,
    /// Held while active imports are counted and one more is queued, so that two requests cannot both be the last.
    pub(crate) queueing: tokio::sync::Mutex<()>,
    /// `None` once the server stops.
    workers: Mutex<Option<Workers>>,
    /// `None` once the server stops, and if others index.
    indexer: Mutex<Option<Indexer>>,
}

impl App {
    /// Takes the store's secrets, starts the workers and the indexer.
    pub(super) fn start(engine: Engine, options: ServeOptions) -> anyhow::Result<Self> {
        Ok(Self {
            keys: Keys::load(engine.store())?,
            links: Links::load(engine.store())?,
            origin: Origin::new(&options),
            rate: RateLimits::new(options.auth0_limits),
            queueing: tokio::sync::Mutex::new(()),
            workers: Mutex::new(Some(Workers::start(&engine, options.workers))),
            indexer: Mutex::new(options.indexing.then(|| Indexer::start(&engine))),
            engine,
            options,
        })
    }

    /// Runs `work` on a blocking thread: the store and the engine block.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let engine = self.engine.clone();
        tokio::task::spawn_blocking(move || work(&engine))
            .await
            .unwrap_or_else(|error| {
                // A panic is resumed here, so that it is logged with its request.
                match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(error) => Err(ApiError::internal(error)),
                }
            })
    }

    /// Returns the engine, for calls that do not block.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Returns whether Auth0's limits hold.
    pub(crate) fn auth0_limits(&self) -> bool {
        self.options.auth0_limits
    }

    /// Returns whose limits hold for queries.
    pub(crate) fn query_limits(&self) -> Limits {
        if self.auth0_limits() {
            Limits::Auth0
        } else {
            Limits::None
        }
    }

    /// Tells the indexer that an index was declared.
    pub(crate) fn wake_indexer(&self) {
        if let Some(indexer) = &*self.indexer.lock().unwrap_or_else(PoisonError::into_inner) {
            indexer.wake();
        }
    }

    /// Tells the workers that a job was queued.
    pub(crate) fn wake_workers(&self) {
        if let Some(workers) = &*self.workers.lock().unwrap_or_else(PoisonError::into_inner) {
            workers.wake();
        }
    }

    /// Has the workers hand their jobs back and the indexer end, and waits until they have.
    pub(super) fn stop_workers(&self) {
        let workers = self
            .workers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(workers) = workers {
            workers.stop();
        }
        let indexer = self
            .indexer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(indexer) = indexer {
            indexer.stop();
        }
    }
}
