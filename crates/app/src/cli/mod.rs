//! The command line: one file per command, its `…Args` (whose doc comment is the manual), then `run()`.

mod bad_rows;
mod clients;
mod completions;
mod connections;
mod context;
mod ending;
mod exit;
mod export;
pub(crate) mod failure;
mod formats;
pub(crate) mod globals;
mod import;
mod indexes;
mod interrupt;
mod jobs;
mod log;
mod man;
mod outfile;
mod output;
mod profile;
mod progress;
mod query;
mod serve;
mod table;
mod users;
mod validate;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::context::Context;
use self::exit::Exit;
use self::failure::Failure;
use self::globals::GlobalArgs;
use self::log::LogFormat;
use self::output::Output;
use crate::config::Settings;

/// Import, export and search lists of users
///
/// Purser imports users in bulk into connections, keeps them, searches and exports them: on the command line, and over an
/// API that clients of the Auth0 Management API v2 can use unchanged.
#[derive(Debug, Parser)]
#[command(
    name = "purser",
    version,
    max_term_width = 100,
    propagate_version = true
)]
#[command(after_long_help = "Exit codes:
  0  all is well
  1  the work could not be done
  2  the command makes no sense as typed
  3  the work was done, but some rows or users could not be taken or changed

Environment:
  An option with `[env: NAME]` can be set by the variable NAME; an option that is typed wins.
  XDG_DATA_HOME         where the store lies by default; else ~/.local/share
  PURSER_LOG, RUST_LOG  which log lines go to standard error, for example `purser_engine=debug`
  NO_COLOR              no colors on a terminal

Examples:
  purser import users.json --connection Username-Password-Authentication
  purser export --format csv -o users.csv
  purser users search 'name:ann* AND app_metadata.plan:gold'
  purser clients create --name my-program
  purser serve")]
pub(crate) struct Cli {
    #[command(flatten)]
    globals: GlobalArgs,

    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    Validate(validate::ValidateArgs),
    /// Search users, look at them, change and delete them
    #[command(subcommand)]
    Users(users::UsersCommand),
    /// Look at imports, exports and edits, and go on with those that were interrupted
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Manage indexes, which make searches fast
    #[command(subcommand)]
    Indexes(indexes::IndexesCommand),
    /// Manage connections, the sets of users
    #[command(subcommand)]
    Connections(connections::ConnectionsCommand),
    /// Manage who may use the API
    #[command(subcommand)]
    Clients(clients::ClientsCommand),
    Serve(serve::ServeArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            output::clap(&error);
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            }
            .into();
        }
    };
    let output = Output::new(&cli.globals);
    let exit = match run(&cli, output) {
        Ok(exit) => exit,
        // `purser … | head` has got all it wants.
        Err(failure) if failure.is_broken_pipe() => Exit::Success,
        Err(failure) => {
            output.failure(&failure);
            failure.exit
        }
    };
    exit.into()
}

fn run(cli: &Cli, output: Output) -> Result<Exit, Failure> {
    let format = match &cli.command {
        Command::Serve(args) => Some(args.log_format),
        _ => None,
    };
    log::start(
        &cli.globals,
        format.unwrap_or(LogFormat::Text),
        format.is_some(),
    )?;
    let context = Context {
        settings: Settings::resolve(&cli.globals)?,
        output,
    };
    match &cli.command {
        Command::Import(args) => import::run(args, &context),
        Command::Export(args) => export::run(args, &context),
        Command::Validate(args) => validate::run(args, &context),
        Command::Users(command) => users::run(command, &context),
        Command::Jobs(command) => jobs::run(command, &context),
        Command::Indexes(command) => indexes::run(command, &context),
        Command::Connections(command) => connections::run(command, &context),
        Command::Clients(command) => clients::run(command, &context),
        Command::Serve(args) => serve::run(args, &context),
        Command::Completions(args) => completions::run(args, &context),
        Command::Man(args) => man::run(args, &context),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
