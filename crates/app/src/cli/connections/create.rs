//! `purser connections create`

use clap::Args;
use purser_core::connection::{Connection, Strategy, is_connection_name};
use purser_core::id::ConnectionId;
use purser_store::ConnectionRow;
use serde_json::{Map, Value};

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Create a connection
///
/// A connection is a set of users that sign in the same way. Its strategy is the prefix of their ids and says what
/// they are identified by: `auth0` (a database: e-mail address, username or phone number), `sms`, `email`, or the name
/// of an identity provider such as `google-oauth2`. The new connection takes imports at once, unless `--disabled`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  purser connections create staff
  purser connections create players --requires-username
  purser connections create phones --strategy sms")]
pub(crate) struct CreateArgs {
    /// Its name: letters, digits, and dashes between them; at most 128 characters
    #[arg(value_name = "NAME")]
    name: String,

    /// How its users sign in: auth0, sms, email, google-oauth2 …
    #[arg(long, default_value = "auth0", value_name = "STRATEGY")]
    strategy: String,

    /// Its users have usernames
    #[arg(long)]
    requires_username: bool,

    /// Take no imports until it is enabled
    #[arg(long)]
    disabled: bool,
}

/// Runs the command.
pub(super) fn run(args: &CreateArgs, context: &Context) -> Result<Exit, Failure> {
    let connection = connection(args)?;
    let engine = context.open_or_create()?;
    let pk = engine.store().insert_connection(&connection)?;
    if context.output.json {
        context.output.json(&super::to_json(&ConnectionRow {
            pk,
            connection,
            users: 0,
        }))?;
    } else {
        context.output.line(connection.id.as_str())?;
        let Connection { name, strategy, .. } = &connection;
        context.output.say(&format!(
            "created the connection `{name}` ({})",
            strategy.as_str()
        ));
    }
    Ok(Exit::Success)
}

fn connection(args: &CreateArgs) -> Result<Connection, Failure> {
    let CreateArgs {
        name,
        strategy,
        requires_username,
        disabled,
    } = args;
    if !is_connection_name(name) {
        return Err(
            Failure::usage(format!("`{name}` cannot be the name of a connection")).hinted(
                "use letters, digits and single dashes between them, at most 128 characters",
            ),
        );
    }
    let in_strategy = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if strategy.is_empty() || !strategy.bytes().all(in_strategy) {
        return Err(Failure::usage(format!("`{strategy}` is no strategy"))
            .hinted("for example `auth0`, `sms`, `email` or `google-oauth2`"));
    }
    let mut options = Map::new();
    if *requires_username {
        options.insert("requires_username".to_owned(), Value::Bool(true));
    }
    Ok(Connection {
        id: ConnectionId::from_random(&purser_engine::random()),
        name: name.clone(),
        strategy: Strategy::new(strategy.as_str()),
        enabled: !disabled,
        enabled_clients: Vec::new(),
        options,
        extra: Map::new(),
    })
}
