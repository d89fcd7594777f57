//! Jobs.

use utoipa_axum::router::OpenApiRouter;

use crate::http::state::AppState;

/// Returns the paths under `/api/v2/jobs`.
pub(crate) fn router(_state: &AppState) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
