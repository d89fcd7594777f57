//! Indexes: attributes by which users are found without reading every profile.

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::{Property, Rule, Schema};
use purser_core::query::Attribute;
use purser_store::IndexState;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::answer;
use crate::http::auth::{ReadUsers, Requires, UpdateAllUsers};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::payload::Payload;
use crate::http::query::QueryParams;
use crate::http::state::AppState;
use crate::http::v2::paging::required;

/// Returns the path.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create, drop))
}

/// The indexes.
#[derive(Serialize, ToSchema)]
struct IndexList {
    /// How many users there are.
    users: u64,
    /// For how many of them the attributes of `built_in` are indexed. The others are found all the same, only slower.
    indexed: u64,
    /// The attributes that are always indexed.
    built_in: Vec<&'static str>,
    /// Those that were asked for, in the order they were made.
    indexes: Vec<DeclaredIndex>,
}

/// An index that somebody asked for.
#[derive(Serialize, ToSchema)]
struct DeclaredIndex {
    #[schema(example = "app_metadata.plan")]
    path: String,
    #[schema(example = "2023-01-25T17:48:16.647Z")]
    created_at: String,
    /// `pending` until it holds all users, then `built`.
    status: &'static str,
    /// How many users it holds.
    indexed: u64,
}

/// An index to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the description of the API reads this shape")]
struct NewIndex {
    /// An attribute as queries name it; what is odd in a key stands behind a `\`.
    #[schema(example = "app_metadata.plan")]
    path: String,
}

impl DeclaredIndex {
    fn new(state: &IndexState, users: u64) -> Self {
        let is_built = state.indexed == users;
        Self {
            path: state.index.attribute.name(),
            created_at: state.index.created_at.to_string(),
            status: if is_built { "built" } else { "pending" },
            indexed: state.indexed,
        }
    }
}

/// Lists the indexes, and how much of them is built.
#[utoipa::path(
    get,
    path = "/api/purser/v1/indexes",
    tag = "Purser",
    operation_id = "list_indexes",
    security(("bearer" = ["read:users"])),
    responses(
        (status = 200, description = "The indexes", body = IndexList),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
    )
)]
pub(crate) async fn list(app: Requires<ReadUsers>) -> Result<Response, ApiError> {
    let states = app
        .blocking(|engine| Ok(engine.store().index_states()?))
        .await?;
    let declared = states.declared.iter();
    let body = IndexList {
        users: states.users,
        indexed: states.indexed,
        indexes: declared
            .map(|state| DeclaredIndex::new(state, states.users))
            .collect(),
        built_in: states.built_in,
    };
    Ok(answer::json(StatusCode::OK, &body))
}

/// Makes an index
///
/// Any attribute can have one, metadata above all. It is built in the background, and used for the users that it holds
/// already.
#[utoipa::path(
    post,
    path = "/api/purser/v1/indexes",
    tag = "Purser",
    operation_id = "create_index",
    request_body = NewIndex,
    security(("bearer" = ["update:users"])),
    responses(
        (status = 201, description = "The index", body = DeclaredIndex),
        (status = 400, description = "`invalid_body`, `too_many_indexes`", body = ErrorBody),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 409, description = "`index_exists`", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    app: Requires<UpdateAllUsers>,
    body: Payload,
) -> Result<Response, ApiError> {
    let asked = body.checked(&BODY)?;
    let path = asked.get("path").and_then(Value::as_str);
    let attribute = Attribute::parse(path.unwrap_or_default()).map_err(|error| {
        ApiError::invalid_body(format!(
            "Payload validation error: '{error}' on property path ({PATH})."
        ))
    })?;
    let (state, users) = app
        .blocking(move |engine| {
            engine.store().create_index(&attribute, engine.now())?;
            let states = engine.store().index_states()?;
            let mut declared = states.declared.into_iter();
            let made = declared.find(|state| state.index.attribute == attribute);
            // Dropped again by somebody in this very moment.
            let made = made.ok_or_else(no_such_index)?;
            Ok((made, states.users))
        })
        .await?;
    app.wake_indexer();
    let body = DeclaredIndex::new(&state, users);
    Ok(answer::json(StatusCode::CREATED, &body))
}

/// Drops an index
///
/// Searches find the same users without it.
#[utoipa::path(
    delete,
    path = "/api/purser/v1/indexes",
    tag = "Purser",
    operation_id = "drop_index",
    security(("bearer" = ["update:users"])),
    params(("path" = String, Query, description = "The attribute, as queries name it")),
    responses(
        (status = 204, description = "The index is not there any more"),
        (status = 400, description = "`invalid_query_string`", body = ErrorBody),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 404, description = "`inexistent_index`", body = ErrorBody),
    )
)]
pub(crate) async fn drop(
    app: Requires<UpdateAllUsers>,
    params: QueryParams,
) -> Result<Response, ApiError> {
    let path = required(&params, "path")?;
    let attribute = Attribute::parse(&path).map_err(|error| {
        ApiError::invalid_query(format!(
            "Query validation error: '{error}' on property path ({PATH})."
        ))
    })?;
    let was_there = app
        .blocking(move |engine| Ok(engine.store().drop_index(&attribute)?))
        .await?;
    if was_there {
        Ok(answer::no_content())
    } else {
        Err(no_such_index())
    }
}

fn no_such_index() -> ApiError {
    ApiError::not_found("The index does not exist", Some("inexistent_index"))
}

const PATH: &str = "The attribute, as queries name it";
const BODY: Schema = Schema {
    properties: &[Property::new(
        "path",
        Rule::Text { min: 1, max: 1000 },
        PATH,
    )],
    required: &["path"],
    advice: "",
};
