//! Ctrl-C and SIGTERM: the first one cancels the job in order, the second one ends the program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use purser_engine::Watch;

/// Exit code of a program that SIGINT ended, as shells count it.
const KILLED: i32 = 130;

/// Tells whether the job was asked to stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for signals from now on; the first one cancels the job of `watch`.
    pub(crate) fn listen(watch: &Watch) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (asked, watch) = (Self::default(), watch.clone());
        let told = asked.clone();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    if signal().await.is_ok() {
                        told.0.store(true, Relaxed);
                        watch.cancel();
                        if signal().await.is_ok() {
                            kill();
                        }
                    }
                });
            })?;
        Ok(asked)
    }

    /// Returns whether there was a signal.
    pub(crate) fn was_asked(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// A job can be killed at any moment without harm: what was committed is complete.
#[expect(
    clippy::exit,
    reason = "the user asked twice, and the job's threads cannot be awaited"
)]
fn kill() {
    std::process::exit(KILLED);
}

#[cfg(unix)]
async fn signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
