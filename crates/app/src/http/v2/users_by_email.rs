//! `GET /api/v2/users-by-email`.

use axum::http::StatusCode;
use axum::response::Response;

use super::paging::{required, selection};
use super::users::shape::User;
use crate::http::answer::json_text;
use crate::http::auth::{ReadUsers, Requires};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::query::QueryParams;

/// Finds users by their address
///
/// In all connections. Addresses are kept in lower case and compared as they are. The answer is as recorded from
/// Auth0; an address that nobody has is an empty array.
#[utoipa::path(
    get,
    path = "/api/v2/users-by-email",
    tag = "users",
    operation_id = "list_users_by_email",
    params(
        ("email" = String, Query, description = "The address, in lower case"),
        ("fields" = Option<String>, Query, description = "Attributes wanted, separated by commas"),
        ("include_fields" = Option<bool>, Query, description = "`false`: all but `fields`"),
    ),
    responses(
        (status = 200, description = "The users", body = Vec<User>),
        (status = 400, description = "`invalid_query_string`", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
    ),
    security(("bearer" = ["read:users"]))
)]
pub(crate) async fn list(
    app: Requires<ReadUsers>,
    params: QueryParams,
) -> Result<Response, ApiError> {
    let selection = selection(&params)?;
    let email = required(&params, "email")?;
    let found = app
        .blocking(move |engine| Ok(engine.store().find_users_by_email(&email)?))
        .await?;
    let users: Vec<String> = found
        .iter()
        .map(|profile| selection.apply(profile.raw()))
        .collect();
    Ok(json_text(StatusCode::OK, format!("[{}]", users.join(","))))
}
