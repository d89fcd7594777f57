//! Where log lines go: to standard error, as text or as JSON.

use std::io;
use std::net::SocketAddr;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::failure::Failure;
use super::globals::GlobalArgs;
use super::output;

/// What log lines look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// A JSON object a line
    Json,
}

/// Starts logging. The server tells what it does; other commands only what went wrong, unless they are asked.
pub(crate) fn start(args: &GlobalArgs, format: LogFormat, is_server: bool) -> Result<(), Failure> {
    let filter = filter(args, is_server)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(output::wants_color());
    let started = match format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => lines.with_target(args.verbose > 0).try_init(),
    };
    started.map_err(|error| Failure::failed(format!("could not start the log: {error}")))
}

fn filter(args: &GlobalArgs, is_server: bool) -> Result<EnvFilter, Failure> {
    for name in ["PURSER_LOG", "RUST_LOG"] {
        if let Some(text) = std::env::var(name).ok().filter(|text| !text.is_empty()) {
            return EnvFilter::try_new(&text).map_err(|error| {
                Failure::usage(format!("`{name}` is no log filter: {error}"))
                    .hinted("for example `info` or `purser_engine=debug,warn`")
            });
        }
    }
    let own = match (is_server, args.quiet, args.verbose) {
        (_, true, _) => "error",
        (false, false, 0) => "warn",
        (true, false, 0) => "info",
        (_, false, 1) => "debug",
        (_, false, _) => "trace",
    };
    let others = if args.verbose > 1 { "info" } else { "warn" };
    let others = if args.quiet { "error" } else { others };
    Ok(EnvFilter::new(format!(
        "{others},purser={own},purser_core={own},purser_engine={own},purser_store={own},tower_http={own}"
    )))
}

/// Says that passwords and tokens may be read on the way.
pub(crate) fn warn_of_plain_http(listen: SocketAddr) {
    tracing::warn!(
        "serving plain HTTP at {listen}, beyond this machine: put a TLS proxy before it, or use `--tls-cert` and `--tls-key`"
    );
}
