//! `purser users delete`

use clap::Args;
use purser_core::job::{EditAction, EditOptions};
use purser_store::{ConnectionRow, Store};
use serde_json::json;

use super::edit::{Asked, HowArgs};
use super::{Who, chosen, nobody};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::words;

/// Users deleted in one transaction; others may write in between.
const CHUNK: i64 = 5_000;

/// Delete a user, all users of a connection, or those who match a query
///
/// Asks first; `--yes` says that it is meant, and is required where nobody can be asked. An e-mail address may belong
/// to users of several connections; all are deleted.
///
/// With `--query` or `--all` the work is a job: it says how many users match, is canceled by Ctrl-C, and one that was
/// killed goes on with `purser jobs resume`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  purser users delete 'auth0|5f7c8ec7c33c6c004bbafe82'
  purser users delete ann@example.com --yes
  purser users delete --connection staff --yes
  purser users delete --query='last_login:[* TO 2020}' --dry-run")]
pub(crate) struct DeleteArgs {
    /// An id (`auth0|1234`) or an e-mail address
    #[arg(value_name = "ID|EMAIL", required_unless_present_any = ["connection", "whom"])]
    user: Option<String>,

    /// Delete who matches; `purser help users search` tells how a query is written
    #[arg(long, value_name = "QUERY", conflicts_with = "user", group = "whom")]
    query: Option<String>,

    /// Delete everybody
    #[arg(long, conflicts_with = "user", group = "whom")]
    all: bool,

    /// Delete all users of this connection, or those who match; the connection stays
    // Not from the environment: deleting everything must have been typed.
    #[arg(long, value_name = "NAME|ID", conflicts_with = "user")]
    connection: Option<String>,

    #[command(flatten)]
    how: HowArgs,
}

/// Runs the command.
pub(super) fn run(args: &DeleteArgs, context: &Context) -> Result<Exit, Failure> {
    if args.query.is_some() || args.all {
        let options = EditOptions {
            query: args.query.clone(),
            action: EditAction::Delete,
            set: vec![],
            unset: vec![],
        };
        let connection = args.connection.as_ref();
        let how = &args.how;
        return Asked {
            options,
            connection,
            how,
        }
        .run(context);
    }
    if args.how.dry_run || args.how.report.is_some() {
        return Err(
            Failure::usage("`--dry-run` and `--report` go with `--query` or `--all`")
                .hinted("`--all --connection NAME` means all users of a connection, too"),
        );
    }
    let who = args.user.as_deref().map(Who::parse).transpose()?;
    let engine = context.open()?;
    let store = engine.store();
    let deleted = match (who, &args.user, chosen(store, args.connection.as_ref())?) {
        (Some(who), Some(name), _) => named(&who, name, store, args.how.yes, context)?,
        (_, _, Some(connection)) => all_of(&connection, store, args.how.yes, context)?,
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
