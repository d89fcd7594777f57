//! Who may call a handler: an extractor in its signature, without which it cannot reach the engine.
//!
//! ```text
//! async fn list(app: Requires<ReadUsers>) -> Result<Response, ApiError> { app.blocking(|engine| …).await }
//! async fn jwks(app: Public) -> Response
//! ```

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use purser_core::id::ClientId;

use super::error::{ApiError, Unauthorized};
use super::keys::{Claims, TokenError};
use super::state::{App, AppState};

/// Scopes of which a caller must have one.
pub(crate) trait Scopes: Send + Sync + 'static {
    const ANY_OF: &'static [&'static str];
}

/// Declares a set of scopes.
macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $($scope:literal)|+;)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl Scopes for $name {
            const ANY_OF: &'static [&'static str] = &[$($scope),+];
        }
    )+};
}

scopes! {
    /// See users, export them.
    ReadUsers = "read:users";
    /// Make and import users.
    CreateUsers = "create:users";
    /// Change users.
    UpdateUsers = "update:users" | "update:users_app_metadata";
    /// Change what holds for all users.
    UpdateAllUsers = "update:users";
    /// Change or delete many users at once; which of the two it is stands in the body.
    EditUsers = "update:users" | "delete:users";
    /// Delete users.
    DeleteUsers = "delete:users";
    /// See jobs: whoever can make them.
    ReadJobs = "create:users" | "read:users";
    /// See connections.
    ReadConnections = "read:connections";
    /// Make connections.
    CreateConnections = "create:connections";
    /// Change connections.
    UpdateConnections = "update:connections";
    /// Delete connections.
    DeleteConnections = "delete:connections";
}

/// A caller whose token is good and has one of the scopes of `S`; opens the state.
pub(crate) struct Requires<S> {
    app: Arc<App>,
    caller: Caller,
    scopes: PhantomData<S>,
}

/// Whoever calls; opens the state. For paths that must work without a token.
pub(crate) struct Public(Arc<App>);

/// What a token says of its bearer.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// As the token has them, separated by spaces.
    scope: String,
}

impl Caller {
    /// Returns whether the token has this scope.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scope
            .split_ascii_whitespace()
            .any(|granted| granted == scope)
    }
}

impl<S> Requires<S> {
    /// Returns who calls.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl<S> Deref for Requires<S> {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl Deref for Public {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

impl FromRequestParts<AppState> for Public {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self(Arc::clone(&state.0)))
    }
}

impl<S: Scopes> FromRequestParts<AppState> for Requires<S> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let app = Arc::clone(&state.0);
        let token = bearer_token(&parts.headers)?;
        let bases = app.origin.bases(&parts.headers, &parts.uri);
        let Claims { azp, scope, .. } = app
            .keys
            .verify(token, &bases, app.engine().now())
            .map_err(refused)?;
        let client = ClientId::new(azp);
        // Whoever deletes a client wants its tokens to end, too.
        let id = client.clone();
        if app
            .blocking(move |engine| Ok(engine.store().find_client(&id)?))
            .await?
            .is_none()
        {
            return Err(refused(TokenError::Invalid));
        }
        tracing::Span::current().record("client", tracing::field::display(&client));
        let caller = Caller { scope };
        if !S::ANY_OF.iter().any(|scope| caller.has_scope(scope)) {
            return Err(ApiError::insufficient_scope(S::ANY_OF));
        }
        Ok(Self {
            app,
            caller,
            scopes: PhantomData,
        })
    }
}

fn refused(error: TokenError) -> ApiError {
    ApiError::unauthorized(Unauthorized::Token(error.to_string()))
}

/// Returns the token of `Authorization: Bearer …`, if it looks like one.
fn bearer_token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| ApiError::unauthorized(Unauthorized::Missing))?;
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        let token = token.trim();
        let is_jwt = token.split('.').count() == 3 && token.split('.').all(|part| !part.is_empty());
        (scheme.eq_ignore_ascii_case("bearer") && is_jwt).then_some(token)
    });
    token.ok_or_else(|| ApiError::bad_request("Bad HTTP authentication header format", "Bearer"))
}
