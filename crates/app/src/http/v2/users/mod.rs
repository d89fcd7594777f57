//! Users: `/api/v2/users` and `/api/v2/users-by-email`, one file per endpoint.

mod create;
mod delete;
mod list;
mod password;
pub(super) mod shape;
mod show;
mod update;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::users_by_email;
use crate::http::error::ApiError;
use crate::http::state::AppState;

/// Returns the paths under `/api/v2/users` and `/api/v2/users-by-email`.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(show::show, update::update, delete::delete))
        .routes(routes!(users_by_email::list))
}

/// Returns the 404 of a user who is not there.
fn no_such_user() -> ApiError {
    ApiError::not_found("The user does not exist.", Some("inexistent_user"))
}
