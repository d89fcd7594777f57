//! Every path of the server on one page. A handler's own attribute holds its path; a test compares both.
//! Besides these: `/openapi.json` and `/docs`, below.
//!
//! ```text
//! POST   /oauth/token                          authentication/token.rs
//! GET    /.well-known/jwks.json                authentication/discovery.rs
//! GET    /.well-known/openid-configuration     authentication/discovery.rs
//! POST   /api/v2/jobs/users-imports            v2/jobs/import.rs
//! POST   /api/v2/jobs/users-exports            v2/jobs/export.rs
//! GET    /api/v2/jobs/{id}                     v2/jobs/show.rs
//! GET    /api/v2/jobs/{id}/errors              v2/jobs/errors.rs
//! GET    /api/v2/users                         v2/users/list.rs
//! POST   /api/v2/users                         v2/users/create.rs
//! GET    /api/v2/users/{id}                    v2/users/show.rs
//! PATCH  /api/v2/users/{id}                    v2/users/update.rs
//! DELETE /api/v2/users/{id}                    v2/users/delete.rs
//! GET    /api/v2/users-by-email                v2/users_by_email.rs
//! GET    /api/v2/connections                   v2/connections/list.rs
//! POST   /api/v2/connections                   v2/connections/create.rs
//! GET    /api/v2/connections/{id}              v2/connections/get.rs
//! PATCH  /api/v2/connections/{id}              v2/connections/update.rs
//! DELETE /api/v2/connections/{id}              v2/connections/delete.rs
//! GET    /api/v2/connections/{id}/clients      v2/connections/clients.rs
//! PATCH  /api/v2/connections/{id}/clients      v2/connections/clients.rs
//! DELETE /api/v2/connections/{id}/users        v2/connections/delete_user.rs
//! GET    /api/purser/v1/jobs                   own/jobs.rs
//! GET    /api/purser/v1/jobs/{id}              own/jobs.rs
//! GET    /api/purser/v1/jobs/{id}/errors       own/jobs.rs
//! POST   /api/purser/v1/users/edits            own/edits.rs
//! POST   /api/purser/v1/query/check            own/query.rs
//! GET    /api/purser/v1/indexes                own/indexes.rs
//! POST   /api/purser/v1/indexes                own/indexes.rs
//! DELETE /api/purser/v1/indexes                own/indexes.rs
//! GET    /exports/{job}/{file}                 own/download.rs
//! GET    /healthz                              own/health.rs
//! ```

use axum::{Router, middleware};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use super::error::{ApiError, ErrorBody};
use super::state::AppState;
use super::{authentication, layers, own, v2};

/// The head of the API's description; the paths come from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Purser",
        description = "Bulk import, export and search of users, wire-compatible with Auth0's Management API v2."
    ),
    components(schemas(ErrorBody)),
    modifiers(&BearerToken)
)]
struct Description;

/// Declares how callers of the Management API identify themselves.
struct BearerToken;

impl utoipa::Modify for BearerToken {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("bearer", scheme);
    }
}

/// Returns the server's router.
pub(crate) fn router(state: AppState) -> Router {
    let (router, description) = documented(&state).split_for_parts();
    router
        .merge(SwaggerUi::new("/docs").url("/openapi.json", description))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(layers::catch_panics())
        .layer(middleware::from_fn(layers::read_refused))
        .layer(layers::compress())
        .layer(middleware::from_fn_with_state(
            state.clone(),
            layers::around,
        ))
        .with_state(state)
}

fn documented(state: &AppState) -> OpenApiRouter<AppState> {
    let management = OpenApiRouter::new()
        .merge(v2::jobs::router(state))
        .merge(v2::users::router())
        .merge(v2::connections::router())
        .merge(own::jobs::router())
        .merge(own::edits::router())
        .merge(own::query::router())
        .merge(own::indexes::router())
        .layer(middleware::from_fn_with_state(
            state.clone(),
            layers::limit_rate,
        ));
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(authentication::router())
        .merge(own::router())
        .merge(management)
}

/// Answers as hapi does, whether the path or only the method is unknown.
async fn unknown() -> ApiError {
    ApiError::unknown_route()
}
