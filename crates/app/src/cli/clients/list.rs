//! `purser clients list`

use clap::Args;
use purser_store::Client;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::table::Table;

/// List the clients of the API, without their secrets
#[derive(Debug, Args)]
pub(crate) struct ListArgs {}

/// Runs the command.
pub(super) fn run(_args: &ListArgs, context: &Context) -> Result<Exit, Failure> {
    let clients = context.open()?.store().list_clients()?;
    if context.output.json {
        context
            .output
            .json(&Value::Array(clients.iter().map(to_json).collect()))?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new(&["ID", "NAME", "CREATED", "SCOPE"]);
    for Client {
        id,
        name,
        secret_hash: _,
        scopes,
        created_at,
    } in &clients
    {
        table.push(vec![
            id.to_string(),
            name.clone(),
            created_at.to_string(),
            scopes.join(" "),
        ]);
    }
    context.output.table(&table)?;
    Ok(Exit::Success)
}

fn to_json(client: &Client) -> Value {
    let Client {
        id,
        name,
        secret_hash: _,
        scopes,
        created_at,
    } = client;
    json!({
        "client_id": id,
        "name": name,
        "scope": scopes.join(" "),
        "created_at": created_at.to_string(),
    })
}
