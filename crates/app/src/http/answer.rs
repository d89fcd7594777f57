//! Successful answers: JSON with Auth0's content type, and nothing at all.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error::ApiError;

/// The content type of the Management API's JSON.
pub(crate) const JSON_UTF8: &str = "application/json; charset=utf-8";

/// Answers with JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    typed(status, JSON_UTF8, body)
}

/// Answers with JSON whose content type names no charset, as Auth0 does in some places.
pub(crate) fn plain_json(status: StatusCode, body: &impl Serialize) -> Response {
    typed(status, "application/json", body)
}

/// Answers with JSON that is text already: what passes through keeps its spelling.
pub(crate) fn json_text(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, JSON_UTF8)], text).into_response()
}

/// Answers 204; Auth0 names a content type even then.
pub(crate) fn no_content() -> Response {
    (StatusCode::NO_CONTENT, [(header::CONTENT_TYPE, JSON_UTF8)]).into_response()
}

fn typed(status: StatusCode, content_type: &'static str, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            let content_type = HeaderValue::from_static(content_type);
            (status, [(header::CONTENT_TYPE, content_type)], bytes).into_response()
        }
        Err(error) => ApiError::internal(error).into_response(),
    }
}
