//! Connections: `/api/v2/connections`, one file per endpoint.

mod clients;
mod create;
mod cursor;
mod delete;
mod delete_user;
mod get;
mod list;
mod shape;
mod update;

use purser_core::api::{Shown, connection_body};
use purser_core::connection::Connection;
use purser_core::id::ConnectionId;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::error::ApiError;
use crate::http::state::AppState;

/// Returns the paths under `/api/v2/connections`.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(get::get, update::update, delete::delete))
        .routes(routes!(clients::list, clients::update))
        .routes(routes!(delete_user::delete))
}

/// Returns the 404 of a connection that is not there.
fn no_such_connection() -> ApiError {
    ApiError::not_found(
        "The connection does not exist",
        Some("inexistent_connection"),
    )
}

/// Reads an id; a text of another shape is no connection's.
fn parse_id(text: &str) -> Result<ConnectionId, ApiError> {
    ConnectionId::parse(text).ok_or_else(no_such_connection)
}

/// Returns the JSON text of a connection.
fn shown(connection: &Connection, occasion: Shown) -> String {
    Value::Object(connection_body(connection, occasion)).to_string()
}

/// Members that a list of fields cannot leave out, only `include_fields=false` can (recorded).
const ALWAYS: [&str; 2] = ["id", "is_domain_connection"];
