//! Jobs: imports, exports, and what became of them.

mod body;
mod errors;
mod export;
mod import;
mod show;
mod upload;

use axum::extract::DefaultBodyLimit;
use purser_core::limits::IMPORT_BODY_BYTES;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::state::AppState;

pub(crate) use body::{JobBody, find_job, show_job, shown};
pub(crate) use upload::PARTIAL_UPLOAD;

/// Returns the paths under `/api/v2/jobs`.
pub(crate) fn router(state: &AppState) -> OpenApiRouter<AppState> {
    let body_limit = if state.0.auth0_limits() {
        DefaultBodyLimit::max(usize::try_from(IMPORT_BODY_BYTES).unwrap_or(usize::MAX))
    } else {
        DefaultBodyLimit::disable()
    };
    OpenApiRouter::new()
        .merge(
            OpenApiRouter::new()
                .routes(routes!(import::create))
                .layer(body_limit),
        )
        .routes(routes!(export::create))
        .routes(routes!(show::show))
        .routes(routes!(errors::list))
}
