//! `GET` and `PATCH /api/v2/connections/{id}/clients`: which clients may use a connection.

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::{ClientChange, client_changes};
use purser_core::connection::Connection;
use purser_core::id::ConnectionId;
use purser_engine::Engine;
use serde_json::{Value, json};

use super::shape::{ClientStatus, EnabledClients};
use super::{cursor, no_such_connection, parse_id};
use crate::http::answer::{json, no_content};
use crate::http::auth::{ReadConnections, Requires, UpdateConnections};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::path::PathParam;
use crate::http::payload::Payload;
use crate::http::query::QueryParams;
use crate::http::v2::paging::take;

/// Lists the clients that may use a connection
///
/// In the order they were enabled. As documented by Auth0.
#[utoipa::path(
    get,
    path = "/api/v2/connections/{id}/clients",
    tag = "connections",
    operation_id = "list_connection_clients",
    params(
        ("id" = String, Path, description = "The connection's id: `con_ftSSLHb0O7rcUGmF`"),
        ("take" = Option<u64>, Query, description = "From 1 to 1000, 50 if not given"),
        ("from" = Option<String>, Query, description = "`next` of the chunk before"),
    ),
    responses(
        (status = 200, description = "The clients", body = EnabledClients),
        (status = 400, description = "`invalid_query_string`", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 404, description = "`inexistent_connection`", body = ErrorBody),
    ),
    security(("bearer" = ["read:connections"]))
)]
pub(crate) async fn list(
    app: Requires<ReadConnections>,
    PathParam(id): PathParam,
    params: QueryParams,
) -> Result<Response, ApiError> {
    let (take, after) = (take(&params, 1000)?, cursor::read(&params)?);
    let id = parse_id(&id)?;
    let found = app
        .blocking(move |engine| Ok(engine.store().find_connection(&id)?))
        .await?;
    let connection = found.ok_or_else(no_such_connection)?.connection;
    let start = after
        .and_then(|after| usize::try_from(after).ok())
        .unwrap_or(0);
    Ok(json(
        StatusCode::OK,
        &chunk(
            &connection,
            start,
            usize::try_from(take).unwrap_or(usize::MAX),
        ),
    ))
}

fn chunk(connection: &Connection, start: usize, take: usize) -> Value {
    let rest = connection.enabled_clients.get(start..).unwrap_or_default();
    let (chunk, more) = rest.split_at(rest.len().min(take));
    let clients: Vec<Value> = chunk
        .iter()
        .map(|client| json!({"client_id": client}))
        .collect();
    match i64::try_from(start + chunk.len()) {
        Ok(end) if !more.is_empty() => json!({"clients": clients, "next": cursor::encode(end)}),
        _ => json!({"clients": clients}),
    }
}

/// Lets clients use a connection, or not any more
///
/// A connection that no client may use takes no imports. The answer is as recorded from Auth0.
#[utoipa::path(
    patch,
    path = "/api/v2/connections/{id}/clients",
    tag = "connections",
    operation_id = "update_connection_clients",
    params(("id" = String, Path, description = "The connection's id: `con_ftSSLHb0O7rcUGmF`")),
    request_body = Vec<ClientStatus>,
    responses(
        (status = 204, description = "Done"),
        (status = 400, description = "`invalid_body`", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 404, description = "`inexistent_connection`, `inexistent_client`", body = ErrorBody),
    ),
    security(("bearer" = ["update:connections"]))
)]
pub(crate) async fn update(
    app: Requires<UpdateConnections>,
    PathParam(id): PathParam,
    body: Payload,
) -> Result<Response, ApiError> {
    let changes = body.read(client_changes)?;
    let id = parse_id(&id)?;
    app.blocking(move |engine| change(engine, &id, &changes))
        .await?;
    Ok(no_content())
}

fn change(engine: &Engine, id: &ConnectionId, changes: &[ClientChange]) -> Result<(), ApiError> {
    let store = engine.store();
    // A client that is gone can still be taken off the list.
    for change in changes.iter().filter(|change| change.status) {
        if store.find_client(&change.client)?.is_none() && store.find_connection(id)?.is_some() {
            return Err(ApiError::not_found(
                "The client does not exist",
                Some("inexistent_client"),
            ));
        }
    }
    let changed = store.change_connection(id, |found| {
        let connection = &mut found.connection;
        for ClientChange { client, status } in changes {
            connection
                .enabled_clients
                .retain(|enabled| enabled != client || *status);
            if *status && !connection.enabled_clients.contains(client) {
                connection.enabled_clients.push(client.clone());
            }
        }
        connection.enabled = !connection.enabled_clients.is_empty();
        Ok(())
    })?;
    changed
        .unwrap_or_else(|| Err(no_such_connection()))
        .map(|_| ())
}
