//! `purser connections delete`

use clap::Args;
use serde_json::json;

use crate::cli::context::{Context, find_connection};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::words;

/// Delete a connection with all its users
///
/// Asks first; `--yes` says that it is meant, and is required where nobody can be asked.
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// Its name or its id
    #[arg(value_name = "NAME|ID")]
    connection: String,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Runs the command.
pub(super) fn run(args: &DeleteArgs, context: &Context) -> Result<Exit, Failure> {
    let engine = context.open()?;
    let found = find_connection(engine.store(), &args.connection)?;
    let (name, users) = (&found.connection.name, words::count(found.users, "user"));
    context.confirm(
        args.yes,
        &format!("Delete the connection `{name}` with {users}?"),
    )?;
    engine.store().delete_connection(&found.connection.id)?;
    context
        .output
        .say(&format!("deleted the connection `{name}` with {users}"));
    if context.output.json {
        context
            .output
            .json(&json!({"id": found.connection.id, "deleted_users": found.users}))?;
    }
    Ok(Exit::Success)
}
