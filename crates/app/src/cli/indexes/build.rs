//! `purser indexes build`

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Index all users now
///
/// A server does so by itself, a moment after users were written. Without one, this makes searches fast again after
/// an import. Others may read and write meanwhile.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {}

/// Runs the command.
pub(super) fn run(_args: &BuildArgs, context: &Context) -> Result<Exit, Failure> {
    let engine = context.open()?;
    super::build(&engine, context)?;
    if context.output.json {
        let states = engine.store().index_states()?;
        let body = json!({"indexed": states.indexed, "users": states.users});
        context.output.json(&body)?;
    }
    Ok(Exit::Success)
}
