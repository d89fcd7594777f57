//! `purser clients create`

use clap::Args;
use purser_core::id::{ClientId, alphanumeric};
use purser_store::Client;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// What a client may be allowed to do.
const SCOPES: [&str; 14] = [
    "read:users",
    "create:users",
    "update:users",
    "delete:users",
    "read:users_app_metadata",
    "update:users_app_metadata",
    "create:users_app_metadata",
    "delete:users_app_metadata",
    "read:connections",
    "create:connections",
    "update:connections",
    "delete:connections",
    "read:logs",
    "read:logs_users",
];

/// Create a client of the API, and show its secret this once
///
/// Programs exchange the id and the secret for an access token at `POST /oauth/token`, as they do with an Auth0
/// machine-to-machine application. The store keeps only a hash of the secret: it cannot be shown again.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  purser clients create --name nightly-import --scope \"create:users read:users\"
  purser --json clients create --name ci > client.json")]
pub(crate) struct CreateArgs {
    /// What it is called in lists
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name: String,

    /// What it may do, separated by spaces; everything by default
    ///
    /// Known scopes: read:users create:users update:users delete:users read:users_app_metadata
    /// update:users_app_metadata create:users_app_metadata delete:users_app_metadata read:connections
    /// create:connections update:connections delete:connections read:logs read:logs_users
    #[arg(long, value_name = "SCOPES")]
    scope: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &CreateArgs, context: &Context) -> Result<Exit, Failure> {
    let scopes = scopes(&args.scope)?;
    let engine = context.open_or_create()?;
    let secret = alphanumeric(&purser_engine::random::<64>());
    let client = Client {
        id: ClientId::from_random(&purser_engine::random()),
        name: args.name.clone(),
        secret_hash: Sha256::digest(secret.as_bytes()).to_vec(),
        scopes,
        created_at: engine.now(),
    };
    engine.store().insert_client(&client)?;
    let (id, scope) = (client.id.as_str(), client.scopes.join(" "));
    if context.output.json {
        let body = json!({"client_id": id, "client_secret": secret, "scope": scope});
        context.output.json(&body)?;
    } else {
        let lines = format!("client_id:     {id}\nclient_secret: {secret}\nscope:         {scope}");
        context.output.line(&lines)?;
        context
            .output
            .say("the secret is shown this once: keep it now");
    }
    Ok(Exit::Success)
}

/// Returns the scopes asked for, each once.
fn scopes(asked: &[String]) -> Result<Vec<String>, Failure> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in asked
        .iter()
        .flat_map(|text| text.split([' ', ',']))
        .filter(|s| !s.is_empty())
    {
        if !SCOPES.contains(&scope) {
            return Err(Failure::usage(format!("there is no scope `{scope}`"))
                .hinted(format!("the scopes are {}", SCOPES.join(" "))));
        }
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    match (scopes.is_empty(), asked.is_empty()) {
        (true, true) => Ok(SCOPES.map(str::to_owned).to_vec()),
        (true, false) => Err(Failure::usage("`--scope` names no scope")
            .hinted("leave `--scope` out to allow everything")),
        (false, _) => Ok(scopes),
    }
}
