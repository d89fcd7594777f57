//! `GET /api/v2/users/{id}`.

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::id::UserId;

use super::no_such_user;
use super::shape::User;
use crate::http::answer::json_text;
use crate::http::auth::{ReadUsers, Requires};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::path::PathParam;
use crate::http::query::QueryParams;
use crate::http::v2::paging::selection;

/// Shows a user
///
/// As recorded from Auth0.
#[utoipa::path(
    get,
    path = "/api/v2/users/{id}",
    tag = "users",
    operation_id = "show_user",
    params(
        ("id" = String, Path, description = "The user's id: `auth0|63d16b60c55b3650a5c9fff9`"),
        ("fields" = Option<String>, Query, description = "Attributes wanted, separated by commas"),
        ("include_fields" = Option<bool>, Query, description = "`false`: all but `fields`"),
    ),
    responses(
        (status = 200, description = "The user", body = User),
        (status = 400, description = "`invalid_query_string`", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 404, description = "`inexistent_user`", body = ErrorBody),
    ),
    security(("bearer" = ["read:users"]))
)]
pub(crate) async fn show(
    app: Requires<ReadUsers>,
    PathParam(id): PathParam,
    params: QueryParams,
) -> Result<Response, ApiError> {
    let selection = selection(&params)?;
    let found = app
        .blocking(move |engine| Ok(engine.store().find_user(&UserId::new(id))?))
        .await?;
    let profile = found.ok_or_else(no_such_user)?;
    Ok(json_text(StatusCode::OK, selection.apply(profile.raw())))
}
