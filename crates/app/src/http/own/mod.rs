//! Paths that Auth0 does not have.

mod download;
pub(super) mod edits;
mod health;
pub(super) mod indexes;
pub(super) mod jobs;
pub(super) mod query;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::error::ErrorBody;
use crate::http::state::AppState;

/// Returns the paths that need no token.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(download::send))
        .routes(routes!(health::show))
}
