//! `GET /api/v2/connections/{id}`.

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::Shown;
use purser_core::json::RawJson;

use super::shape::Connection;
use super::{ALWAYS, no_such_connection, parse_id, shown};
use crate::http::answer::json_text;
use crate::http::auth::{ReadConnections, Requires};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::path::PathParam;
use crate::http::query::QueryParams;
use crate::http::v2::paging::selection;

/// Shows a connection
///
/// As recorded from Auth0.
#[utoipa::path(
    get,
    path = "/api/v2/connections/{id}",
    tag = "connections",
    operation_id = "show_connection",
    params(
        ("id" = String, Path, description = "The connection's id: `con_ftSSLHb0O7rcUGmF`"),
        ("fields" = Option<String>, Query, description = "Attributes wanted, separated by commas; `id` and \
            `is_domain_connection` come along"),
        ("include_fields" = Option<bool>, Query, description = "`false`: all but `fields`"),
    ),
    responses(
        (status = 200, description = "The connection", body = Connection),
        (status = 400, description = "`invalid_query_string`", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 404, description = "`inexistent_connection`", body = ErrorBody),
    ),
    security(("bearer" = ["read:connections"]))
)]
pub(crate) async fn get(
    app: Requires<ReadConnections>,
    PathParam(id): PathParam,
    params: QueryParams,
) -> Result<Response, ApiError> {
    let selection = selection(&params)?.always(&ALWAYS);
    let id = parse_id(&id)?;
    let found = app
        .blocking(move |engine| Ok(engine.store().find_connection(&id)?))
        .await?;
    let text = shown(
        &found.ok_or_else(no_such_connection)?.connection,
        Shown::Read,
    );
    Ok(json_text(
        StatusCode::OK,
        selection.apply(RawJson::trusted(&text)),
    ))
}
