//! `POST /api/purser/v1/users/edits`: many users changed by one request.

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::Detail;
use purser_core::edit::EditDraft;
use purser_core::id::ConnectionId;
use purser_core::job::EditAction;
use purser_engine::edit::EditRequest;
use purser_engine::{Engine, Watch};
use purser_store::ConnectionRow;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::answer;
use crate::http::auth::{EditUsers, Requires};
use crate::http::base_url::BaseUrl;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::payload::Payload;
use crate::http::state::AppState;
use crate::http::v2::jobs::{JobBody, shown};

/// Returns the path.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create))
}

/// Whom to change, and how.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the description of the API reads this shape")]
struct UserEdits {
    /// Who matches, as `GET /api/v2/users?q=…` takes it; this or `all` is required.
    #[schema(example = "email.domain:spam.example")]
    query: Option<String>,
    /// Whether everybody is meant.
    all: Option<bool>,
    /// The name or the id of the connection whose users are meant; without it, those of all.
    connection: Option<String>,
    /// `block`, `unblock`, `delete` or `update`
    #[schema(example = "update")]
    action: String,
    /// Values by their paths; `null` removes. For `update` alone.
    #[schema(value_type = Option<Object>, example = json!({"app_metadata.plan": "free"}))]
    set: Option<Map<String, Value>>,
    /// Paths of what is removed. For `update` alone.
    #[schema(example = json!(["user_metadata.coupon"]))]
    unset: Option<Vec<String>>,
    /// Whether nothing shall change, and the answer tell what would.
    dry_run: Option<bool>,
}

/// What an edit would do.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the description of the API reads this shape")]
struct EditPreview {
    /// Users who would be changed or deleted.
    would_change: u64,
    /// Users who match and have the values already.
    unchanged: u64,
    /// Users who match and cannot be changed so.
    would_fail: u64,
    /// The first ten who would not stay as they are: `user_id`, `email`, and `changes` (`path`, `before`, `after`), `deleted`
    /// or `error`.
    #[schema(value_type = Vec<Object>)]
    users: Vec<Value>,
}

/// Changes or deletes all users who match a query, as a job
///
/// The rules for values are those of `PATCH /api/v2/users/{id}`; a path changes what it names and nothing beside it. What
/// tells one user from another (`email`, `username` …) and `password` cannot be changed so. Who matches is decided when it
/// is a user's turn; users made after the job began are left alone.
///
/// Needs `update:users`, or for `delete` `delete:users`; with `dry_run` also `read:users`, for the answer shows users.
#[utoipa::path(
    post,
    path = "/api/purser/v1/users/edits",
    tag = "Purser",
    operation_id = "edit_users",
    request_body = UserEdits,
    security(("bearer" = ["update:users"]), ("bearer" = ["delete:users"])),
    responses(
        (status = 200, description = "With `dry_run`: what would change", body = EditPreview),
        (status = 202, description = "The job, queued", body = JobBody),
        (status = 400, description = "`invalid_body`, `inexistent_connection`", body = ErrorBody),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 429, description = "too_many_requests", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    app: Requires<EditUsers>,
    base: BaseUrl,
    body: Payload,
) -> Result<Response, ApiError> {
    let EditDraft {
        options,
        connection,
        dry_run,
    } = body.read(EditDraft::parse)?;
    let scope = match options.action {
        EditAction::Delete => "delete:users",
        EditAction::Block | EditAction::Unblock | EditAction::Update => "update:users",
    };
    for needed in [scope, "read:users"].iter().take(1 + usize::from(dry_run)) {
        if !app.caller().has_scope(needed) {
            return Err(ApiError::insufficient_scope(&[needed]));
        }
    }
    let limits = app.query_limits();
    let request = move |engine: &Engine| -> Result<EditRequest, ApiError> {
        let name = connection.as_deref();
        Ok(EditRequest {
            connection: name.map(|name| find(engine, name)).transpose()?,
            options,
            limits,
        })
    };
    if dry_run {
        let preview = app
            .blocking(move |engine| Ok(engine.preview_edit(&request(engine)?, &Watch::default())?))
            .await?;
        return Ok(answer::json(StatusCode::OK, &preview.to_json()));
    }
    let job = app
        .blocking(move |engine| Ok(engine.queue_edit(&request(engine)?)?))
        .await?;
    app.wake_workers();
    Ok(answer::json(
        StatusCode::ACCEPTED,
        &shown(&app, &base, &job, Detail::Full),
    ))
}

/// Returns the connection with this id, or called so.
fn find(engine: &Engine, name: &str) -> Result<ConnectionRow, ApiError> {
    let store = engine.store();
    let by_id = match ConnectionId::parse(name) {
        Some(id) => store.find_connection(&id)?,
        None => None,
    };
    let found = match by_id {
        Some(row) => Some(row),
        None => store.find_connection_by_name(name)?,
    };
    found.ok_or_else(|| {
        ApiError::bad_request("The connection does not exist", "inexistent_connection")
    })
}
