//! `purser clients delete`

use clap::Args;
use purser_core::id::ClientId;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Delete a client of the API
///
/// It gets no new tokens; those that it has end within a day. Asks first; `--yes` says that it is meant, and is
/// required where nobody can be asked.
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// Its id
    #[arg(value_name = "ID")]
    id: String,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Runs the command.
pub(super) fn run(args: &DeleteArgs, context: &Context) -> Result<Exit, Failure> {
    let engine = context.open()?;
    let id = ClientId::new(args.id.as_str());
    let Some(client) = engine.store().find_client(&id)? else {
        return Err(Failure::failed(format!("there is no client `{id}`"))
            .hinted("`purser clients list` shows the clients"));
    };
    context.confirm(
        args.yes,
        &format!("Delete the client `{}` ({id})?", client.name),
    )?;
    engine.store().delete_client(&id)?;
    context
        .output
        .say(&format!("deleted the client `{}` ({id})", client.name));
    if context.output.json {
        context.output.json(&json!({"client_id": id}))?;
    }
    Ok(Exit::Success)
}
