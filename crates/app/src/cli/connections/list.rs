//! `purser connections list`

use clap::Args;
use serde_json::Value;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::table::Table;

/// List the connections with their users' count
#[derive(Debug, Args)]
pub(crate) struct ListArgs {}

/// Runs the command.
pub(super) fn run(_args: &ListArgs, context: &Context) -> Result<Exit, Failure> {
    let connections = context.open()?.store().list_connections()?;
    if context.output.json {
        let all: Vec<Value> = connections.iter().map(super::to_json).collect();
        context.output.json(&Value::Array(all))?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new(&["ID", "NAME", "STRATEGY", "ENABLED", "USERS"]).with_numbers(4);
    for row in &connections {
        let connection = &row.connection;
        table.push(vec![
            connection.id.to_string(),
            connection.name.clone(),
            connection.strategy.as_str().to_owned(),
            if connection.enabled { "yes" } else { "no" }.to_owned(),
            row.users.to_string(),
        ]);
    }
    context.output.table(&table)?;
    Ok(Exit::Success)
}
