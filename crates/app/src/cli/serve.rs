//! `purser serve`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::log::{self, LogFormat};
use crate::http::{self, ServeOptions, Tls};

/// Serve the Management API v2 over HTTP
///
/// Makes the store if there is none, answers requests, indexes users, and runs queued jobs; jobs that an earlier run left behind go
/// on where they stopped. SIGINT and SIGTERM end it: running jobs are handed back and go on at the next start.
///
/// Clients need an id and a secret: `purser clients create`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  purser serve
  purser serve --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem --public-url https://users.example.com
  PURSER_STORE=/var/lib/purser/purser.db purser serve --log-format json")]
pub(crate) struct ServeArgs {
    /// Listen at this address
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    #[arg(env = "PURSER_LISTEN", hide_env_values = true)]
    listen: SocketAddr,

    /// Where clients reach the server
    ///
    /// Tokens and download links name it. By default it is what each request calls the server (`Host`).
    #[arg(
        long,
        value_name = "URL",
        env = "PURSER_PUBLIC_URL",
        hide_env_values = true
    )]
    public_url: Option<String>,

    /// The certificate's chain, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    #[arg(env = "PURSER_TLS_CERT", hide_env_values = true)]
    tls_cert: Option<PathBuf>,

    /// The certificate's private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    #[arg(env = "PURSER_TLS_KEY", hide_env_values = true)]
    tls_key: Option<PathBuf>,

    /// Serve HTTPS with a certificate made for this run, for trying things out
    // Not a conflict for clap, to which `PURSER_TLS_SELF_SIGNED=false` would be one, too.
    #[arg(long)]
    #[arg(env = "PURSER_TLS_SELF_SIGNED", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    tls_self_signed: bool,

    /// How many jobs run at once
    #[arg(long, value_name = "N", default_value_t = 2)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    #[arg(env = "PURSER_WORKERS", hide_env_values = true)]
    workers: u16,

    /// Leave it to another server, or to `purser indexes build`, to index users
    ///
    /// By default users are indexed in the background, a moment after they were written.
    #[arg(long)]
    #[arg(env = "PURSER_NO_INDEXING", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    no_indexing: bool,

    /// Write the log as text or as a JSON object a line
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    #[arg(env = "PURSER_LOG_FORMAT", hide_env_values = true)]
    pub(super) log_format: LogFormat,
}

/// Runs the command.
pub(super) fn run(args: &ServeArgs, context: &Context) -> Result<Exit, Failure> {
    let options = options(args, context)?;
    if matches!(options.tls, Tls::Off) && !options.listen.ip().is_loopback() {
        log::warn_of_plain_http(options.listen);
    }
    let engine = context.open_or_create()?;
    http::serve(engine, options).map_err(Failure::from_anyhow)?;
    Ok(Exit::Success)
}

fn options(args: &ServeArgs, context: &Context) -> Result<ServeOptions, Failure> {
    let tls = match (&args.tls_cert, &args.tls_key, args.tls_self_signed) {
        (None, None, true) => Tls::SelfSigned,
        (_, _, true) => {
            return Err(Failure::usage("a self-signed certificate needs no files")
                .hinted("leave out `--tls-self-signed`, or `--tls-cert` and `--tls-key`"));
        }
        (Some(cert), Some(key), false) => Tls::Files {
            cert: cert.clone(),
            key: key.clone(),
        },
        _ => Tls::Off,
    };
    Ok(ServeOptions {
        listen: args.listen,
        public_url: args.public_url.as_deref().map(public_url).transpose()?,
        tls,
        auth0_limits: context.settings.auth0_limits,
        workers: usize::from(args.workers),
        indexing: !args.no_indexing,
    })
}

/// Returns the URL without a slash at its end.
fn public_url(text: &str) -> Result<String, Failure> {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match host.map(|host| host.trim_end_matches('/')) {
        Some(host) if !host.is_empty() && !host.contains(['?', '#', ' ']) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(Failure::usage(format!("`{text}` is no public URL"))
            .hinted("for example `--public-url https://users.example.com`")),
    }
}
