//! The one error of the API: a status, Auth0's body, and sometimes a header. Every handler answers with it.

use axum::Json;
use axum::http::header::{self, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use purser_core::api::Refusal;
use purser_core::query::QueryError;
use purser_engine::EngineError;
use purser_store::StoreError;
use serde::Serialize;

/// An answer other than success. Boxed, for every result has room for one.
#[derive(Debug)]
pub(crate) struct ApiError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    body: ErrorBody,
    header: Option<(header::HeaderName, HeaderValue)>,
}

/// The body of every error of the Management API. Key order as recorded.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    /// The HTTP status again.
    #[schema(example = 404)]
    status_code: u16,
    /// The HTTP reason phrase.
    #[schema(example = "Not Found")]
    error: String,
    /// What is wrong.
    #[schema(example = "The connection does not exist")]
    message: String,
    /// A stable code; often absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "inexistent_connection")]
    error_code: Option<String>,
    /// Only with a token that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Attributes>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Attributes {
    error: String,
}

/// Why a caller is not known.
#[derive(Debug, Clone)]
pub(crate) enum Unauthorized {
    /// There is no `Authorization` header.
    Missing,
    /// The token is refused, with the reason.
    Token(String),
}

impl ApiError {
    /// Makes an error of any status; the reason phrase follows from it.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>, code: Option<&str>) -> Self {
        // The phrase of hapi, the server that Auth0's answers come from.
        let reason = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
            other => other.canonical_reason().unwrap_or("Error"),
        };
        let body = ErrorBody {
            status_code: status.as_u16(),
            error: reason.to_owned(),
            message: message.into(),
            error_code: code.map(str::to_owned),
            attributes: None,
        };
        let header = None;
        Self(Box::new(Parts {
            status,
            body,
            header,
        }))
    }

    /// 400 with a code of its own.
    pub(crate) fn bad_request(message: impl Into<String>, code: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message, Some(code))
    }

    /// 400 `invalid_body`: the payload breaks its schema, or a sentence about it.
    pub(crate) fn invalid_body(message: impl Into<String>) -> Self {
        Self::bad_request(message, "invalid_body")
    }

    /// 400 `invalid_query_string`.
    pub(crate) fn invalid_query(message: impl Into<String>) -> Self {
        Self::bad_request(message, "invalid_query_string")
    }

    /// 400 `invalid_uri`: a part of the path breaks its schema.
    pub(crate) fn invalid_uri(message: impl Into<String>) -> Self {
        Self::bad_request(message, "invalid_uri")
    }

    /// 404; errors of unknown routes and some resources have no code.
    pub(crate) fn not_found(message: impl Into<String>, code: Option<&str>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message, code)
    }

    /// 404 of a path that does not exist.
    pub(crate) fn unknown_route() -> Self {
        Self::not_found("Not Found", None)
    }

    /// 409.
    pub(crate) fn conflict(message: impl Into<String>, code: Option<&str>) -> Self {
        Self::new(StatusCode::CONFLICT, message, code)
    }

    /// 403: the token has none of the scopes that would do.
    pub(crate) fn insufficient_scope(any_of: &[&str]) -> Self {
        let message = format!("Insufficient scope, expected any of: {}", any_of.join(","));
        let challenge = format!(
            "Bearer error=\"insufficient_scope\", scope=\"{}\"",
            any_of.join(" ")
        );
        let error = Self::new(StatusCode::FORBIDDEN, message, Some("insufficient_scope"));
        error.with_header(header::WWW_AUTHENTICATE, &challenge)
    }

    /// 401.
    pub(crate) fn unauthorized(why: Unauthorized) -> Self {
        match why {
            Unauthorized::Missing => {
                let error = Self::new(StatusCode::UNAUTHORIZED, "Missing authentication", None);
                error.with_header(header::WWW_AUTHENTICATE, "Bearer")
            }
            Unauthorized::Token(message) => {
                let mut error = Self::new(StatusCode::UNAUTHORIZED, &*message, None);
                let challenge = format!("Bearer error=\"{}\"", message.replace(['"', '\\'], ""));
                error.0.body.attributes = Some(Attributes { error: message });
                error.with_header(header::WWW_AUTHENTICATE, &challenge)
            }
        }
    }

    /// 429.
    pub(crate) fn too_many_requests(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            message,
            Some("too_many_requests"),
        )
    }

    /// 413, in hapi's words.
    pub(crate) fn payload_too_large(maximum: u64) -> Self {
        let message = format!("Payload content length greater than maximum allowed: {maximum}");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message, None)
    }

    /// 507: the disk is full.
    pub(crate) fn disk_full() -> Self {
        let message = "The disk of the server is full; free some space, then try again";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, message, Some("disk_full"))
    }

    /// 500. The cause goes to the log, not to the caller.
    pub(crate) fn internal(error: impl Into<anyhow::Error>) -> Self {
        let error: anyhow::Error = error.into();
        tracing::error!(error = format!("{error:#}"), "a request failed");
        Self::bare_internal()
    }

    /// 500 of a failure that is in the log already.
    pub(crate) fn bare_internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal error", None)
    }

    /// Turns a failed write of a file into 507 or 500.
    pub(crate) fn from_io(doing: &str, error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::disk_full()
            }
            _ => Self::internal(anyhow::Error::new(error).context(doing.to_owned())),
        }
    }

    /// Adds a header to the answer; a value that no header can have is left out.
    pub(crate) fn with_header(mut self, name: header::HeaderName, value: &str) -> Self {
        self.0.header = HeaderValue::from_str(value).ok().map(|value| (name, value));
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Parts {
            status,
            body,
            header,
        } = *self.0;
        let mut response = (status, Json(body)).into_response();
        let utf8 = HeaderValue::from_static(super::answer::JSON_UTF8);
        response.headers_mut().insert(CONTENT_TYPE, utf8);
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::bad_request(refusal.message, refusal.code)
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        Self::invalid_query(error.to_string())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            error if error.is_disk_full() => Self::disk_full(),
            StoreError::IndexExists(_) => Self::conflict(error.to_string(), Some("index_exists")),
            StoreError::TooManyIndexes(_) => {
                Self::bad_request(error.to_string(), "too_many_indexes")
            }
            error => Self::internal(error),
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        use purser_engine::ImportObstacle::{CustomDatabase, Disabled};
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::Obstacle(obstacle @ Disabled) => {
                Self::bad_request(obstacle.to_string(), "connection_is_disabled")
            }
            EngineError::Obstacle(obstacle @ CustomDatabase) => {
                Self::bad_request(obstacle.to_string(), "operation_not_supported")
            }
            EngineError::Write { source, path } => {
                Self::from_io(&format!("writing {}", path.display()), source)
            }
            EngineError::Field { .. } => {
                Self::invalid_body(format!("Payload validation error: '{error}'."))
            }
            EngineError::Query(_) | EngineError::Edit(_) => {
                let hint = error.to_failure().hint;
                let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                Self::invalid_body(format!("Payload validation error: '{error}{hint}'."))
            }
            other => Self::internal(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_other_failures_are_not() {
        let full = ApiError::from_io("storing", std::io::ErrorKind::StorageFull.into());
        assert_eq!(
            (full.0.status.as_u16(), full.0.body.error.as_str()),
            (507, "Insufficient Storage")
        );
        let denied = ApiError::from_io("storing", std::io::ErrorKind::PermissionDenied.into());
        assert_eq!(
            (denied.0.status.as_u16(), denied.0.body.message.as_str()),
            (500, "Internal error")
        );
    }
}
