//! Listens, serves, and stops in good order.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsAcceptor;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use purser_engine::Engine;

use super::state::{App, AppState};
use super::timeouts::{HEAD_READ, SHUTDOWN};
use super::{ServeOptions, cleanup, routes, tls};

/// Bytes that the head of an HTTP/2 request may have: a query in the address has at most 64 KiB, as over HTTP/1.
const HEAD_BYTES: u32 = 96 * 1024;

/// Serves until SIGINT or SIGTERM; then requests may end, and jobs are handed back.
pub(super) fn run(engine: Engine, options: ServeOptions) -> anyhow::Result<()> {
    // A second server in one process (tests) finds the provider installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime of the server")?;
    runtime.block_on(serve(engine, options))
}

async fn serve(engine: Engine, options: ServeOptions) -> anyhow::Result<()> {
    let listener = TcpListener::bind(options.listen)
        .with_context(|| format!("could not listen on {}", options.listen))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    make_private(engine.store().files_folder())
        .context("could not make the folder for uploads and exports")?;
    let tls = tls::config(&options, engine.store().files_folder()).await?;
    let app = tokio::task::spawn_blocking(move || App::start(engine, options)).await??;
    let state = AppState(Arc::new(app));
    let router = routes::router(state.clone());

    let handle = Handle::new();
    tokio::spawn(stop_on_signal(handle.clone()));
    tokio::spawn(cleanup::run(Arc::clone(&state.0)));
    let scheme = if tls.is_some() { "https" } else { "http" };
    tracing::info!("listening on {scheme}://{address}");
    let mut server = axum_server::from_tcp(listener)?.handle(handle);
    do_not_wait_for_ever(server.http_builder());
    let service = router.into_make_service();
    let served = match tls {
        Some(config) => {
            server
                .acceptor(RustlsAcceptor::new(config))
                .serve(service)
                .await
        }
        None => server.serve(service).await,
    };
    tokio::task::spawn_blocking(move || state.0.stop_workers()).await?;
    tracing::info!("stopped");
    served.context("the server failed")
}

/// Uploads and exports hold personal data: nobody but the server's user may read them.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn do_not_wait_for_ever(builder: &mut Builder<TokioExecutor>) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_READ);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_BYTES)
        .keep_alive_interval(HEAD_READ);
}

/// The first signal lets open requests end; a second one does not wait for them.
async fn stop_on_signal(handle: Handle<SocketAddr>) {
    signal().await;
    tracing::info!("stopping; jobs under way go on after the next start");
    handle.graceful_shutdown(Some(SHUTDOWN));
    signal().await;
    handle.shutdown();
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut stream) => drop(stream.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}
