//! Jobs with everything that Purser knows of them.

use utoipa_axum::router::OpenApiRouter;

use crate::http::state::AppState;

/// Returns the paths under `/api/purser/v1/jobs`.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
