//! `POST /api/purser/v1/query/check`: a query looked at while it is written.

use std::time::Instant;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::{Property, Rule, Schema};
use purser_core::query::{Query, QueryError};
use purser_engine::Engine;
use purser_store::SearchRequest;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::answer;
use crate::http::auth::{ReadUsers, Requires};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::payload::Payload;
use crate::http::search;
use crate::http::state::AppState;

/// A query may have a megabyte, and every character of it may be escaped.
const BODY_BYTES: usize = 4 * 1024 * 1024;

/// A body with a long query.
pub(crate) struct LargePayload(Payload);

impl<S: Send + Sync> FromRequest<S> for LargePayload {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Payload::within(request, BODY_BYTES).await.map(Self)
    }
}

/// Returns the path.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(check))
}

/// A query to be checked.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the description of the API reads this shape")]
struct QueryToCheck {
    /// Auth0's query language; blank: everybody.
    #[schema(example = "app_metadata.plan:gold AND NOT blocked:true")]
    query: String,
    /// Count the users of this connection only.
    connection: Option<String>,
    /// Whether to count who matches; `true` if it is not given.
    count: Option<bool>,
}

/// What is to be said of a query.
#[derive(Serialize, ToSchema)]
struct CheckedQuery {
    ok: bool,
    /// The query as it was understood: with every parenthesis and operator that it had not. Only of a good one.
    #[serde(skip_serializing_if = "Option::is_none")]
    canonical: Option<String>,
    /// How many users match. Only of a good query, and if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// Only of a query that is not good.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Problem>,
}

/// Something wrong with a query, and its place.
#[derive(Serialize, ToSchema)]
struct Problem {
    message: String,
    /// The place as people count: characters (code points) from 1.
    position: usize,
    /// The place as programs count: where it begins, in UTF-16 code units from 0, as JavaScript's `slice` wants it.
    start: usize,
    /// Where the place ends, in the same units; the same as `start` where something is missing.
    end: usize,
    /// What could stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    /// What could be written instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<String>,
}

impl Problem {
    fn new(error: &QueryError, query: &str) -> Self {
        let units = |at: usize| {
            let before = query.char_indices().take_while(|(start, _)| *start < at);
            before.map(|(_, c)| c.len_utf16()).sum()
        };
        let span = error.span();
        Self {
            message: error.message().to_owned(),
            position: error.position(),
            start: units(span.start),
            end: units(span.end),
            expected: error.expected().map(str::to_owned),
            suggestion: error.suggestion().map(str::to_owned),
        }
    }
}

/// Checks a query, and counts who matches
///
/// For editors of queries: a query that is not good is no error of the request, but an answer with the place and what
/// could stand there.
#[utoipa::path(
    post,
    path = "/api/purser/v1/query/check",
    tag = "Purser",
    request_body = QueryToCheck,
    security(("bearer" = ["read:users"])),
    responses(
        (status = 200, description = "What is to be said of the query, good or not", body = CheckedQuery),
        (status = 400, description = "`invalid_body`, `inexistent_connection`", body = ErrorBody),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
    )
)]
pub(crate) async fn check(
    app: Requires<ReadUsers>,
    LargePayload(body): LargePayload,
) -> Result<Response, ApiError> {
    let Value::Object(asked) = body.checked(&BODY)? else {
        return Err(ApiError::bare_internal());
    };
    let text = member(&asked, "query").unwrap_or_default();
    let connection = member(&asked, "connection");
    let wants_count = asked.get("count").and_then(Value::as_bool).unwrap_or(true);
    let limits = app.query_limits();
    let checked = app
        .blocking(move |engine| {
            let query = match Query::parse(&text, limits) {
                Ok(query) => query,
                Err(error) => {
                    return Ok(CheckedQuery {
                        ok: false,
                        canonical: None,
                        count: None,
                        errors: vec![Problem::new(&error, &text)],
                    });
                }
            };
            let count = wants_count
                .then(|| count(engine, &query, connection.as_deref()))
                .transpose()?;
            Ok(CheckedQuery {
                ok: true,
                canonical: Some(query.to_string()),
                count,
                errors: vec![],
            })
        })
        .await?;
    Ok(answer::json(StatusCode::OK, &checked))
}

fn count(engine: &Engine, query: &Query, connection: Option<&str>) -> Result<u64, ApiError> {
    let store = engine.store();
    let find = |name: &str| -> Result<i64, ApiError> {
        let found = store.find_connection_by_name(name)?;
        found.map(|found| found.pk).ok_or_else(|| {
            ApiError::bad_request("The connection does not exist", "inexistent_connection")
        })
    };
    let request = SearchRequest {
        query: Some(query),
        connection: connection.map(find).transpose()?,
        count: true,
        ..SearchRequest::default()
    };
    let started = Instant::now();
    let total = store.search_users(&request)?.total.unwrap_or(0);
    search::note_slow(engine, &request, started.elapsed());
    Ok(total)
}

fn member(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name).and_then(Value::as_str).map(str::to_owned)
}

const BODY: Schema = Schema {
    properties: &[
        Property::new(
            "query",
            Rule::Text {
                min: 0,
                max: usize::MAX,
            },
            "The query",
        ),
        Property::new(
            "connection",
            Rule::Text { min: 1, max: 128 },
            "The name of the connection whose users are counted",
        )
        .or_null(),
        Property::new("count", Rule::Bool, "Whether to count who matches").or_null(),
    ],
    required: &["query"],
    advice: "",
};
