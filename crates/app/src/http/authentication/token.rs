//! `POST /oauth/token`: an access token for a client's id and secret.

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use purser_core::id::ClientId;
use purser_core::secret::Secret;
use purser_store::Client;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::refusal::{Refusal, RefusalBody};
use crate::http::answer;
use crate::http::auth::Public;
use crate::http::base_url::BaseUrl;
use crate::http::error::ApiError;
use crate::http::keys::{Claims, TOKEN_SECONDS};
use crate::http::payload::Payload;
use crate::http::state::App;

/// What a client sends; as JSON or as a form, nulls and further parameters allowed.
#[derive(Deserialize, utoipa::ToSchema)]
pub(crate) struct TokenRequest {
    /// `client_credentials`
    grant_type: Option<String>,
    /// Here or as HTTP Basic.
    client_id: Option<String>,
    /// Here or as HTTP Basic.
    #[serde(default, deserialize_with = "secret")]
    #[schema(value_type = Option<String>)]
    client_secret: Option<Secret<String>>,
    /// `https://HOST/api/v2/`; the slash is part of it.
    audience: Option<String>,
    /// Some of the client's scopes, separated by spaces; all of them by default.
    scope: Option<String>,
    #[schema(ignore)]
    client_assertion: Option<Value>,
}

/// A token.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TokenResponse {
    /// A JSON Web Token, signed with RS256.
    access_token: String,
    /// The scopes it has.
    #[schema(example = "read:users create:users")]
    scope: String,
    /// Seconds.
    #[schema(example = 86400)]
    expires_in: i64,
    #[schema(example = "Bearer")]
    token_type: &'static str,
}

/// Grants that Auth0 has and this server has not.
const OTHER_GRANTS: [&str; 5] = [
    "authorization_code",
    "implicit",
    "password",
    "refresh_token",
    "http://auth0.com/oauth/grant-type/password-realm",
];
const NEVER_CACHE: &str =
    "private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0, no-transform";

/// Issues an access token for the client credentials grant.
///
/// Auth0: <https://auth0.com/docs/api/authentication/client-credentials-flow/get-token>
#[utoipa::path(
    post,
    path = "/oauth/token",
    tag = "Tokens",
    request_body(content(
        (TokenRequest = "application/json"),
        (TokenRequest = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "The token", body = TokenResponse),
        (status = 400, description = "invalid_request, unsupported_grant_type", body = RefusalBody),
        (status = 401, description = "access_denied, invalid_client", body = RefusalBody),
        (status = 403, description = "access_denied, unauthorized_client", body = RefusalBody),
        (status = 429, description = "too_many_requests", body = RefusalBody),
    )
)]
pub(crate) async fn issue(
    app: Public,
    headers: HeaderMap,
    uri: Uri,
    payload: Result<Payload, ApiError>,
) -> Response {
    let allowance = app.rate.token.take(app.engine().now());
    let result = if allowance.allowed {
        grant(&app, &headers, &uri, payload).await
    } else {
        Err(Refusal::TooMany)
    };
    let mut response = match result {
        Ok(token) => answer::plain_json(StatusCode::OK, &token),
        Err(refusal) => refusal.into_response(),
    };
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(NEVER_CACHE));
    allowance.write(out);
    response
}

async fn grant(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
    payload: Result<Payload, ApiError>,
) -> Result<TokenResponse, Refusal> {
    let members = payload
        .and_then(|payload| payload.members())
        .map_err(|_| Refusal::Unreadable)?;
    let request: TokenRequest =
        serde_json::from_value(Value::Object(members)).map_err(|_| Refusal::Unreadable)?;
    check_grant_type(request.grant_type.as_deref())?;
    let client = authenticate(app, headers, &request).await?;
    let audience = request
        .audience
        .filter(|a| !a.is_empty())
        .ok_or(Refusal::Missing("audience"))?;
    let bases = app.origin.bases(headers, uri);
    let base = bases.iter().find(|base| base.audience() == audience);
    let base = base.ok_or_else(|| Refusal::UnknownAudience(audience.clone()))?;
    let scope = granted(&client, request.scope.as_deref(), &audience)?;
    let claims = claims(&client, base, scope, app.engine().now().seconds());
    let access_token = app.keys.sign(&claims).map_err(|error| {
        tracing::error!(%error, "a token could not be signed");
        Refusal::Internal
    })?;
    tracing::info!(client = %client.id, "issued a token");
    let Claims { scope, .. } = claims;
    Ok(TokenResponse {
        access_token,
        scope,
        expires_in: TOKEN_SECONDS,
        token_type: "Bearer",
    })
}

fn check_grant_type(grant_type: Option<&str>) -> Result<(), Refusal> {
    match grant_type {
        Some("client_credentials") => Ok(()),
        None | Some("") => Err(Refusal::Missing("grant_type")),
        Some(other) if OTHER_GRANTS.contains(&other) => {
            Err(Refusal::GrantNotAllowed(other.to_owned()))
        }
        Some(_) => Err(Refusal::GrantUnknown),
    }
}

/// Returns the client that knows its secret.
async fn authenticate(
    app: &App,
    headers: &HeaderMap,
    request: &TokenRequest,
) -> Result<Client, Refusal> {
    if request
        .client_assertion
        .as_ref()
        .is_some_and(|assertion| !assertion.is_null())
    {
        return Err(Refusal::Assertion);
    }
    let in_body = || {
        let id = request.client_id.clone().filter(|id| !id.is_empty());
        id.map(|id| (id, request.client_secret.clone().unwrap_or_default()))
    };
    let (id, secret) = basic(headers)
        .or_else(in_body)
        .ok_or(Refusal::Missing("client_id"))?;
    let id = ClientId::new(id);
    let found = app
        .blocking(move |engine| Ok(engine.store().find_client(&id)?))
        .await;
    let found = found.map_err(|_| Refusal::Internal)?;
    // Without a client the hash is compared all the same, so that time does not tell who exists.
    let expected = found
        .as_ref()
        .map_or(&[0; 32][..], |client| &client.secret_hash);
    let is_right = bool::from(
        Sha256::digest(secret.expose().as_bytes())
            .as_slice()
            .ct_eq(expected),
    );
    found.filter(|_| is_right).ok_or(Refusal::Unauthorized)
}

/// Reads `Authorization: Basic …`, of which both parts are form-encoded (RFC 6749, 2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, Secret<String>)> {
    let (scheme, value) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |text: &str| {
        let pair = format!("text={}", text.replace('&', "%26"));
        form_urlencoded::parse(pair.as_bytes())
            .next()
            .map(|(_, text)| text.into_owned())
            .unwrap_or_default()
    };
    Some((decode(id), Secret::new(decode(secret))))
}

/// Returns the client's scopes, or those of them that were asked for.
fn granted(client: &Client, asked: Option<&str>, audience: &str) -> Result<String, Refusal> {
    if client.scopes.is_empty() {
        return Err(Refusal::NoGrant(audience.to_owned()));
    }
    let asked = asked.map(str::trim).filter(|asked| !asked.is_empty());
    let is_asked =
        |scope: &&String| asked.is_none_or(|asked| asked.split_whitespace().any(|a| a == *scope));
    let granted: Vec<&str> = client
        .scopes
        .iter()
        .filter(is_asked)
        .map(String::as_str)
        .collect();
    match asked {
        Some(asked) if granted.is_empty() => Err(Refusal::NotGranted(asked.to_owned())),
        _ => Ok(granted.join(" ")),
    }
}

fn claims(client: &Client, base: &BaseUrl, scope: String, now: i64) -> Claims {
    Claims {
        iss: base.issuer(),
        sub: format!("{}@clients", client.id),
        aud: base.audience(),
        iat: now,
        exp: now + TOKEN_SECONDS,
        scope,
        gty: "client-credentials".to_owned(),
        azp: client.id.as_str().to_owned(),
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}
