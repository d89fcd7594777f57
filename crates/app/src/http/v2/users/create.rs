//! `POST /api/v2/users`.

use std::borrow::Cow;

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::UserDraft;
use purser_core::user::Profile;
use purser_engine::Engine;
use purser_store::{NewUserRecord, UserWrite};

use super::password::{credentials, hashed};
use super::shape::{NewUser, User};
use crate::http::answer::json_text;
use crate::http::auth::{CreateUsers, Requires};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::payload::Payload;

/// Makes a user
///
/// In a database or passwordless connection. Defaults are filled in as Auth0 does; the answer is as recorded from it.
#[utoipa::path(
    post,
    path = "/api/v2/users",
    tag = "users",
    operation_id = "create_user",
    request_body = NewUser,
    responses(
        (status = 201, description = "The user", body = User),
        (status = 400, description = "`invalid_body`, `inexistent_connection`, `connection_is_disabled`, \
            `operation_not_supported`, `auth0_idp_error` (the password is too weak)", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 409, description = "`auth0_idp_error`: the user already exists", body = ErrorBody),
    ),
    security(("bearer" = ["create:users"]))
)]
pub(crate) async fn create(
    app: Requires<CreateUsers>,
    body: Payload,
) -> Result<Response, ApiError> {
    let draft = body.read(UserDraft::parse)?;
    let profile = app
        .blocking(move |engine| store_user(engine, &draft))
        .await?;
    Ok(json_text(StatusCode::CREATED, profile.into_string()))
}

fn store_user(engine: &Engine, draft: &UserDraft) -> Result<Profile, ApiError> {
    let no_connection =
        || ApiError::bad_request("Connection does not exist", "inexistent_connection");
    let found = engine
        .store()
        .find_connection_by_name(&draft.connection())?
        .ok_or_else(no_connection)?;
    draft.check(&found.connection)?;
    let id = draft.id().map_or_else(
        || hex::encode(purser_engine::random::<12>()),
        Cow::into_owned,
    );
    let profile = draft.profile(&found.connection, &id, engine.now())?;
    let hash = draft
        .password()
        .map(|password| hashed(&password))
        .transpose()?;
    let record = NewUserRecord {
        connection: found.pk,
        strategy: found.connection.strategy,
        profile,
        credentials: hash.map(|hash| credentials(None, &hash)),
    };
    match engine.store().insert_user(&record)? {
        UserWrite::Done => Ok(record.profile),
        UserWrite::Missing => Err(no_connection()),
        UserWrite::Taken(_) => Err(ApiError::conflict(
            "The user already exists.",
            Some("auth0_idp_error"),
        )),
    }
}
