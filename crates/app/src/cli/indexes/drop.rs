//! `purser indexes drop`

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::query;

/// Drop an index
///
/// Searches find the same users without it, only slower.
#[derive(Debug, Args)]
pub(crate) struct DropArgs {
    /// The attribute
    #[arg(value_name = "PATH")]
    path: String,
}

/// Runs the command.
pub(super) fn run(args: &DropArgs, context: &Context) -> Result<Exit, Failure> {
    let attribute = query::attribute(&args.path)?;
    let engine = context.open()?;
    let name = attribute.name();
    if !engine.store().drop_index(&attribute)? {
        let states = engine.store().index_states()?;
        let hint = if states.built_in.contains(&name.as_str()) {
            "this one is always there"
        } else {
            "`purser indexes list` shows the indexes"
        };
        return Err(Failure::failed(format!("there is no index on `{name}`")).hinted(hint));
    }
    context
        .output
        .say(&format!("dropped the index on `{name}`"));
    if context.output.json {
        context.output.json(&json!({"path": name}))?;
    }
    Ok(Exit::Success)
}
