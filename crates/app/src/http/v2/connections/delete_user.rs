//! `DELETE /api/v2/connections/{id}/users`.

use axum::response::Response;
use purser_core::id::ConnectionId;
use purser_core::query::fold;
use purser_engine::Engine;

use super::{no_such_connection, parse_id};
use crate::http::answer::no_content;
use crate::http::auth::{DeleteUsers, Requires};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::path::PathParam;
use crate::http::query::QueryParams;
use crate::http::v2::paging::required;

/// Deletes the user of a connection who has an address
///
/// Answers the same whether there was one or not. As documented by Auth0.
#[utoipa::path(
    delete,
    path = "/api/v2/connections/{id}/users",
    tag = "connections",
    operation_id = "delete_connection_user",
    params(
        ("id" = String, Path, description = "The connection's id: `con_ftSSLHb0O7rcUGmF`"),
        ("email" = String, Query, description = "The address"),
    ),
    responses(
        (status = 204, description = "Nobody has the address any more"),
        (status = 400, description = "`invalid_query_string`, `operation_not_supported`", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 404, description = "`inexistent_connection`", body = ErrorBody),
    ),
    security(("bearer" = ["delete:users"]))
)]
pub(crate) async fn delete(
    app: Requires<DeleteUsers>,
    PathParam(id): PathParam,
    params: QueryParams,
) -> Result<Response, ApiError> {
    let email = fold(&required(&params, "email")?).into_owned();
    let id = parse_id(&id)?;
    app.blocking(move |engine| delete_by_email(engine, &id, &email))
        .await?;
    Ok(no_content())
}

fn delete_by_email(engine: &Engine, id: &ConnectionId, email: &str) -> Result<(), ApiError> {
    let found = engine
        .store()
        .find_connection(id)?
        .ok_or_else(no_such_connection)?;
    if !found.connection.strategy.is_database() {
        let message = "Connection must be a database connection";
        return Err(ApiError::bad_request(message, "operation_not_supported"));
    }
    engine.store().delete_users_by_email(found.pk, email)?;
    Ok(())
}
