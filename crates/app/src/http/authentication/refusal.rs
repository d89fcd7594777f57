//! Errors of `/oauth/token`: OAuth's shape, not that of the Management API.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::http::answer;

/// Why there is no token, in Auth0's words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// Unknown client or wrong secret; not said which.
    #[error("Unauthorized")]
    Unauthorized,
    /// A way to prove one's identity that is not built.
    #[error("Client authentication failed")]
    Assertion,
    #[error("Missing required parameter: {0}")]
    Missing(&'static str),
    #[error("The request's body could not be read")]
    Unreadable,
    /// A grant of Auth0's that is not built.
    #[error("Grant type '{0}' not allowed for the client.")]
    GrantNotAllowed(String),
    #[error("Grant type not supported")]
    GrantUnknown,
    #[error("Service not found: {0}")]
    UnknownAudience(String),
    /// The client has no scopes at all.
    #[error(
        "Client is not authorized to access \"{0}\". You need to create a \"client-grant\" associated to this API. \
         See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
    )]
    NoGrant(String),
    /// The client has none of the scopes that it asks for.
    #[error("Client has not been granted scopes: {0}")]
    NotGranted(String),
    #[error("Global limit has been reached")]
    TooMany,
    /// It is in the log.
    #[error("Internal error")]
    Internal,
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

const GRANT_TYPES: &str = "https://auth0.com/docs/clients/client-grant-types";

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Missing(_) | Self::Unreadable | Self::GrantUnknown => StatusCode::BAD_REQUEST,
            Self::Unauthorized | Self::Assertion => StatusCode::UNAUTHORIZED,
            Self::GrantNotAllowed(_)
            | Self::UnknownAudience(_)
            | Self::NoGrant(_)
            | Self::NotGranted(_) => StatusCode::FORBIDDEN,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) | Self::Unreadable => "invalid_request",
            Self::Assertion => "invalid_client",
            Self::GrantNotAllowed(_) => "unauthorized_client",
            Self::GrantUnknown => "unsupported_grant_type",
            Self::Unauthorized
            | Self::UnknownAudience(_)
            | Self::NoGrant(_)
            | Self::NotGranted(_) => "access_denied",
            Self::TooMany => "too_many_requests",
            Self::Internal => "server_error",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = RefusalBody {
            error: self.code(),
            error_description: self.to_string(),
            error_uri: matches!(self, Self::GrantNotAllowed(_)).then_some(GRANT_TYPES),
        };
        answer::plain_json(self.status(), &body)
    }
}
