//! `PATCH /api/v2/users/{id}`.

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::UserPatch;
use purser_core::connection::Connection;
use purser_core::id::UserId;
use purser_core::user::Profile;
use purser_engine::Engine;
use purser_store::{KeyKind, UserWrite};

use super::no_such_user;
use super::password::{credentials, hashed};
use super::shape::{User, UserChanges};
use crate::http::answer::json_text;
use crate::http::auth::{Requires, UpdateUsers};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::path::PathParam;
use crate::http::payload::Payload;

/// Changes a user
///
/// Metadata is merged at its top level, other attributes are replaced, `null` deletes. With
/// `update:users_app_metadata` alone only `app_metadata` may change. The answer is as recorded from Auth0.
#[utoipa::path(
    patch,
    path = "/api/v2/users/{id}",
    tag = "users",
    operation_id = "update_user",
    params(("id" = String, Path, description = "The user's id: `auth0|63d16b60c55b3650a5c9fff9`")),
    request_body = UserChanges,
    responses(
        (status = 200, description = "The user", body = User),
        (status = 400, description = "`invalid_body`, `inexistent_connection`, `operation_not_supported`, \
            `connection_is_disabled`, `auth0_idp_error` (weak password; address or username taken)", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
        (status = 404, description = "`inexistent_user`", body = ErrorBody),
    ),
    security(("bearer" = ["update:users"]), ("bearer" = ["update:users_app_metadata"]))
)]
pub(crate) async fn update(
    app: Requires<UpdateUsers>,
    PathParam(id): PathParam,
    body: Payload,
) -> Result<Response, ApiError> {
    let patch = body.read(UserPatch::parse)?;
    if !patch.is_app_metadata_only() && !app.caller().has_scope("update:users") {
        return Err(ApiError::insufficient_scope(&["update:users"]));
    }
    let profile = app
        .blocking(move |engine| change(engine, &UserId::new(id), &patch))
        .await?;
    Ok(json_text(StatusCode::OK, profile))
}

fn change(engine: &Engine, id: &UserId, patch: &UserPatch) -> Result<String, ApiError> {
    let store = engine.store();
    let profile = store.find_user(id)?.ok_or_else(no_such_user)?;
    let connection = connection_of(engine, &profile, patch)?;
    patch.check(&connection)?;
    // Hashed here, because nothing else can be written while the change goes on.
    let hash = patch
        .password()
        .map(|password| hashed(&password))
        .transpose()?;
    let now = engine.now();
    let mut after = String::new();
    let written = store.update_user(
        id,
        &connection.strategy,
        |profile, secrets| -> Result<_, ApiError> {
            let changed = patch.apply(profile, &connection, now)?;
            changed.as_str().clone_into(&mut after);
            Ok((
                changed,
                hash.as_ref().map(|hash| credentials(secrets, hash)),
            ))
        },
    )?;
    match written? {
        UserWrite::Done => Ok(after),
        UserWrite::Missing => Err(no_such_user()),
        UserWrite::Taken(kind) => Err(taken(kind)),
    }
}

/// Returns the connection of the user's first identity, which is the one that can be changed.
fn connection_of(
    engine: &Engine,
    profile: &Profile,
    patch: &UserPatch,
) -> Result<Connection, ApiError> {
    let no_connection =
        || ApiError::bad_request("Connection does not exist", "inexistent_connection");
    let identity = profile
        .raw()
        .get("identities")
        .and_then(|identities| identities.elements().next());
    let own = identity
        .and_then(|identity| identity.get("connection")?.as_str())
        .unwrap_or_default();
    let named = patch.connection();
    let name = named.as_deref().unwrap_or(&own);
    let found = engine
        .store()
        .find_connection_by_name(name)?
        .ok_or_else(no_connection)?;
    if name != own {
        let message = "Connection is not supported for this operation";
        return Err(ApiError::bad_request(message, "operation_not_supported"));
    }
    Ok(found.connection)
}

fn taken(kind: KeyKind) -> ApiError {
    let what = match kind {
        KeyKind::Email => "email",
        KeyKind::Username => "username",
        KeyKind::Phone => "phone number",
        KeyKind::UserId => "user_id",
    };
    ApiError::bad_request(
        format!("The specified new {what} already exists"),
        "auth0_idp_error",
    )
}
