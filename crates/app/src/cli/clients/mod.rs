//! `purser clients`: who may use the API.

mod create;
mod delete;
mod list;

use clap::Subcommand;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// What to do with API clients.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientsCommand {
    Create(create::CreateArgs),
    Delete(delete::DeleteArgs),
    List(list::ListArgs),
}

/// Runs the command.
pub(crate) fn run(command: &ClientsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        ClientsCommand::Create(args) => create::run(args, context),
        ClientsCommand::Delete(args) => delete::run(args, context),
        ClientsCommand::List(args) => list::run(args, context),
    }
}
