//! `GET /healthz`: whether the server can do its work.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::http::answer;
use crate::http::auth::Public;
use crate::http::error::ApiError;

/// Says that the server runs and can read its store.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "Server",
    responses(
        (status = 200, description = "The server runs and can read its store", example = json!({"status": "ok"})),
        (status = 500, description = "The store cannot be read"),
    )
)]
pub(crate) async fn show(app: Public) -> Result<Response, ApiError> {
    app.blocking(|engine| Ok(engine.store().tenant()?)).await?;
    Ok(answer::plain_json(StatusCode::OK, &json!({"status": "ok"})))
}
