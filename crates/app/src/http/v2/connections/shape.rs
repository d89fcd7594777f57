//! What connections look like on the wire, for the API's description. Bodies are made and read in `purser_core::api`.
#![expect(
    dead_code,
    reason = "only the description of the API reads these shapes"
)]

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A connection.
#[derive(ToSchema)]
pub(super) struct Connection {
    #[schema(example = "con_ftSSLHb0O7rcUGmF")]
    id: String,
    options: Map<String, Value>,
    #[schema(example = "auth0")]
    strategy: String,
    #[schema(example = "Username-Password-Authentication")]
    name: String,
    display_name: Option<String>,
    is_domain_connection: bool,
    show_as_button: Option<bool>,
    metadata: Option<Map<String, Value>>,
    authentication: Option<Map<String, Value>>,
    connected_accounts: Option<Map<String, Value>>,
    realms: Vec<String>,
    enabled_clients: Vec<String>,
}

/// Connections: alone, with totals, or up to a checkpoint.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum ConnectionList {
    Plain(Vec<Connection>),
    Page(ConnectionPage),
    Chunk(ConnectionChunk),
}

/// A page of connections.
#[derive(ToSchema)]
pub(super) struct ConnectionPage {
    /// How many there are on all pages.
    total: u64,
    start: u64,
    limit: u64,
    connections: Vec<Connection>,
}

/// Connections up to a checkpoint.
#[derive(ToSchema)]
pub(super) struct ConnectionChunk {
    connections: Vec<Connection>,
    /// For `from` of the next request; absent at the end.
    next: Option<String>,
}

/// A connection to be made.
#[derive(ToSchema)]
pub(super) struct NewConnection {
    /// Letters, digits and single dashes between them; at most 128.
    name: String,
    #[schema(example = "auth0")]
    strategy: String,
    /// Defaults of the strategy are filled in.
    options: Option<Map<String, Value>>,
    enabled_clients: Option<Vec<String>>,
    display_name: Option<String>,
    is_domain_connection: Option<bool>,
    show_as_button: Option<bool>,
    realms: Option<Vec<String>>,
    metadata: Option<Map<String, Value>>,
    authentication: Option<Map<String, Value>>,
    connected_accounts: Option<Map<String, Value>>,
}

/// Changes to a connection; name and strategy stay.
#[derive(ToSchema)]
pub(super) struct ConnectionChanges {
    /// Replaces all options.
    options: Option<Map<String, Value>>,
    enabled_clients: Option<Vec<String>>,
    display_name: Option<String>,
    is_domain_connection: Option<bool>,
    show_as_button: Option<bool>,
    realms: Option<Vec<String>>,
    metadata: Option<Map<String, Value>>,
    authentication: Option<Map<String, Value>>,
    connected_accounts: Option<Map<String, Value>>,
}

/// A deleted connection.
#[derive(ToSchema)]
pub(super) struct Deleted {
    #[schema(example = "2023-01-25T17:43:27.472Z")]
    deleted_at: String,
}

/// Clients that may use a connection.
#[derive(ToSchema)]
pub(super) struct EnabledClients {
    clients: Vec<EnabledClient>,
    /// For `from` of the next request; absent at the end.
    next: Option<String>,
}

/// A client that may use a connection.
#[derive(ToSchema)]
pub(super) struct EnabledClient {
    client_id: String,
}

/// A client that shall be able to use a connection, or not any more.
#[derive(ToSchema)]
pub(super) struct ClientStatus {
    client_id: String,
    status: bool,
}
