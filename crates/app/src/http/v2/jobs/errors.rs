//! `GET /api/v2/jobs/{id}/errors`

use std::io::Write;

use anyhow::Context;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use purser_core::api::Detail;
use purser_core::id::JobId;
use purser_core::job::{Job, JobKind, JobStatus};
use purser_store::{FailedRow, Store, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{find_job, shown};
use crate::http::auth::{ReadJobs, Requires};
use crate::http::base_url::BaseUrl;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::path::PathParam;
use crate::http::{answer, stream};

/// A user that could not be imported.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the shape; rows are written as they are read"
)]
pub(crate) struct FailedUser {
    /// The record as submitted, secrets masked.
    #[schema(value_type = Object)]
    user: serde_json::Value,
    errors: Vec<UserError>,
}

/// Why; what the store keeps beyond this is Purser's own.
#[derive(Deserialize, Serialize, ToSchema)]
pub(crate) struct UserError {
    #[schema(example = "DUPLICATED_USER")]
    code: String,
    #[schema(example = "The user already exist and upsert parameter is false")]
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

/// Lists the users that an import could not take, in the order of its file, or that an edit could not change.
///
/// A job that failed as a whole is shown itself. There is nothing (204) without errors, while an import runs, and for
/// exports.
///
/// Auth0: <https://auth0.com/docs/api/management/v2/jobs/get-errors>
#[utoipa::path(
    get,
    path = "/api/v2/jobs/{id}/errors",
    tag = "Jobs",
    security(("bearer" = ["create:users", "read:users"])),
    params(("id" = String, Path, description = "ID of the job")),
    responses(
        (status = 200, description = "The users, or the job that failed as a whole", body = Vec<FailedUser>),
        (status = 204, description = "No errors"),
        (status = 400, description = "invalid_uri: not the shape of a job's id", body = ErrorBody),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "insufficient_scope", body = ErrorBody),
        (status = 404, description = "inexistent_job", body = ErrorBody),
        (status = 429, description = "too_many_requests", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    app: Requires<ReadJobs>,
    base: BaseUrl,
    PathParam(id): PathParam,
) -> Result<Response, ApiError> {
    let job = find_job(&app, &id, "The job does not exist").await?;
    if matches!(job.kind, JobKind::UsersExport(_)) || !job.status.is_final() {
        return Ok(answer::no_content());
    }
    if job.status == JobStatus::Failed {
        return Ok(answer::plain_json(
            StatusCode::OK,
            &shown(&app, &base, &job, Detail::Auth0),
        ));
    }
    let Job { id, .. } = job;
    let asked = id.clone();
    if !app
        .blocking(move |engine| Ok(engine.store().has_row_errors(&asked)?))
        .await?
    {
        return Ok(answer::no_content());
    }
    let store = app.engine().store().clone();
    let body = stream::written(move |out| write_rows(&store, &id, out));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

fn write_rows(store: &Store, id: &JobId, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut before = "[";
    store.scan_row_errors::<ScanError>(id, |row| {
        out.write_all(before.as_bytes())?;
        before = ",";
        Ok(write_row(&row, out)?)
    })?;
    out.write_all(if before == "[" { b"[]" } else { b"]" })?;
    Ok(())
}

fn write_row(row: &FailedRow, out: &mut dyn Write) -> anyhow::Result<()> {
    let errors: Vec<UserError> = serde_json::from_str(&row.errors)
        .with_context(|| format!("the errors of row {}", row.row))?;
    write!(out, "{{\"user\":{},\"errors\":", row.record)?;
    serde_json::to_writer(&mut *out, &errors)?;
    out.write_all(b"}")?;
    Ok(())
}

/// A scan fails where it reads or where it writes.
#[derive(Debug, thiserror::Error)]
enum ScanError {
    #[error(transparent)]
    Read(#[from] StoreError),
    #[error("could not send the row")]
    Send(#[from] std::io::Error),
    #[error(transparent)]
    Write(#[from] anyhow::Error),
}
