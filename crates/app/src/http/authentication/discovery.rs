//! Where to find the server's key and endpoints: public, and open to any web page.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::http::answer;
use crate::http::auth::Public;
use crate::http::base_url::BaseUrl;

/// The key changes with the store only.
const HEADERS: [(HeaderName, &str); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (
        header::CACHE_CONTROL,
        "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400",
    ),
];

/// Shows the public key that tokens are signed with.
///
/// Auth0: <https://auth0.com/docs/secure/tokens/json-web-tokens/json-web-key-sets>
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "Tokens",
    responses((status = 200, description = "A JSON Web Key Set with one RSA key"))
)]
pub(crate) async fn jwks(app: Public) -> Response {
    (HEADERS, answer::json(StatusCode::OK, app.keys.jwks())).into_response()
}

/// Shows issuer and endpoints, as OpenID Connect Discovery has them.
///
/// Auth0: <https://auth0.com/docs/get-started/applications/configure-applications-with-oidc-discovery>
#[utoipa::path(
    get,
    path = "/.well-known/openid-configuration",
    tag = "Tokens",
    responses((status = 200, description = "The configuration"))
)]
pub(crate) async fn configuration(_: Public, base: BaseUrl) -> Response {
    let at = |path: &str| format!("{}{path}", base.as_str());
    let body = json!({
        "issuer": base.issuer(),
        "token_endpoint": at("/oauth/token"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    (HEADERS, answer::json(StatusCode::OK, &body)).into_response()
}
