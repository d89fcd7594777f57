//! The server: the Management API v2 and Purser's own paths.

mod answer;
mod auth;
mod authentication;
mod base_url;
mod cleanup;
mod error;
mod form;
mod keys;
mod layers;
mod links;
mod own;
mod path;
mod payload;
mod query;
mod rate;
mod routes;
mod search;
mod server;
mod state;
mod stream;
mod timeouts;
mod tls;
mod v2;

use std::net::SocketAddr;
use std::path::PathBuf;

use purser_engine::Engine;

/// How to serve.
#[derive(Debug, Clone)]
pub(crate) struct ServeOptions {
    pub(crate) listen: SocketAddr,
    /// Where clients reach the server, if not by the `Host` they name.
    pub(crate) public_url: Option<String>,
    pub(crate) tls: Tls,
    /// Hold Auth0's limits, which only protect a shared cluster.
    pub(crate) auth0_limits: bool,
    /// How many jobs run at once.
    pub(crate) workers: usize,
    /// Whether to index users in the background.
    pub(crate) indexing: bool,
}

/// Where the server's certificate comes from.
#[derive(Debug, Clone)]
pub(crate) enum Tls {
    Off,
    Files { cert: PathBuf, key: PathBuf },
    SelfSigned,
}

/// Serves until it is told to stop (SIGINT, SIGTERM).
pub(crate) fn serve(engine: Engine, options: ServeOptions) -> anyhow::Result<()> {
    server::run(engine, options)
}
