//! `purser connections`: what one can do with connections.

mod create;
mod delete;
mod disable;
mod enable;
mod list;
mod show;

use clap::Subcommand;
use purser_core::connection::Connection;
use purser_store::ConnectionRow;
use serde_json::{Value, json};

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// What to do with connections.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionsCommand {
    Create(create::CreateArgs),
    Delete(delete::DeleteArgs),
    Disable(disable::DisableArgs),
    Enable(enable::EnableArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
}

/// Runs the command.
pub(crate) fn run(command: &ConnectionsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        ConnectionsCommand::Create(args) => create::run(args, context),
        ConnectionsCommand::Delete(args) => delete::run(args, context),
        ConnectionsCommand::Disable(args) => disable::run(args, context),
        ConnectionsCommand::Enable(args) => enable::run(args, context),
        ConnectionsCommand::List(args) => list::run(args, context),
        ConnectionsCommand::Show(args) => show::run(args, context),
    }
}

/// Returns a connection as JSON.
fn to_json(row: &ConnectionRow) -> Value {
    let ConnectionRow {
        pk: _,
        connection,
        users,
    } = row;
    let Connection {
        id,
        name,
        strategy,
        enabled,
        enabled_clients,
        options,
        extra,
    } = connection;
    let mut value = json!({
        "id": id,
        "name": name,
        "strategy": strategy,
        "enabled": enabled,
        "users": users,
        "enabled_clients": enabled_clients,
        "options": options,
    });
    if let Value::Object(members) = &mut value {
        for (key, extra) in extra {
            members.entry(key.clone()).or_insert_with(|| extra.clone());
        }
    }
    value
}
