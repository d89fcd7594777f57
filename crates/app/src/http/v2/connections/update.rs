//! `PATCH /api/v2/connections/{id}`.

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::{ConnectionPatch, Shown};

use super::shape::{Connection, ConnectionChanges};
use super::{no_such_connection, parse_id, shown};
use crate::http::answer::json_text;
use crate::http::auth::{Requires, UpdateConnections};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::path::PathParam;
use crate::http::payload::Payload;

/// Changes a connection
///
/// `options` are replaced as a whole; name and strategy cannot change. The answer is as recorded from Auth0.
#[utoipa::path(
    patch,
    path = "/api/v2/connections/{id}",
    tag = "connections",
    operation_id = "update_connection",
    params(("id" = String, Path, description = "The connection's id: `con_ftSSLHb0O7rcUGmF`")),
    request_body = ConnectionChanges,
    responses(
        (status = 200, description = "The connection", body = Connection),
        (status = 400, description = "`invalid_body`, `operation_not_supported`", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 404, description = "`inexistent_connection`", body = ErrorBody),
    ),
    security(("bearer" = ["update:connections"]))
)]
pub(crate) async fn update(
    app: Requires<UpdateConnections>,
    PathParam(id): PathParam,
    body: Payload,
) -> Result<Response, ApiError> {
    let patch = body.read(ConnectionPatch::parse)?;
    let id = parse_id(&id)?;
    let changed = app
        .blocking(move |engine| {
            let change = engine.store().change_connection(&id, |found| {
                let users = found.users;
                patch.apply(&mut found.connection, users)
            })?;
            Ok(change.ok_or_else(no_such_connection)??)
        })
        .await?;
    Ok(json_text(StatusCode::OK, shown(&changed, Shown::Read)))
}
