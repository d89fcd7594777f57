//! The body of a request: JSON, urlencoded, or nothing at all.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use purser_core::api::{INVALID_JSON, Refusal, Schema, Telling, violation, wrong_type};
use purser_core::json::RawJson;
use purser_core::limits::BODY_BYTES;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::form;
use super::timeouts::BODY_READ;

/// The body as it came; may hold a password, hence without `Debug`. A missing body and `null` say nothing: SDKs send
/// both where no member is required. The content type decides nothing but whether it is a form: clients send all kinds.
pub(crate) enum Payload {
    /// Text that should be JSON; empty where nothing is said.
    Json(String),
    /// A form that is not empty.
    Form(Vec<u8>),
}

impl Payload {
    /// Reads the body as JSON text, so that numbers keep their spelling, or answers why it cannot be read.
    pub(crate) fn read<T>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, Refusal>,
    ) -> Result<T, ApiError> {
        Ok(match self {
            Self::Json(text) => parse(text),
            Self::Form(bytes) => parse(&form::form_as_json(bytes)),
        }?)
    }

    /// Returns the members, once they keep to the schema.
    pub(crate) fn checked(&self, schema: &Schema) -> Result<Value, ApiError> {
        let members = match self {
            Self::Json(_) => self.members()?,
            Self::Form(_) => form::typed(self.members()?, schema),
        };
        let members = Value::Object(members);
        schema.check(RawJson::trusted(&members.to_string()), Telling::SchemaOrder)?;
        Ok(members)
    }

    /// Returns the members unchecked.
    pub(crate) fn members(&self) -> Result<Map<String, Value>, ApiError> {
        let text = match self {
            Self::Form(bytes) => return Ok(form::nested(bytes)),
            Self::Json(text) if text.is_empty() => return Ok(Map::new()),
            Self::Json(text) => text,
        };
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(other) => {
                let problem = wrong_type("object", RawJson::trusted(&other.to_string()));
                Err(ApiError::invalid_body(violation(&problem, "", "")))
            }
            Err(_) => Err(ApiError::invalid_body(INVALID_JSON)),
        }
    }

    fn new(headers: &HeaderMap, bytes: Vec<u8>) -> Result<Self, ApiError> {
        if is_form(headers) && !bytes.trim_ascii().is_empty() {
            return Ok(Self::Form(bytes));
        }
        let text = String::from_utf8(bytes).map_err(|_| ApiError::invalid_body(INVALID_JSON))?;
        Ok(Self::Json(match text.trim() {
            "" | "null" => String::new(),
            _ => text,
        }))
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
        Self::within(request, BODY_BYTES).await
    }
}

impl Payload {
    /// Reads the body of a request if it has at most so many bytes.
    pub(crate) async fn within(request: Request, most: usize) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let length = parts
            .headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: u64| length > most as u64) {
            return Err(ApiError::payload_too_large(most as u64));
        }
        let late = "The request's body did not arrive in time";
        let bytes = tokio::time::timeout(BODY_READ, bytes(body, most))
            .await
            .map_err(|_| ApiError::new(StatusCode::REQUEST_TIMEOUT, late, None))??;
        Self::new(&parts.headers, bytes)
    }
}

async fn bytes(body: Body, most: usize) -> Result<Vec<u8>, ApiError> {
    let read = axum::body::to_bytes(body, most).await;
    read.map(Vec::from).map_err(|error| {
        let too_large =
            std::error::Error::source(&error).is_some_and(|e| e.to_string().contains("limit"));
        if too_large {
            ApiError::payload_too_large(most as u64)
        } else {
            ApiError::invalid_body("The request's body could not be read")
        }
    })
}
