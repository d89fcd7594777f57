//! `purser users count`

use clap::Args;
use purser_store::SearchRequest;
use serde_json::json;

use super::chosen;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::query;

/// Count users, all or those who match a query
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  purser users count
  purser users count 'last_login:[* TO 2024} OR NOT _exists_:last_login' --connection staff")]
pub(crate) struct CountArgs {
    /// Count who matches; `purser help users search` tells how a query is written
    #[arg(value_name = "QUERY")]
    query: Option<String>,

    /// The users of this connection only
    #[arg(long, value_name = "NAME|ID")]
    connection: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &CountArgs, context: &Context) -> Result<Exit, Failure> {
    let query = args.query.as_deref();
    let query = query.map(|text| query::query(text, context)).transpose()?;
    let engine = context.open()?;
    let connection = chosen(engine.store(), args.connection.as_ref())?;
    let request = SearchRequest {
        query: query.as_ref(),
        connection: connection.map(|row| row.pk),
        count: true,
        ..SearchRequest::default()
    };
    let found = query::search(&engine, &request, context)?;
    let count = found.total.unwrap_or(0);
    if context.output.json {
        context.output.json(&json!({"count": count}))?;
    } else {
        context.output.line(&count.to_string())?;
    }
    Ok(Exit::Success)
}
