//! Jobs with everything that Purser knows of them.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use purser_core::api::Detail;
use purser_core::format::OutputFormat;
use purser_core::job::{Job, JobStatus};
use purser_engine::report;
use purser_store::JobFilter;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{ReadJobs, Requires};
use crate::http::base_url::BaseUrl;
use crate::http::cleanup::is_expired;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::path::PathParam;
use crate::http::query::QueryParams;
use crate::http::state::AppState;
use crate::http::v2::jobs::{JobBody, find_job, show_job, shown};
use crate::http::{answer, stream};

const NOT_FOUND: &str = "The job does not exist";
const TYPES: [&str; 3] = ["users_import", "users_export", "users_edit"];
const PER_PAGE: (u64, u64) = (1, 100);
const DEFAULT_PER_PAGE: u64 = 50;

/// Returns the paths under `/api/purser/v1/jobs`.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(errors))
}

/// Lists jobs, newest first.
#[utoipa::path(
    get,
    path = "/api/purser/v1/jobs",
    tag = "Purser",
    security(("bearer" = ["create:users", "read:users"])),
    params(
        ("status" = Option<String>, Query, description = "pending, processing, completed, failed or canceled"),
        ("type" = Option<String>, Query, description = "users_import, users_export or users_edit"),
        ("page" = Option<u64>, Query, description = "Page index, zero based"),
        ("per_page" = Option<u64>, Query, description = "1 to 100; 50 by default"),
    ),
    responses(
        (status = 200, description = "`{start, limit, length, jobs}`"),
        (status = 400, description = "invalid_query_string", body = ErrorBody),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "insufficient_scope", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    app: Requires<ReadJobs>,
    base: BaseUrl,
    query: QueryParams,
) -> Result<Response, ApiError> {
    let page = query
        .integer("page", (0, u64::from(u32::MAX)), "Page index, zero based")?
        .unwrap_or(0);
    let limit = query
        .integer("per_page", PER_PAGE, "Jobs per page")?
        .unwrap_or(DEFAULT_PER_PAGE);
    let statuses = JobStatus::ALL.map(JobStatus::as_str);
    let status = query
        .one_of("status", &statuses, "Status of the jobs")?
        .and_then(JobStatus::parse);
    let asked_type = query.one_of("type", &TYPES, "Type of the jobs")?;
    let type_name = TYPES.into_iter().find(|name| Some(*name) == asked_type);
    let start = page * limit;
    let filter = JobFilter {
        status,
        type_name,
        offset: start,
        limit: Some(limit),
    };
    let jobs = app
        .blocking(move |engine| Ok(engine.store().list_jobs(&filter)?))
        .await?;
    let is_kept = |job: &&Job| !is_expired(&app, job);
    let jobs: Vec<_> = jobs
        .iter()
        .filter(is_kept)
        .map(|job| shown(&app, &base, job, Detail::Full))
        .collect();
    let body = json!({"start": start, "limit": limit, "length": jobs.len(), "jobs": jobs});
    Ok(answer::json(StatusCode::OK, &body))
}

/// Shows a job in full: options, progress, reason of a failure, notes.
#[utoipa::path(
    get,
    path = "/api/purser/v1/jobs/{id}",
    tag = "Purser",
    security(("bearer" = ["create:users", "read:users"])),
    params(("id" = String, Path, description = "ID of the job")),
    responses(
        (status = 200, description = "The job and Purser's own members", body = JobBody),
        (status = 400, description = "invalid_uri", body = ErrorBody),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "insufficient_scope", body = ErrorBody),
        (status = 404, description = "inexistent_job", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    app: Requires<ReadJobs>,
    base: BaseUrl,
    PathParam(id): PathParam,
) -> Result<Response, ApiError> {
    show_job(&app, &base, &id, NOT_FOUND, Detail::Full).await
}

/// Reports the rows that failed so far, with their places, hints, and the records as submitted (secrets masked).
#[utoipa::path(
    get,
    path = "/api/purser/v1/jobs/{id}/errors",
    tag = "Purser",
    security(("bearer" = ["create:users", "read:users"])),
    params(
        ("id" = String, Path, description = "ID of the job"),
        ("format" = Option<String>, Query, description = "json, ndjson or csv; json by default"),
    ),
    responses(
        (status = 200, description = "The report, empty if no row failed"),
        (status = 400, description = "invalid_uri, invalid_query_string", body = ErrorBody),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "insufficient_scope", body = ErrorBody),
        (status = 404, description = "inexistent_job", body = ErrorBody),
    )
)]
pub(crate) async fn errors(
    app: Requires<ReadJobs>,
    PathParam(id): PathParam,
    query: QueryParams,
) -> Result<Response, ApiError> {
    let about = "Format of the report";
    let (format, content_type) = match query.one_of("format", &["json", "ndjson", "csv"], about)? {
        Some("csv") => (OutputFormat::Csv, "text/csv; charset=utf-8"),
        Some("ndjson") => (OutputFormat::Ndjson, "application/x-ndjson"),
        _ => (OutputFormat::Json, "application/json"),
    };
    let job = find_job(&app, &id, NOT_FOUND).await?;
    let store = app.engine().store().clone();
    let body = stream::written(move |out| report::write(&store, &job.id, format, out).map(|_| ()));
    Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
}
