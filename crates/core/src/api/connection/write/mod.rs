//! What may be sent to make or change a connection, and the connection that comes of it.

use serde_json::{Map, Value, json};

use super::schema::{CREATE, UPDATE};
use super::show::OPTIONAL;
use crate::api::Refusal;
use crate::api::check::wrong_type;
use crate::api::schema::{Schema, canonical_body, check_body, violation};
use crate::connection::{Connection, Strategy};
use crate::id::{ClientId, ConnectionId};
use crate::json::{Kind, RawJson};

/// A connection to be made, as a body asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionDraft(Map<String, Value>);

/// Changes to a connection, as a body asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionPatch(Map<String, Value>);

impl ConnectionDraft {
    /// Reads a body.
    pub fn parse(body: &str) -> Result<Self, Refusal> {
        checked(body, &CREATE).map(Self)
    }

    /// Returns the connection, its defaults filled in.
    pub fn into_connection(mut self, id: ConnectionId) -> Connection {
        let text = |value: Option<Value>| {
            value
                .as_ref()
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let name = text(self.0.shift_remove("name"));
        let strategy = Strategy::new(text(self.0.shift_remove("strategy")));
        let options = match self.0.shift_remove("options") {
            Some(Value::Object(given)) => given,
            _ => Map::new(),
        };
        let enabled_clients = client_ids(self.0.get("enabled_clients"));
        let mut extra = Map::new();
        copy_extra(&self.0, &mut extra);
        Connection {
            id,
            name,
            options: with_defaults(options, &strategy),
            strategy,
            enabled: !enabled_clients.is_empty(),
            enabled_clients,
            extra,
        }
    }
}

impl ConnectionPatch {
    /// Reads a body.
    pub fn parse(body: &str) -> Result<Self, Refusal> {
        checked(body, &UPDATE).map(Self)
    }

    /// Changes a connection that has `users` users. Over the API it takes imports when it has clients.
    pub fn apply(&self, connection: &mut Connection, users: u64) -> Result<(), Refusal> {
        if let Some(Value::Object(options)) = self.0.get("options") {
            let custom = |options: &Map<String, Value>| {
                options
                    .get("enabledDatabaseCustomization")
                    .and_then(Value::as_bool)
                    .unwrap_or(false)
            };
            if users > 0 && custom(options) != custom(&connection.options) {
                let message = "This database contains users. You cannot change \
                               \"options.enabledDatabaseCustomization\" setting.";
                return Err(Refusal::new(message, "operation_not_supported"));
            }
            connection.options = options.clone();
        }
        if let Some(clients) = self.0.get("enabled_clients") {
            connection.enabled_clients = client_ids(Some(clients));
            connection.enabled = !connection.enabled_clients.is_empty();
        }
        copy_extra(&self.0, &mut connection.extra);
        Ok(())
    }
}

fn checked(body: &str, schema: &Schema) -> Result<Map<String, Value>, Refusal> {
    let body = check_body(body, schema).map_err(Refusal::body)?;
    let Ok(Value::Object(members)) = serde_json::from_str(&body) else {
        return Err(Refusal::body(crate::api::INVALID_JSON));
    };
    if let Some(options) = members.get("options") {
        check_options(options)?;
    }
    Ok(members)
}

/// Auth0 keeps two ways to describe identifiers; they exclude each other (recorded).
fn check_options(options: &Value) -> Result<(), Refusal> {
    let has = |name: &str| options.get(name).is_some_and(|value| !value.is_null());
    for name in ["requires_username", "validation"] {
        if has("attributes") && has(name) {
            let message = format!("Cannot set both options.attributes and options.{name}");
            return Err(Refusal::body(message));
        }
    }
    for bound in ["min", "max"] {
        let Some(value) = options.pointer(&format!("/validation/username/{bound}")) else {
            continue;
        };
        if !value
            .as_u64()
            .is_some_and(|length| (1..=128).contains(&length))
        {
            let path = format!("options.validation.username.{bound}");
            return Err(Refusal::body(violation(
                "Value must be a whole number from 1 to 128",
                &path,
                "",
            )));
        }
    }
    Ok(())
}

fn copy_extra(from: &Map<String, Value>, extra: &mut Map<String, Value>) {
    for name in ["display_name", "is_domain_connection"]
        .into_iter()
        .chain(OPTIONAL)
    {
        if let Some(value) = from.get(name) {
            extra.insert(name.to_owned(), value.clone());
        }
    }
    match from
        .get("realms")
        .and_then(Value::as_array)
        .map(Vec::is_empty)
    {
        Some(true) => {
            extra.shift_remove("realms");
        }
        Some(false) => {
            extra.insert("realms".to_owned(), from["realms"].clone());
        }
        None => {}
    }
}

fn client_ids(clients: Option<&Value>) -> Vec<ClientId> {
    let mut ids: Vec<ClientId> = Vec::new();
    for id in clients
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        let id = ClientId::new(id);
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// Returns the options that a new connection of the strategy has.
pub fn default_options(strategy: &Strategy) -> Map<String, Value> {
    with_defaults(Map::new(), strategy)
}

/// Fills in what is not given; the order of the keys is that of recorded connections.
fn with_defaults(given: Map<String, Value>, strategy: &Strategy) -> Map<String, Value> {
    if !strategy.is_database() {
        return given;
    }
    let mut options = Map::new();
    options.insert(
        "mfa".into(),
        json!({"active": true, "return_enroll_settings": true}),
    );
    options.insert("passwordPolicy".into(), "good".into());
    options.extend(given);
    let methods = json!({"password": {"enabled": true}, "passkey": {"enabled": false}});
    let passkeys = json!({
        "challenge_ui": "both",
        "progressive_enrollment_enabled": true,
        "local_enrollment_enabled": true,
    });
    for (name, value) in [
        ("strategy_version", json!(2)),
        ("authentication_methods", methods),
        ("passkey_options", passkeys),
        ("brute_force_protection", json!(true)),
    ] {
        options.entry(name).or_insert(value);
    }
    options
}

/// A client that shall be able to use a connection, or not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientChange {
    pub client: ClientId,
    pub status: bool,
}

/// Clients that one request may change.
const MOST_CLIENTS: usize = 50;

/// Reads the body of `PATCH /connections/{id}/clients`.
pub fn client_changes(body: &str) -> Result<Vec<ClientChange>, Refusal> {
    let body = canonical_body(body).map_err(Refusal::body)?;
    let body = RawJson::trusted(&body);
    let refuse = |problem: &str, path: &str| Err(Refusal::body(violation(problem, path, "")));
    if body.kind() != Kind::Array {
        return refuse(&wrong_type("array", body), "");
    }
    let count = body.elements().count();
    if count == 0 {
        return refuse("Array is too short (0), minimum 1", "");
    }
    if count > MOST_CLIENTS {
        return refuse(
            &format!("Array is too long ({count}), maximum {MOST_CLIENTS}"),
            "",
        );
    }
    body.elements()
        .enumerate()
        .map(|(at, element)| client_change(at, element))
        .collect()
}

fn client_change(at: usize, element: RawJson<'_>) -> Result<ClientChange, Refusal> {
    let refuse = |problem: &str, path: &str| Refusal::body(violation(problem, path, ""));
    let here = format!("[{at}]");
    if element.kind() != Kind::Object {
        return Err(refuse(&wrong_type("object", element), &here));
    }
    let member = |name: &str| {
        let missing = || refuse(&format!("Missing required property: {name}"), &here);
        element.get(name).ok_or_else(missing)
    };
    let (client, status) = (member("client_id")?, member("status")?);
    let other = element
        .members()
        .find(|member| !member.is("client_id") && !member.is("status"));
    if let Some(other) = other {
        return Err(refuse(
            &format!("Additional properties not allowed: {}", other.name()),
            &here,
        ));
    }
    let wrong = |expected: &str, value: RawJson<'_>, name: &str| {
        refuse(&wrong_type(expected, value), &format!("{here}.{name}"))
    };
    Ok(ClientChange {
        client: ClientId::new(
            client
                .as_str()
                .ok_or_else(|| wrong("string", client, "client_id"))?,
        ),
        status: status
            .as_bool()
            .ok_or_else(|| wrong("boolean", status, "status"))?,
    })
}

#[cfg(test)]
mod tests;
