//! Not there yet.

use crate::http::state::AppState;
use utoipa_axum::router::OpenApiRouter;
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
