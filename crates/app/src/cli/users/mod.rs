//! `purser users`: searching users, looking at them, changing and deleting them.

mod count;
mod delete;
mod edit;
mod found;
mod get;
mod list;
mod preview;
mod search;

use clap::Subcommand;
use purser_core::id::UserId;
use purser_core::query::fold;
use purser_core::user::Profile;
use purser_store::{ConnectionRow, Store};

use super::context::{Context, find_connection};
use super::exit::Exit;
use super::failure::Failure;

/// What to do with users.
#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    Block(edit::BlockArgs),
    Count(count::CountArgs),
    Delete(delete::DeleteArgs),
    Get(get::GetArgs),
    List(list::ListArgs),
    Search(search::SearchArgs),
    Unblock(edit::UnblockArgs),
    Update(edit::UpdateArgs),
}

/// Runs the command.
pub(crate) fn run(command: &UsersCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        UsersCommand::Block(args) => args.run(context),
        UsersCommand::Count(args) => count::run(args, context),
        UsersCommand::Delete(args) => delete::run(args, context),
        UsersCommand::Get(args) => get::run(args, context),
        UsersCommand::List(args) => list::run(args, context),
        UsersCommand::Search(args) => search::run(args, context),
        UsersCommand::Unblock(args) => args.run(context),
        UsersCommand::Update(args) => args.run(context),
    }
}

/// Whom a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    Id(UserId),
    /// In lower case, as the store looks for it.
    Email(String),
}

impl Who {
    /// Reads an id, which has a `|`, or an e-mail address.
    fn parse(text: &str) -> Result<Self, Failure> {
        if text.contains('|') {
            Ok(Self::Id(UserId::new(text)))
        } else if text.contains('@') {
            Ok(Self::Email(fold(text).into_owned()))
        } else {
            Err(
                Failure::usage(format!("`{text}` is no user id and no e-mail address"))
                    .hinted("a user id has its strategy before it, as in `auth0|1234`"),
            )
        }
    }

    /// Returns all users that are meant.
    fn find(&self, store: &Store) -> Result<Vec<Profile>, Failure> {
        Ok(match self {
            Self::Id(id) => store.find_user(id)?.into_iter().collect(),
            Self::Email(email) => store.find_users_by_email(email)?,
        })
    }
}

/// Returns the failure that nobody is called so.
fn nobody(text: &str) -> Failure {
    Failure::failed(format!("there is no user `{text}`"))
        .hinted("ids and addresses are compared as a whole; `purser users list` shows users")
}

/// Returns the connection that `--connection` names, if it does.
fn chosen(store: &Store, name: Option<&String>) -> Result<Option<ConnectionRow>, Failure> {
    name.map(|name| find_connection(store, name)).transpose()
}
