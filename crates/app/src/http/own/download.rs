//! `GET /exports/{job}/{file}`: the artifact of an export, for whoever has a link that was signed a moment ago.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use purser_core::id::JobId;
use purser_core::job::Job;

use crate::http::auth::Public;
use crate::http::error::ApiError;
use crate::http::links::artifact_name;
use crate::http::query::QueryParams;
use crate::http::stream;

/// Sends the file of a completed export.
///
/// The address comes from `location` of the job, works for 60 seconds, and takes no token. The file is gzip and is sent
/// as it is, without `Content-Encoding`: clients of Auth0 decompress it themselves.
///
/// Auth0: <https://auth0.com/docs/manage-users/user-migration/bulk-user-exports>
#[utoipa::path(
    get,
    path = "/exports/{job}/{file}",
    tag = "Jobs",
    params(
        ("job" = String, Path, description = "The job's id"),
        ("file" = String, Path, description = "The tenant's name and `.csv.gz` or `.json.gz`"),
        ("expires" = i64, Query, description = "Until when the link works, in Unix seconds"),
        ("signature" = String, Query, description = "HMAC-SHA256, hex"),
    ),
    responses(
        (status = 200, description = "The file", content_type = "application/gzip"),
        (status = 403, description = "The link has expired or was not made here", body = super::ErrorBody),
        (status = 404, description = "The job or its file is gone", body = super::ErrorBody),
    )
)]
pub(crate) async fn send(
    app: Public,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
    query: QueryParams,
) -> Result<Response, ApiError> {
    let Path((id, file)) = path.map_err(|_| ApiError::unknown_route())?;
    let id = JobId::parse(&id).ok_or_else(ApiError::unknown_route)?;
    let (expires, signature) = (query.text("expires"), query.text("signature"));
    app.links
        .check(
            (&id, &file),
            expires.unwrap_or_default(),
            signature.unwrap_or_default(),
            app.engine().now(),
        )
        .map_err(|error| ApiError::new(StatusCode::FORBIDDEN, error.to_string(), None))?;
    let job = app
        .blocking(move |engine| Ok(engine.store().find_job(&id)?))
        .await?;
    // The file's place comes from the job; the path of the request only has to agree with it.
    let job = job.filter(|job| artifact_name(job) == Some(&file));
    open(job.as_ref(), &file).await
}

async fn open(job: Option<&Job>, name: &str) -> Result<Response, ApiError> {
    let gone = || ApiError::not_found("The file of this export is gone", None);
    let path = job.and_then(|job| job.file.as_ref()).ok_or_else(gone)?;
    let file = tokio::fs::File::open(path).await.map_err(|_| gone())?;
    let length = file.metadata().await.map_err(|_| gone())?.len();
    let content_type = if name.ends_with(".gz") {
        "application/gzip"
    } else {
        "application/octet-stream"
    };
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, stream::file(file)).into_response())
}
