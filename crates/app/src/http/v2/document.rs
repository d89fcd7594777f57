//! JSON as text, in and out, where a profile passes through unchanged: numbers keep their spelling.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use purser_core::api::{INVALID_JSON, Refusal};
use purser_core::limits::BODY_BYTES;
use serde_json::Value;

use crate::http::answer::JSON_UTF8;
use crate::http::error::ApiError;
use crate::http::form;
use crate::http::timeouts::BODY_READ;

/// The body of a request as JSON text; may hold a password, hence without `Debug`. Empty where there is none.
pub(crate) struct Document(String);

impl Document {
    /// Reads the body, or answers why it cannot be read.
    pub(crate) fn read<T>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, Refusal>,
    ) -> Result<T, ApiError> {
        // SDKs send `null` where they have nothing to say.
        let text = if self.0.trim() == "null" { "" } else { &self.0 };
        Ok(parse(text)?)
    }
}

/// Answers with JSON that is text already.
pub(crate) fn json_text(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, JSON_UTF8)], text).into_response()
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::bad_request(refusal.message, refusal.code)
    }
}

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let length = parts
            .headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > BODY_BYTES) {
            return Err(ApiError::payload_too_large(BODY_BYTES as u64));
        }
        let late = "The request's body did not arrive in time";
        let bytes = tokio::time::timeout(BODY_READ, bytes(body))
            .await
            .map_err(|_| ApiError::new(StatusCode::REQUEST_TIMEOUT, late, None))??;
        if is_form(&parts.headers) {
            return Ok(Self(form_as_json(&bytes)));
        }
        String::from_utf8(bytes)
            .map(Self)
            .map_err(|_| ApiError::invalid_body(INVALID_JSON))
    }
}

async fn bytes(body: Body) -> Result<Vec<u8>, ApiError> {
    let read = axum::body::to_bytes(body, BODY_BYTES).await;
    read.map(Vec::from).map_err(|error| {
        let too_large =
            std::error::Error::source(&error).is_some_and(|e| e.to_string().contains("limit"));
        if too_large {
            ApiError::payload_too_large(BODY_BYTES as u64)
        } else {
            ApiError::invalid_body("The request's body could not be read")
        }
    })
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

/// A form knows texts only; the words of booleans become booleans, which no text of these bodies is.
fn form_as_json(bytes: &[u8]) -> String {
    let members = form::nested(bytes)
        .into_iter()
        .map(|(name, value)| (name, booleans(value)));
    Value::Object(members.collect()).to_string()
}

fn booleans(value: Value) -> Value {
    match value {
        Value::String(text) if text == "true" => Value::Bool(true),
        Value::String(text) if text == "false" => Value::Bool(false),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name, booleans(value)))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_become_json() {
        let form = b"email=a%40b.example&blocked=true&user_metadata[city]=Bonn";
        let json = r#"{"email":"a@b.example","blocked":true,"user_metadata":{"city":"Bonn"}}"#;
        assert_eq!(form_as_json(form), json);
    }
}
