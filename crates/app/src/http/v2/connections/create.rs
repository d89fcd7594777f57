//! `POST /api/v2/connections`.

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::{ConnectionDraft, Shown};
use purser_core::id::ConnectionId;
use purser_store::StoreError;

use super::shape::{Connection, NewConnection};
use super::shown;
use crate::http::answer::json_text;
use crate::http::auth::{CreateConnections, Requires};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::payload::Payload;

/// Makes a connection
///
/// Options that are not given get the defaults of the strategy. Without `enabled_clients` it takes no users until some
/// client is enabled. The answer is as recorded from Auth0.
#[utoipa::path(
    post,
    path = "/api/v2/connections",
    tag = "connections",
    operation_id = "create_connection",
    request_body = NewConnection,
    responses(
        (status = 201, description = "The connection", body = Connection),
        (status = 400, description = "`invalid_body`", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 409, description = "A connection has the name already", body = ErrorBody),
    ),
    security(("bearer" = ["create:connections"]))
)]
pub(crate) async fn create(
    app: Requires<CreateConnections>,
    body: Payload,
) -> Result<Response, ApiError> {
    let id = ConnectionId::from_random(&purser_engine::random());
    let connection = body.read(ConnectionDraft::parse)?.into_connection(id);
    let text = shown(&connection, Shown::Created);
    app.blocking(
        move |engine| match engine.store().insert_connection(&connection) {
            Err(StoreError::ConnectionExists) => Err(ApiError::conflict(
                "A connection with the same name already exists",
                None,
            )),
            inserted => Ok(inserted.map(|_| ())?),
        },
    )
    .await?;
    Ok(json_text(StatusCode::CREATED, text))
}
