//! What the endpoints of jobs share: finding one, and showing it.

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::{Detail, job_body};
use purser_core::field::{Field, default_fields};
use purser_core::id::JobId;
use purser_core::job::{ExportOptions, Job, JobKind};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::http::answer;
use crate::http::base_url::BaseUrl;
use crate::http::cleanup::is_expired;
use crate::http::error::ApiError;
use crate::http::state::App;

/// A job as the Management API shows it.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the shape; the members come from the core"
)]
pub(crate) struct JobBody {
    /// `users_import`, `users_export` or `users_edit`
    #[schema(example = "users_import")]
    r#type: String,
    /// An import says `pending` until it ends.
    #[schema(example = "completed")]
    status: String,
    connection_id: Option<String>,
    /// `csv` or `json`; exports only.
    format: Option<String>,
    /// As asked for; exports only.
    limit: Option<u64>,
    /// As asked for; exports only.
    #[schema(value_type = Option<Vec<Object>>)]
    fields: Option<Vec<Field>>,
    /// As given; imports only.
    external_id: Option<String>,
    /// While an export or an edit runs.
    percentage_done: Option<u64>,
    /// While an export or an edit runs.
    time_left_seconds: Option<u64>,
    /// Once an import or an edit has ended.
    summary: Option<JobSummary>,
    /// Once an export is complete; works for a minute, the next answer has a new one.
    location: Option<String>,
    /// Why the job failed.
    status_details: Option<String>,
    connection: Option<String>,
    #[schema(example = "2023-01-25T17:48:16.543Z")]
    created_at: String,
    #[schema(example = "job_6nNLiwFZksN0YmRR")]
    id: String,
}

/// What an import or an edit did.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the shape; the members come from the core"
)]
pub(crate) struct JobSummary {
    failed: u64,
    updated: u64,
    inserted: u64,
    /// The sum of the others.
    total: u64,
}

/// Returns the job that a path names.
pub(crate) async fn find_job(app: &App, id: &str, not_found: &str) -> Result<Job, ApiError> {
    let id = JobId::parse(id).ok_or_else(|| {
        let sentence = format!("String does not match pattern {}", JobId::PATTERN);
        ApiError::invalid_uri(format!(
            "Path validation error: '{sentence}' on property id (ID of the job)."
        ))
    })?;
    let job = app
        .blocking(move |engine| Ok(engine.store().find_job(&id)?))
        .await?;
    let job = job.filter(|job| !is_expired(app, job));
    job.ok_or_else(|| ApiError::not_found(not_found, Some("inexistent_job")))
}

/// Returns a job's body, with a fresh link to the file of a completed export.
pub(crate) fn shown(app: &App, base: &BaseUrl, job: &Job, detail: Detail) -> Map<String, Value> {
    let now = app.engine().now();
    let location = app.links.location(base, job, now);
    let mut body = job_body(job, now, location.as_deref(), detail);
    // Who named no fields is not shown the default ones.
    if let JobKind::UsersExport(ExportOptions { fields, .. }) = &job.kind
        && *fields == default_fields(false)
    {
        body.shift_remove("fields");
    }
    body
}

/// Answers with the job that a path names.
pub(crate) async fn show_job(
    app: &App,
    base: &BaseUrl,
    id: &str,
    not_found: &str,
    detail: Detail,
) -> Result<Response, ApiError> {
    let job = find_job(app, id, not_found).await?;
    Ok(answer::json(
        StatusCode::OK,
        &shown(app, base, &job, detail),
    ))
}
