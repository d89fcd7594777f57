//! `purser users list`

use clap::Args;
use purser_store::SearchRequest;

use super::chosen;
use super::found::{default_table, profiles};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::query;

/// List users, in the order in which they were stored
///
/// For all of them, use `purser export`; for some, `purser users search`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The users of this connection only
    #[arg(long, value_name = "NAME|ID")]
    connection: Option<String>,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1000))]
    limit: u64,

    /// Leave out so many before
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    offset: u64,
}

/// Runs the command.
pub(super) fn run(args: &ListArgs, context: &Context) -> Result<Exit, Failure> {
    let engine = context.open()?;
    let connection = chosen(engine.store(), args.connection.as_ref())?;
    let request = SearchRequest {
        connection: connection.map(|row| row.pk),
        offset: args.offset,
        limit: args.limit,
        ..SearchRequest::default()
    };
    let users = query::search(&engine, &request, context)?.users;
    if context.output.json {
        context.output.line(&profiles(&users))?;
    } else {
        context.output.table(&default_table(&users))?;
    }
    Ok(Exit::Success)
}
