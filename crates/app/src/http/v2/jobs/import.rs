//! `POST /api/v2/jobs/users-imports`

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::Detail;
use purser_core::id::ConnectionId;
use purser_core::job::{ImportOptions, Job};
use purser_core::limits::ACTIVE_IMPORT_JOBS;
use purser_engine::import::ImportRequest;
use purser_engine::{Engine, ImportObstacle, import_obstacle};
use purser_store::ConnectionRow;
use utoipa::ToSchema;

use super::upload::{ImportForm, receive};
use super::{JobBody, shown};
use crate::http::answer;
use crate::http::auth::{CreateUsers, Requires};
use crate::http::base_url::BaseUrl;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::state::App;

/// The parts of an import, in any order; others are ignored.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the shape; parts are read as they arrive"
)]
pub(crate) struct ImportParts {
    /// The file: a JSON array of users; without `--auth0-limits` NDJSON and CSV as well, compressed or not.
    #[schema(value_type = String, format = Binary)]
    users: Vec<u8>,
    /// `connection_id` of the connection to which users will be imported.
    connection_id: String,
    /// Whether to update users that exist, matched by e-mail address. Defaults to false.
    upsert: Option<bool>,
    /// Customer-defined ID.
    external_id: Option<String>,
    /// Accepted; Purser sends no mail.
    send_completion_email: Option<bool>,
    /// Purser's own, not with `--auth0-limits`: rows are full profiles, kept exactly as given.
    restore: Option<bool>,
    /// Purser's own, not with `--auth0-limits`: put `auth0|` before ids that have it already.
    keep_prefix: Option<bool>,
    /// Purser's own, not with `--auth0-limits`: `auto`, `json`, `ndjson` or `csv`. Defaults to `auto`.
    format: Option<String>,
}

/// Starts an import of users into a connection.
///
/// The file is checked while the job runs: whatever is wrong with it is told by the job and its errors.
///
/// Auth0: <https://auth0.com/docs/api/management/v2/jobs/post-users-imports>
#[utoipa::path(
    post,
    path = "/api/v2/jobs/users-imports",
    tag = "Jobs",
    security(("bearer" = ["create:users"])),
    request_body(content = ImportParts, content_type = "multipart/form-data"),
    responses(
        (status = 202, description = "The job, queued", body = JobBody),
        (
            status = 400,
            description = "invalid_body, inexistent_connection, operation_not_supported, connection_is_disabled",
            body = ErrorBody,
        ),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "insufficient_scope", body = ErrorBody),
        (status = 413, description = "Larger than 512000 bytes, under `--auth0-limits`", body = ErrorBody),
        (status = 429, description = "too_many_requests, or two active imports", body = ErrorBody),
        (status = 507, description = "disk_full", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    app: Requires<CreateUsers>,
    base: BaseUrl,
    request: Request,
) -> Result<Response, ApiError> {
    let form = receive(&app, request).await?;
    let job = queue(&app, form).await?;
    app.wake_workers();
    Ok(answer::json(
        StatusCode::ACCEPTED,
        &shown(&app, &base, &job, Detail::Auth0),
    ))
}

async fn queue(app: &App, form: ImportForm) -> Result<Job, ApiError> {
    let ImportForm {
        upload,
        connection_id,
        options,
        external_id,
    } = form;
    let limited = app.auth0_limits();
    let _one_at_a_time = app.queueing.lock().await;
    // The upload moves along: a client that goes away now must not take the file from a job that is made.
    app.blocking(move |engine| {
        let connection = connection_id.map(|id| target(engine, &id)).transpose()?;
        if limited && engine.store().count_active_imports()? >= ACTIVE_IMPORT_JOBS {
            return Err(ApiError::too_many_requests(format!(
                "There are {ACTIVE_IMPORT_JOBS} active import users jobs, please wait until some of them are \
                 finished and try again"
            )));
        }
        let options = ImportOptions { strict: limited, ..options };
        let request = ImportRequest { connection, options, external_id };
        let job = engine.queue_import(&request, upload.path().to_owned())?;
        upload.keep();
        Ok(job)
    })
    .await
}

/// Returns the connection to import into, once nothing speaks against it.
fn target(engine: &Engine, id: &ConnectionId) -> Result<ConnectionRow, ApiError> {
    let row = engine.store().find_connection(id)?;
    let missing =
        || ApiError::bad_request("The connection does not exist", "inexistent_connection");
    let row = row.ok_or_else(missing)?;
    let strategy = &row.connection.strategy;
    if !strategy.is_database() && !strategy.is_passwordless() {
        let message = "Connection must be a database connection";
        return Err(ApiError::bad_request(message, "operation_not_supported"));
    }
    match import_obstacle(&row.connection) {
        Some(obstacle @ ImportObstacle::Disabled) => Err(ApiError::bad_request(
            obstacle.to_string(),
            "connection_is_disabled",
        )),
        Some(obstacle @ ImportObstacle::CustomDatabase) => Err(ApiError::bad_request(
            obstacle.to_string(),
            "operation_not_supported",
        )),
        None => Ok(row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::state::AppState;
    use crate::http::v2::jobs::upload::Upload;
    use crate::http::{ServeOptions, Tls};
    use purser_engine::SystemClock;
    use purser_store::StoreUrl;
    use std::sync::Arc;

    /// A server whose jobs stay as they are: nobody works on them.
    fn app(folder: &std::path::Path, auth0_limits: bool) -> AppState {
        let url = StoreUrl::Sqlite(folder.join("store.db"));
        let engine = Engine::open(&url, true, "test", Arc::new(SystemClock)).unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let options = ServeOptions {
            listen,
            public_url: None,
            tls: Tls::Off,
            auth0_limits,
            workers: 0,
            indexing: false,
        };
        AppState(Arc::new(App::start(engine, options).unwrap()))
    }

    async fn queued(app: &App) -> Result<Job, ApiError> {
        let connection = app
            .engine()
            .store()
            .list_connections()
            .unwrap()
            .remove(0)
            .connection;
        let upload = Upload::of(&app.engine().store().files_folder().join("x"), 1);
        let options = ImportOptions::default();
        queue(
            app,
            ImportForm {
                upload,
                connection_id: Some(connection.id),
                options,
                external_id: None,
            },
        )
        .await
    }

    #[tokio::test]
    async fn two_imports_may_be_active_under_auth0_limits() {
        let folder = tempfile::tempdir().unwrap();
        let state = app(folder.path(), true);
        queued(&state.0).await.unwrap();
        queued(&state.0).await.unwrap();
        let body = format!("{:?}", queued(&state.0).await.unwrap_err());
        assert!(body.contains("429"), "{body}");
        let sentence = "There are 2 active import users jobs, please wait until some of them are finished and try again";
        assert!(body.contains(sentence), "{body}");
    }

    #[tokio::test]
    async fn otherwise_any_number_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let state = app(folder.path(), false);
        for _ in 0..5 {
            queued(&state.0).await.unwrap();
        }
    }
}
