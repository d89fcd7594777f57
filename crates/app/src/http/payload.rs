//! The body of a request as an object: JSON, urlencoded, or nothing at all.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use purser_core::limits::BODY_BYTES;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::schema::{Schema, type_of};
use super::timeouts::BODY_READ;

/// A JSON object. A missing body and `null` are an empty one: SDKs send both where no member is required.
/// The content type decides nothing but whether it is a form: clients send all kinds.
#[derive(Debug)]
pub(crate) struct Payload {
    members: Map<String, Value>,
    is_form: bool,
}

impl Payload {
    /// Returns the members, once they keep to the schema.
    pub(crate) fn checked(self, schema: &Schema) -> Result<Map<String, Value>, ApiError> {
        let members = if self.is_form {
            super::form::typed(self.members, schema)
        } else {
            self.members
        };
        schema.check(&members)?;
        Ok(members)
    }

    /// Returns the members unchecked.
    pub(crate) fn into_members(self) -> Map<String, Value> {
        self.members
    }

    fn parse(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, ApiError> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self {
                members: Map::new(),
                is_form: false,
            });
        }
        if is_form(headers) {
            return Ok(Self {
                members: super::form::nested(bytes),
                is_form: true,
            });
        }
        let members = match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) => members,
            Ok(Value::Null) => Map::new(),
            Ok(other) => {
                let found = type_of(&other);
                let sentence = format!("'Expected type object but found type {found}'.");
                return Err(ApiError::invalid_body(format!(
                    "Payload validation error: {sentence}"
                )));
            }
            Err(_) => {
                return Err(ApiError::invalid_body(
                    "Invalid request payload JSON format",
                ));
            }
        };
        Ok(Self {
            members,
            is_form: false,
        })
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

impl<S: Send + Sync> FromRequest<S> for Payload {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let announced = parts
            .headers
            .get(header::CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: u64| length > BODY_BYTES as u64) {
            return Err(ApiError::payload_too_large(BODY_BYTES as u64));
        }
        let read = tokio::time::timeout(BODY_READ, read(body)).await;
        let late = |_| {
            ApiError::new(
                StatusCode::REQUEST_TIMEOUT,
                "The request's body did not arrive in time",
                None,
            )
        };
        Self::parse(&parts.headers, &read.map_err(late)??)
    }
}

async fn read(body: Body) -> Result<Bytes, ApiError> {
    axum::body::to_bytes(body, BODY_BYTES)
        .await
        .map_err(|error| {
            let too_large =
                std::error::Error::source(&error).is_some_and(|e| e.to_string().contains("limit"));
            if too_large {
                ApiError::payload_too_large(BODY_BYTES as u64)
            } else {
                ApiError::bad_request("The request's body could not be read", "invalid_body")
            }
        })
}
