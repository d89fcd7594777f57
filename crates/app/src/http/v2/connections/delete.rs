//! `DELETE /api/v2/connections/{id}`.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::shape::Deleted;
use crate::http::answer::{json, no_content};
use crate::http::auth::{DeleteConnections, Requires};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::path::PathParam;
use purser_core::id::ConnectionId;

/// Deletes a connection with its users
///
/// Answers once everything is deleted. The answer is as recorded from Auth0.
#[utoipa::path(
    delete,
    path = "/api/v2/connections/{id}",
    tag = "connections",
    operation_id = "delete_connection",
    params(("id" = String, Path, description = "The connection's id: `con_ftSSLHb0O7rcUGmF`")),
    responses(
        (status = 202, description = "It was deleted", body = Deleted),
        (status = 204, description = "It was not there"),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
    ),
    security(("bearer" = ["delete:connections"]))
)]
pub(crate) async fn delete(
    app: Requires<DeleteConnections>,
    PathParam(id): PathParam,
) -> Result<Response, ApiError> {
    let Some(id) = ConnectionId::parse(&id) else {
        return Ok(no_content());
    };
    let deleted = app
        .blocking(move |engine| Ok(engine.store().delete_connection(&id)?))
        .await?;
    if !deleted {
        return Ok(no_content());
    }
    let deleted_at = app.engine().now().to_string();
    Ok(json(
        StatusCode::ACCEPTED,
        &json!({"deleted_at": deleted_at}),
    ))
}
