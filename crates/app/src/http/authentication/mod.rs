//! Auth0's Authentication API, as far as machines need it.

use utoipa_axum::router::OpenApiRouter;

use crate::http::state::AppState;

/// Returns the paths of tokens and keys.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
