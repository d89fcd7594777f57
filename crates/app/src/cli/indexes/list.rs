//! `purser indexes list`

use clap::Args;
use purser_store::IndexState;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::table::Table;
use crate::cli::words;

/// List the indexes with how many users each holds
#[derive(Debug, Args)]
pub(crate) struct ListArgs {}

/// Runs the command.
pub(super) fn run(_args: &ListArgs, context: &Context) -> Result<Exit, Failure> {
    let states = context.open()?.store().index_states()?;
    if context.output.json {
        let indexes: Vec<Value> = states.declared.iter().map(to_json).collect();
        context.output.json(&json!({
            "users": states.users,
            "indexed": states.indexed,
            "built_in": states.built_in,
            "indexes": indexes,
        }))?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new(&["PATH", "CREATED", "INDEXED", "USERS"])
        .with_numbers(2)
        .with_numbers(3);
    for IndexState { index, indexed } in &states.declared {
        table.push(vec![
            index.attribute.name(),
            index.created_at.to_string(),
            indexed.to_string(),
            states.users.to_string(),
        ]);
    }
    context.output.table(&table)?;
    context.output.say(&format!(
        "always indexed, now for {} of {}: {}",
        words::number(states.indexed),
        words::count(states.users, "user"),
        states.built_in.join(", ")
    ));
    if states.indexed < states.users {
        context
            .output
            .hint("`purser indexes build`, or a running server, indexes the others");
    }
    Ok(Exit::Success)
}

fn to_json(state: &IndexState) -> Value {
    json!({
        "path": state.index.attribute.name(),
        "created_at": state.index.created_at.to_string(),
        "indexed": state.indexed,
    })
}
