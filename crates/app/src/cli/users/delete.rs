//! `purser users delete`

use clap::Args;
use purser_store::{ConnectionRow, Store};
use serde_json::json;

use super::{Who, chosen, nobody};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::words;

/// Users deleted in one transaction; others may write in between.
const CHUNK: i64 = 5_000;

/// Delete a user, or all users of a connection
///
/// Asks first; `--yes` says that it is meant, and is required where nobody can be asked. An e-mail address may belong
/// to users of several connections; all are deleted.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  purser users delete 'auth0|5f7c8ec7c33c6c004bbafe82'
  purser users delete ann@example.com --yes
  purser users delete --connection staff --yes")]
pub(crate) struct DeleteArgs {
    /// An id (`auth0|1234`) or an e-mail address
    #[arg(value_name = "ID|EMAIL", required_unless_present = "connection")]
    user: Option<String>,

    /// Delete all users of this connection; the connection stays
    // Not from the environment: deleting everything must have been typed.
    #[arg(long, value_name = "NAME|ID", conflicts_with = "user")]
    connection: Option<String>,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Runs the command.
pub(super) fn run(args: &DeleteArgs, context: &Context) -> Result<Exit, Failure> {
    let who = args.user.as_deref().map(Who::parse).transpose()?;
    let engine = context.open()?;
    let store = engine.store();
    let deleted = match (who, &args.user, chosen(store, args.connection.as_ref())?) {
        (Some(who), Some(name), _) => named(&who, name, store, args.yes, context)?,
        (_, _, Some(connection)) => all_of(&connection, store, args.yes, context)?,
        _ => return Err(Failure::usage("nobody is named to be deleted")),
    };
    context
        .output
        .say(&format!("deleted {}", words::count(deleted, "user")));
    if context.output.json {
        context.output.json(&json!({"deleted": deleted}))?;
    }
    Ok(Exit::Success)
}

fn named(
    who: &Who,
    name: &str,
    store: &Store,
    yes: bool,
    context: &Context,
) -> Result<u64, Failure> {
    let found = who.find(store)?;
    if found.is_empty() {
        return Err(nobody(name));
    }
    let ids: Vec<_> = found
        .iter()
        .filter_map(|user| user.text("user_id"))
        .collect();
    context.confirm(yes, &format!("Delete {}?", ids.join(", ")))?;
    match who {
        Who::Id(id) => Ok(u64::from(store.delete_user(id)?)),
        Who::Email(email) => {
            let mut deleted = 0;
            for row in store.list_connections()? {
                deleted += store.delete_users_by_email(row.pk, email)?;
            }
            Ok(deleted)
        }
    }
}

fn all_of(
    row: &ConnectionRow,
    store: &Store,
    yes: bool,
    context: &Context,
) -> Result<u64, Failure> {
    let users = words::count(row.users, "user");
    context.confirm(
        yes,
        &format!(
            "Delete {users} of the connection `{}`?",
            row.connection.name
        ),
    )?;
    let mut deleted = 0;
    loop {
        match store.delete_users_of(row.pk, CHUNK)? {
            0 => return Ok(deleted),
            more => deleted += more,
        }
    }
}
