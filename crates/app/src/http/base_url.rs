//! Under which address callers reach the server: issuer, audience and links follow from it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

use super::error::ApiError;
use super::state::AppState;
use super::{ServeOptions, Tls};

/// What is known of the server's address before a request comes.
#[derive(Debug)]
pub(crate) struct Origin {
    scheme: &'static str,
    /// `--public-url` without a slash at its end.
    public: Option<String>,
}

/// The address a request came to, without a slash at its end: `https://localhost:8443`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(String);

impl Origin {
    /// Takes what the options say.
    pub(super) fn new(options: &ServeOptions) -> Self {
        let scheme = if matches!(options.tls, Tls::Off) {
            "http"
        } else {
            "https"
        };
        let public = options
            .public_url
            .as_ref()
            .map(|url| url.trim_end_matches('/').to_owned());
        Self { scheme, public }
    }

    /// Returns the server's address as this caller knows it; the public one goes first.
    pub(crate) fn base(&self, headers: &HeaderMap, uri: &Uri) -> Result<BaseUrl, ApiError> {
        self.bases(headers, uri).into_iter().next().ok_or_else(|| {
            let message = "The request names no host; send a Host header";
            ApiError::new(axum::http::StatusCode::BAD_REQUEST, message, None)
        })
    }

    /// Returns every address that this caller may mean: the public one, and the host that was named.
    pub(crate) fn bases(&self, headers: &HeaderMap, uri: &Uri) -> Vec<BaseUrl> {
        let named = host(headers, uri).map(|host| format!("{}://{host}", self.scheme));
        self.public
            .clone()
            .into_iter()
            .chain(named)
            .map(BaseUrl)
            .collect()
    }
}

/// HTTP/2 names the host in the request line, HTTP/1.1 in a header.
fn host(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = || headers.get(header::HOST)?.to_str().ok();
    let text = uri.authority().map(Authority::as_str).or_else(header)?;
    let authority: Authority = text.parse().ok()?;
    // `user@host` would make links that lead elsewhere.
    (!authority.as_str().contains('@')).then(|| authority.as_str().to_ascii_lowercase())
}

impl BaseUrl {
    /// Returns the address without a slash at its end.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the `iss` of tokens.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/", self.0)
    }

    /// Returns the `aud` of tokens for the Management API; its slash is part of it.
    pub(crate) fn audience(&self) -> String {
        format!("{}/api/v2/", self.0)
    }
}

impl FromRequestParts<AppState> for BaseUrl {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        state.0.origin.base(&parts.headers, &parts.uri)
    }
}
