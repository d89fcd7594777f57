//! Errors of `/oauth/token`: OAuth's shape, not that of the Management API.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::http::answer;
use crate::http::error::ApiError;

/// Why there is no token.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Unknown client or wrong secret; not said which.
    Unauthorized,
    /// A way to prove one's identity that is not built.
    Assertion,
    Missing(&'static str),
    Unreadable,
    /// A grant of Auth0's that is not built.
    GrantNotAllowed(String),
    GrantUnknown,
    UnknownAudience(String),
    /// The client has no scopes at all.
    NoGrant(String),
    /// The client has none of the scopes that it asks for.
    NotGranted(String),
    TooMany,
    Internal(ApiError),
}

/// The body of an error.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RefusalBody {
    #[schema(example = "access_denied")]
    error: &'static str,
    #[schema(example = "Unauthorized")]
    error_description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_uri: Option<&'static str>,
}

const GRANTS: &str = "https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants";
const GRANT_TYPES: &str = "https://auth0.com/docs/clients/client-grant-types";

impl Refusal {
    /// Returns status, code and sentence.
    fn parts(&self) -> (u16, &'static str, String) {
        match self {
            Self::Unauthorized => (401, "access_denied", "Unauthorized".to_owned()),
            Self::Assertion => (401, "invalid_client", "Client authentication failed".to_owned()),
            Self::Missing(name) => (400, "invalid_request", format!("Missing required parameter: {name}")),
            Self::Unreadable => (400, "invalid_request", "The request's body could not be read".to_owned()),
            Self::GrantNotAllowed(grant) => {
                let sentence = format!("Grant type '{grant}' not allowed for the client.");
                (403, "unauthorized_client", sentence)
            }
            Self::GrantUnknown => (400, "unsupported_grant_type", "Grant type not supported".to_owned()),
            Self::UnknownAudience(audience) => {
                (403, "access_denied", format!("Service not found: {audience}"))
            }
            Self::NoGrant(audience) => {
                let sentence = format!(
                    "Client is not authorized to access \"{audience}\". You need to create a \"client-grant\" \
                     associated to this API. See: {GRANTS}"
                );
                (403, "access_denied", sentence)
            }
            Self::NotGranted(scopes) => {
                (403, "access_denied", format!("Client has not been granted scopes: {scopes}"))
            }
            Self::TooMany => (429, "too_many_requests", "Global limit has been reached".to_owned()),
            Self::Internal(_) => (500, "server_error", "Internal error".to_owned()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, error_description) = self.parts();
        let error_uri = matches!(self, Self::GrantNotAllowed(_)).then_some(GRANT_TYPES);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        answer::plain_json(status, &RefusalBody { error, error_description, error_uri })
    }
}
