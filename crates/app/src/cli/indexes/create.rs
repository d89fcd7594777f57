//! `purser indexes create`

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::query;

/// Index an attribute, so that searches for it are fast
///
/// The attributes of a profile are indexed already; this is for metadata. Searches find the same users with and without
/// an index. Others may read and write while it is built.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  purser indexes create app_metadata.plan
  purser indexes create 'user_metadata.favorite\\ food'")]
pub(crate) struct CreateArgs {
    /// An attribute as queries name it
    #[arg(value_name = "PATH")]
    path: String,
}

/// Runs the command.
pub(super) fn run(args: &CreateArgs, context: &Context) -> Result<Exit, Failure> {
    let attribute = query::attribute(&args.path)?;
    let engine = context.open()?;
    engine.store().create_index(&attribute, engine.now())?;
    super::build(&engine, context)?;
    if context.output.json {
        context.output.json(&json!({"path": attribute.name()}))?;
    }
    Ok(Exit::Success)
}
