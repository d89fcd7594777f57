//! `DELETE /api/v2/users/{id}`.

use axum::response::Response;
use purser_core::id::UserId;

use crate::http::answer::no_content;
use crate::http::auth::{DeleteUsers, Requires};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::path::PathParam;

/// Deletes a user
///
/// Answers the same whether the user was there or not, as recorded from Auth0.
#[utoipa::path(
    delete,
    path = "/api/v2/users/{id}",
    tag = "users",
    operation_id = "delete_user",
    params(("id" = String, Path, description = "The user's id: `auth0|63d16b60c55b3650a5c9fff9`")),
    responses(
        (status = 204, description = "The user is not there any more"),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
    ),
    security(("bearer" = ["delete:users"]))
)]
pub(crate) async fn delete(
    app: Requires<DeleteUsers>,
    PathParam(id): PathParam,
) -> Result<Response, ApiError> {
    app.blocking(move |engine| Ok(engine.store().delete_user(&UserId::new(id))?))
        .await?;
    Ok(no_content())
}
