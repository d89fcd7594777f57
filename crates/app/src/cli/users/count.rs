//! `purser users count`

use clap::Args;
use serde_json::json;

use super::chosen;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Count users
#[derive(Debug, Args)]
pub(crate) struct CountArgs {
    /// The users of this connection only
    #[arg(long, value_name = "NAME|ID")]
    connection: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &CountArgs, context: &Context) -> Result<Exit, Failure> {
    let engine = context.open()?;
    let connection = chosen(engine.store(), args.connection.as_ref())?;
    let count = engine.store().count_users(connection.map(|row| row.pk))?;
    if context.output.json {
        context.output.json(&json!({"count": count}))?;
    } else {
        context.output.line(&count.to_string())?;
    }
    Ok(Exit::Success)
}
