//! `purser users get`

use clap::Args;

use super::{Who, nobody};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::profile;

/// Show a user as JSON
///
/// An e-mail address may belong to users of several connections; all are shown. Indented on a terminal, otherwise one
/// user a line.
#[derive(Debug, Args)]
#[command(after_long_help = "Exit codes:
  0  found
  1  there is no such user

Examples:
  purser users get 'auth0|5f7c8ec7c33c6c004bbafe82'
  purser users get ann@example.com | jq .app_metadata")]
pub(crate) struct GetArgs {
    /// An id (`auth0|1234`) or an e-mail address
    #[arg(value_name = "ID|EMAIL")]
    user: String,
}

/// Runs the command.
pub(super) fn run(args: &GetArgs, context: &Context) -> Result<Exit, Failure> {
    let who = Who::parse(&args.user)?;
    let users = who.find(context.open()?.store())?;
    if users.is_empty() {
        return Err(nobody(&args.user));
    }
    for user in &users {
        profile::print(user, context)?;
    }
    Ok(Exit::Success)
}
