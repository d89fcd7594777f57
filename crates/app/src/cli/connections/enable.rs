//! `purser connections enable`, and what it shares with `disable`.

use clap::Args;
use purser_store::ConnectionRow;

use crate::cli::context::{Context, find_connection};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Let a connection take imports
#[derive(Debug, Args)]
pub(crate) struct EnableArgs {
    /// Its name or its id
    #[arg(value_name = "NAME|ID")]
    connection: String,
}

/// Runs the command.
pub(super) fn run(args: &EnableArgs, context: &Context) -> Result<Exit, Failure> {
    set(&args.connection, true, context)
}

/// Enables or disables a connection.
pub(super) fn set(name: &str, enabled: bool, context: &Context) -> Result<Exit, Failure> {
    let engine = context.open()?;
    let found = find_connection(engine.store(), name)?;
    let changed = engine
        .store()
        .change_connection(&found.connection.id, |row| {
            row.connection.enabled = enabled;
            Ok::<_, std::convert::Infallible>(())
        })?;
    let Some(Ok(connection)) = changed else {
        return Err(Failure::failed(format!(
            "the connection `{name}` was deleted meanwhile"
        )));
    };
    let word = if enabled { "enabled" } else { "disabled" };
    context
        .output
        .say(&format!("{word} the connection `{}`", connection.name));
    if context.output.json {
        context.output.json(&super::to_json(&ConnectionRow {
            connection,
            ..found
        }))?;
    }
    Ok(Exit::Success)
}
