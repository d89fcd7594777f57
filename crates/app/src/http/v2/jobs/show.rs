//! `GET /api/v2/jobs/{id}`

use axum::response::Response;
use purser_core::api::Detail;

use super::{JobBody, show_job};
use crate::http::auth::{ReadJobs, Requires};
use crate::http::base_url::BaseUrl;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::path::PathParam;

/// Shows a job.
///
/// Auth0: <https://auth0.com/docs/api/management/v2/jobs/get-jobs-by-id>
#[utoipa::path(
    get,
    path = "/api/v2/jobs/{id}",
    tag = "Jobs",
    security(("bearer" = ["create:users", "read:users"])),
    params(("id" = String, Path, description = "ID of the job")),
    responses(
        (status = 200, description = "The job", body = JobBody),
        (status = 400, description = "invalid_uri: not the shape of a job's id", body = ErrorBody),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "insufficient_scope", body = ErrorBody),
        (status = 404, description = "inexistent_job", body = ErrorBody),
        (status = 429, description = "too_many_requests", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    app: Requires<ReadJobs>,
    base: BaseUrl,
    PathParam(id): PathParam,
) -> Result<Response, ApiError> {
    show_job(&app, &base, &id, "Job not found", Detail::Auth0).await
}
