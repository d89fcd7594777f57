//! A part of the path, decoded.

use axum::extract::FromRequestParts;
use axum::extract::Path;
use axum::http::request::Parts;

use super::error::ApiError;

/// The one parameter of a path; must be UTF-8 once decoded.
#[derive(Debug)]
pub(crate) struct PathParam(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathParam {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let decoded = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) =
            decoded.map_err(|_| ApiError::invalid_uri("Path validation error: 'Invalid URI'."))?;
        Ok(Self(text))
    }
}
