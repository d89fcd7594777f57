//! Auth0's Authentication API, as far as machines need it.

mod discovery;
mod refusal;
mod token;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::state::AppState;

/// Returns the paths of tokens and keys.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(token::issue))
        .routes(routes!(discovery::jwks))
        .routes(routes!(discovery::configuration))
}
