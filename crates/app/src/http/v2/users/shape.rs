//! What users look like on the wire, for the API's description. Handlers pass profiles through as text.
#![expect(
    dead_code,
    reason = "only the description of the API reads these shapes"
)]

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A user. Other attributes may be there, as an identity provider gave them.
#[derive(ToSchema)]
pub(crate) struct User {
    /// Unique in the tenant.
    #[schema(example = "auth0|63d16b60c55b3650a5c9fff9")]
    user_id: String,
    #[schema(example = "ann@example.com")]
    email: Option<String>,
    email_verified: Option<bool>,
    username: Option<String>,
    /// In E.164 form.
    #[schema(example = "+493012345678")]
    phone_number: Option<String>,
    phone_verified: Option<bool>,
    given_name: Option<String>,
    family_name: Option<String>,
    name: Option<String>,
    nickname: Option<String>,
    picture: Option<String>,
    blocked: Option<bool>,
    user_metadata: Option<Map<String, Value>>,
    app_metadata: Option<Map<String, Value>>,
    identities: Vec<Identity>,
    #[schema(example = "2023-01-25T17:48:16.647Z")]
    created_at: Option<String>,
    updated_at: Option<String>,
    last_login: Option<String>,
    last_ip: Option<String>,
    logins_count: Option<u64>,
    last_password_reset: Option<String>,
}

/// One way a user logs in.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    connection: String,
    #[schema(rename = "user_id")]
    user_id: String,
    #[schema(example = "auth0")]
    provider: String,
    is_social: bool,
}

/// Users, alone or with totals.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum UserList {
    Plain(Vec<User>),
    Page(UserPage),
}

/// A page of users.
#[derive(ToSchema)]
pub(crate) struct UserPage {
    start: u64,
    limit: u64,
    /// How many are on this page.
    length: u64,
    users: Vec<User>,
    /// How many there are on all pages.
    total: u64,
}

/// A user to be made.
#[derive(ToSchema)]
pub(crate) struct NewUser {
    /// Name of the connection.
    #[schema(example = "Username-Password-Authentication")]
    connection: String,
    email: Option<String>,
    email_verified: Option<bool>,
    /// Only if the connection has usernames.
    username: Option<String>,
    phone_number: Option<String>,
    phone_verified: Option<bool>,
    /// Only for databases; at most 72 bytes.
    password: Option<String>,
    /// Without the strategy's prefix; made up if it is not given.
    user_id: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    name: Option<String>,
    nickname: Option<String>,
    picture: Option<String>,
    blocked: Option<bool>,
    /// Taken, but no mail is sent.
    verify_email: Option<bool>,
    user_metadata: Option<Map<String, Value>>,
    app_metadata: Option<Map<String, Value>>,
}

/// Changes to a user.
#[derive(ToSchema)]
pub(crate) struct UserChanges {
    /// Name of the user's connection, if one likes to repeat it.
    connection: Option<String>,
    /// Makes the address unverified unless `email_verified` says otherwise.
    email: Option<String>,
    email_verified: Option<bool>,
    username: Option<String>,
    phone_number: Option<String>,
    phone_verified: Option<bool>,
    /// Sets `last_password_reset`.
    password: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    name: Option<String>,
    nickname: Option<String>,
    picture: Option<String>,
    blocked: Option<bool>,
    /// Taken, but no mail is sent.
    verify_email: Option<bool>,
    /// Taken, but no message is sent.
    verify_phone_number: Option<bool>,
    /// Taken, but means nothing here.
    client_id: Option<String>,
    /// Merged at the top level; `null` deletes a key, `{}` clears all.
    user_metadata: Option<Map<String, Value>>,
    /// Merged at the top level; `null` deletes a key, `{}` clears all.
    app_metadata: Option<Map<String, Value>>,
}
