//! What happens around every request: its id, the log line, the headers that all answers have, rate limits, panics.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Instant;

use axum::body::{Body, BodyDataStream, HttpBody};
use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::Predicate;
use tracing::Instrument;

use super::error::ApiError;
use super::state::AppState;
use super::timeouts::REFUSED_READ;
use super::{Tls, answer};

/// Auth0's names for the id of a request: one of the Management API, one of the Authentication API.
const MANAGEMENT_ID: HeaderName = HeaderName::from_static("ot-baggage-auth0-request-id");
const AUTHENTICATION_ID: HeaderName = HeaderName::from_static("x-auth0-requestid");

/// Of a refused body so much is read before the connection is closed.
const REFUSED_BYTES: usize = 16 * 1024 * 1024;

/// Gives a request an id, logs it once, and adds the headers that every answer has.
pub(crate) async fn around(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let id = hex::encode(purser_engine::random::<10>());
    // Never the query: it may hold e-mail addresses and the signatures of links.
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", id, %method, path, client = tracing::field::Empty);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        tracing::info!(status = response.status().as_u16(), duration_ms, "answered");
    });
    let tls = !matches!(state.0.options.tls, Tls::Off);
    add_headers(response.headers_mut(), &path, &id, tls);
    response
}

fn add_headers(headers: &mut HeaderMap, path: &str, id: &str, tls: bool) {
    let management = path.starts_with("/api/");
    let name = if management {
        MANAGEMENT_ID
    } else {
        AUTHENTICATION_ID
    };
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(name, id);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if management {
        headers.insert(
            header::VARY,
            HeaderValue::from_static("origin,accept-encoding"),
        );
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-cache"));
    }
    if tls {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

/// Limits the rate of the Management API, and tells it to callers who succeed, as Auth0 does.
pub(crate) async fn limit_rate(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let allowance = state.0.rate.management.take(state.0.engine().now());
    let mut response = if allowance.allowed {
        next.run(request).await
    } else {
        ApiError::too_many_requests("Global limit has been reached").into_response()
    };
    if response.status().is_success() || !allowance.allowed {
        allowance.write(response.headers_mut());
    }
    response
}

/// Reads what a client still sends after its body was refused: otherwise it sees a broken connection where the answer
/// stands. A client that waits to be asked (`Expect`) need not be.
pub(crate) async fn read_refused(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let pieces = Arc::new(Mutex::new(body.into_data_stream()));
    let rest = Arc::clone(&pieces);
    let shared = futures_util::stream::poll_fn(move |context| {
        pieces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .poll_next_unpin(context)
    });
    let response = next
        .run(Request::from_parts(parts, Body::from_stream(shared)))
        .await;
    if !response.status().is_success() {
        // However it ends, the answer is sent.
        let _ = tokio::time::timeout(REFUSED_READ, read_rest(rest)).await;
    }
    response
}

async fn read_rest(rest: Arc<Mutex<BodyDataStream>>) {
    let mut left = REFUSED_BYTES;
    let reading = futures_util::future::poll_fn(move |context| {
        let mut rest = rest.lock().unwrap_or_else(PoisonError::into_inner);
        while let Poll::Ready(piece) = rest.poll_next_unpin(context) {
            match piece {
                Some(Ok(piece)) if piece.len() <= left => left -= piece.len(),
                _ => return Poll::Ready(()),
            }
        }
        Poll::Pending
    });
    reading.await;
}

/// Turns a panic into a 500 and one line in the log.
pub(crate) fn catch_panics() -> CatchPanicLayer<fn(Box<dyn Any + Send>) -> Response> {
    CatchPanicLayer::custom(on_panic as fn(_) -> _)
}

fn on_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = text, "a request panicked");
    ApiError::bare_internal().into_response()
}

/// Compresses JSON for clients that ask for it. Downloads are gzip already and must stay as they are: their readers
/// decompress them by themselves.
pub(crate) fn compress() -> CompressionLayer<impl Predicate + Send + Sync + 'static> {
    CompressionLayer::new().compress_when(
        |_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions| {
            let content_type = headers
                .get(header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok());
            content_type
                .is_some_and(|value| value == answer::JSON_UTF8 || value == "application/json")
        },
    )
}
