//! Flags that every command has, each with its environment variable.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args};

/// What was typed for all commands alike.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Keep the users here
    ///
    /// `sqlite:PATH` or a path; by default `purser/purser.db` in the user's data folder, which is `$XDG_DATA_HOME` or
    /// `~/.local/share`. Or `postgres://USER@HOST/DATABASE`, with parameters as libpq knows them and `schema`, in which
    /// the tables are (`purser`). Commands that write make the store if there is none. In the environment a password is
    /// seen by fewer people than on the command line.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "PURSER_STORE",
        hide_env_values = true
    )]
    pub(crate) store: Option<String>,

    /// Keep uploads and artifacts in this folder
    ///
    /// By default it lies beside the store's file, or is `purser-files` in the working folder with PostgreSQL. Servers
    /// that share a store share this folder.
    #[arg(long, global = true, value_name = "FOLDER")]
    #[arg(env = "PURSER_FILES", hide_env_values = true)]
    pub(crate) files: Option<PathBuf>,

    /// Call the tenant so when the store is made
    ///
    /// The names of export files begin with it. A store keeps the name that it was made with.
    #[arg(long, global = true, value_name = "NAME", default_value = "purser")]
    #[arg(env = "PURSER_TENANT", hide_env_values = true)]
    pub(crate) tenant: String,

    /// Print machine-readable JSON
    ///
    /// The result goes to standard output as JSON; of an error, standard error gets
    /// `{"error":{"message":…,"hint":…}}`, and nothing else.
    #[arg(long, global = true, env = "PURSER_JSON", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) json: bool,

    /// Hold Auth0's limits and refuse what Auth0 would refuse
    ///
    /// Only files that Auth0 takes are imported (a JSON array, no attributes that only an export has), a CSV export has
    /// at most 30 columns, and the server answers larger or faster requests as Auth0 does. By default the limits that
    /// only protect a shared cluster do not hold.
    #[arg(
        long,
        global = true,
        env = "PURSER_AUTH0_LIMITS",
        hide_env_values = true
    )]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) auth0_limits: bool,

    /// Say nothing but errors, and log nothing else
    #[arg(
        short,
        long,
        global = true,
        env = "PURSER_QUIET",
        hide_env_values = true
    )]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) quiet: bool,

    /// Log more to standard error; twice for everything
    ///
    /// `PURSER_LOG`, or else `RUST_LOG`, chooses the lines one by one: `PURSER_LOG=purser_engine=debug`.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    #[arg(env = "PURSER_VERBOSE", hide_env_values = true)]
    pub(crate) verbose: u8,
}
