//! `purser connections disable`

use clap::Args;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Have a connection take no more imports; its users stay
#[derive(Debug, Args)]
pub(crate) struct DisableArgs {
    /// Its name or its id
    #[arg(value_name = "NAME|ID")]
    connection: String,
}

/// Runs the command.
pub(super) fn run(args: &DisableArgs, context: &Context) -> Result<Exit, Failure> {
    super::enable::set(&args.connection, false, context)
}
