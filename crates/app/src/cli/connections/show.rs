//! `purser connections show`

use clap::Args;

use crate::cli::context::{Context, find_connection};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Show one connection as JSON
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Its name or its id
    #[arg(value_name = "NAME|ID")]
    connection: String,
}

/// Runs the command.
pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let engine = context.open()?;
    let found = find_connection(engine.store(), &args.connection)?;
    context.output.json(&super::to_json(&found))?;
    Ok(Exit::Success)
}
