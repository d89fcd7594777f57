//! `purser users list`

use clap::Args;

use super::chosen;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::table::Table;

/// List users, in the order in which they were stored
///
/// For all of them, use `purser export`.
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
    let users = engine
        .store()
        .list_users(connection.map(|row| row.pk), args.offset, args.limit)?;
    if context.output.json {
        let profiles: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
        context.output.line(&format!("[{}]", profiles.join(",")))?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new(&["ID", "EMAIL", "NAME", "CREATED"]);
    for user in &users {
        let text = |name| user.text(name).unwrap_or_default().into_owned();
        table.push(
            ["user_id", "email", "name", "created_at"]
                .map(text)
                .to_vec(),
        );
    }
    context.output.table(&table)?;
    Ok(Exit::Success)
}
