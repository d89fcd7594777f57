//! `POST /users`: what may be sent, and the profile that comes of it.

use std::borrow::Cow;

use super::schema::CREATE;
use super::{password, stored_email, stored_username, text};
use crate::api::Refusal;
use crate::api::object::{ObjectText, quoted};
use crate::api::schema::{check_body, violation};
use crate::clock::Timestamp;
use crate::connection::Connection;
use crate::import::plan::{default_nickname, push_gravatar};
use crate::json::RawJson;
use crate::secret::Secret;
use crate::user::Profile;

/// A user to be made, as a body asks for. Holds a password, hence without `Debug`.
pub struct UserDraft(String);

impl UserDraft {
    /// Reads a body.
    pub fn parse(body: &str) -> Result<Self, Refusal> {
        check_body(body, &CREATE).map(Self).map_err(Refusal::body)
    }

    fn body(&self) -> RawJson<'_> {
        RawJson::trusted(&self.0)
    }

    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        text(self.body(), name)
    }

    /// Returns the name of the connection.
    pub fn connection(&self) -> Cow<'_, str> {
        self.text("connection").unwrap_or_default()
    }

    /// Returns the id that is asked for, without the strategy's prefix.
    pub fn id(&self) -> Option<Cow<'_, str>> {
        self.text("user_id").filter(|id| !id.is_empty())
    }

    pub fn password(&self) -> Option<Secret<String>> {
        self.text("password")
            .map(|password| Secret::new(password.into_owned()))
    }

    /// Returns why the connection takes no such user.
    pub fn check(&self, connection: &Connection) -> Result<(), Refusal> {
        let strategy = &connection.strategy;
        if !strategy.is_database() && !strategy.is_passwordless() {
            let message = "Connection does not support user creation through the API. \
                           It must either be a database or passwordless connection";
            return Err(Refusal::new(message, "operation_not_supported"));
        }
        if connection.is_custom_without_import() {
            let message = "Custom Database Connections without import mode are not allowed";
            return Err(Refusal::new(message, "operation_not_supported"));
        }
        if !connection.enabled {
            return Err(Refusal::new(
                "Connection is disabled",
                "connection_is_disabled",
            ));
        }
        if let Some(username) = self.text("username") {
            stored_username(&username, connection)?;
        }
        match strategy.is_database() {
            true => self.check_database(connection),
            false => self.check_passwordless(connection),
        }
    }

    fn check_database(&self, connection: &Connection) -> Result<(), Refusal> {
        let option = |name: &str| connection.options.get(name);
        let requires_username =
            option("requires_username").and_then(serde_json::Value::as_bool) == Some(true);
        if requires_username && self.text("username").is_none() {
            let name = &connection.name;
            let message =
                format!("Missing username for {name} connection with requires_username enabled");
            return Err(Refusal::body(message));
        }
        // A connection with `attributes` says itself which of the three identify its users.
        let any = ["email", "username", "phone_number"]
            .iter()
            .any(|name| self.text(name).is_some());
        if !any || (option("attributes").is_none() && self.text("email").is_none()) {
            return Err(missing("email"));
        }
        let password = self.text("password").ok_or_else(|| missing("password"))?;
        password::check(&password, &connection.options)
    }

    fn check_passwordless(&self, connection: &Connection) -> Result<(), Refusal> {
        let identifier = if connection.strategy.email_is_unique() {
            "email"
        } else {
            "phone_number"
        };
        if self.text(identifier).is_none() {
            return Err(missing(identifier));
        }
        match self.text("password") {
            Some(_) => Err(Refusal::body("Cannot set password for non-database user")),
            None => Ok(()),
        }
    }

    /// Returns the profile of the user, checked by [`Self::check`]: defaults filled in, keys in alphabetical order and
    /// `app_metadata` last, as recorded from a real tenant.
    pub fn profile(
        &self,
        connection: &Connection,
        id: &str,
        now: Timestamp,
    ) -> Result<Profile, Refusal> {
        let body = self.body();
        let email = self
            .text("email")
            .map(|email| stored_email(&email, connection));
        let phone = self.text("phone_number");
        let username = self
            .text("username")
            .map(|name| stored_username(&name, connection))
            .transpose()?;
        let given = |name: &str| body.get(name).map(|value| value.text().to_owned());
        let verified = |name: &str, what: bool| {
            what.then(|| given(name).unwrap_or_else(|| "false".to_owned()))
        };
        let default_name = email
            .as_deref()
            .or(phone.as_deref())
            .or(username.as_deref())
            .unwrap_or(id);
        let now = quoted(&now.to_string());
        let user_id = quoted(&format!("{}|{id}", connection.strategy.as_str()));
        let members = [
            ("blocked", given("blocked")),
            ("created_at", Some(now.clone())),
            ("email", email.as_deref().map(quoted)),
            (
                "email_verified",
                verified("email_verified", email.is_some()),
            ),
            ("family_name", given("family_name")),
            ("given_name", given("given_name")),
            ("identities", Some(identities(connection, id))),
            ("name", given("name").or_else(|| Some(quoted(default_name)))),
            (
                "nickname",
                given("nickname").or_else(|| Some(quoted(default_nickname(default_name)))),
            ),
            ("phone_number", phone.as_deref().map(quoted)),
            (
                "phone_verified",
                verified("phone_verified", phone.is_some()),
            ),
            (
                "picture",
                given("picture").or_else(|| email.as_deref().map(gravatar)),
            ),
            ("updated_at", Some(now)),
            ("user_id", Some(user_id)),
            ("user_metadata", given("user_metadata")),
            ("username", username.as_deref().map(quoted)),
            // Auth0 shows no empty app_metadata.
            (
                "app_metadata",
                given("app_metadata").filter(|metadata| metadata != "{}"),
            ),
        ];
        let mut profile = ObjectText::default();
        for (name, json) in members {
            if let Some(json) = json {
                profile.raw(name, &json);
            }
        }
        Ok(Profile::from_canonical(profile.finish()))
    }
}

fn missing(property: &str) -> Refusal {
    Refusal::body(violation(
        &format!("Missing required property: {property}"),
        "",
        "",
    ))
}

/// The keys stand in another order than those of imported users.
fn identities(connection: &Connection, id: &str) -> String {
    let mut identity = ObjectText::default();
    identity.raw("connection", &quoted(&connection.name));
    identity.raw("user_id", &quoted(id));
    identity.raw("provider", &quoted(connection.strategy.as_str()));
    identity.raw(
        "isSocial",
        if connection.strategy.is_social() {
            "true"
        } else {
            "false"
        },
    );
    format!("[{}]", identity.finish())
}

fn gravatar(email: &str) -> String {
    let mut address = String::new();
    push_gravatar("s.gravatar.com", email, &mut address);
    quoted(&address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Strategy;
    use crate::id::ConnectionId;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_674_673_227_084);

    fn connection(strategy: &str, options: serde_json::Value) -> Connection {
        Connection {
            id: ConnectionId::parse("con_ftSSLHb0O7rcUGmF").unwrap(),
            name: "Username-Password-Authentication".to_owned(),
            strategy: Strategy::new(strategy),
            enabled: true,
            enabled_clients: vec![],
            options: options.as_object().unwrap().clone(),
            extra: serde_json::Map::new(),
        }
    }

    fn refusal(body: &str, connection: &Connection) -> String {
        match UserDraft::parse(body).and_then(|draft| draft.check(connection)) {
            Ok(()) => String::new(),
            Err(refusal) => refusal.message,
        }
    }

    /// Recorded from a real tenant.
    #[test]
    fn a_new_user_looks_as_recorded() {
        let database = connection(
            "auth0",
            json!({"requires_username": true, "passwordPolicy": "good"}),
        );
        let body = r#"{"connection":"Username-Password-Authentication","email":"chuck407@example.com","given_name":"Chuck","family_name":"Sanchez","username":"test-user983","nickname":"Chucky","password":"Passwords hide their chuck","user_metadata":{"favourite_attack":"roundhouse_kick"},"verify_email":false,"app_metadata":{"facts":["count_to_infinity_twice","kill_two_stones_with_one_bird","can_hear_sign_language"]},"picture":"https://example-picture-url.jpg","blocked":false,"email_verified":true}"#;
        let draft = UserDraft::parse(body).unwrap_or_else(|refusal| panic!("{}", refusal.message));
        assert_eq!(draft.check(&database), Ok(()));
        let profile = draft
            .profile(&database, "63d17c4bdf1ce171262c7e93", NOW)
            .unwrap();
        assert_eq!(
            profile.as_str(),
            r#"{"blocked":false,"created_at":"2023-01-25T19:00:27.084Z","email":"chuck407@example.com","email_verified":true,"family_name":"Sanchez","given_name":"Chuck","identities":[{"connection":"Username-Password-Authentication","user_id":"63d17c4bdf1ce171262c7e93","provider":"auth0","isSocial":false}],"name":"chuck407@example.com","nickname":"Chucky","picture":"https://example-picture-url.jpg","updated_at":"2023-01-25T19:00:27.084Z","user_id":"auth0|63d17c4bdf1ce171262c7e93","user_metadata":{"favourite_attack":"roundhouse_kick"},"username":"test-user983","app_metadata":{"facts":["count_to_infinity_twice","kill_two_stones_with_one_bird","can_hear_sign_language"]}}"#
        );
    }

    #[test]
    fn defaults_are_filled_in_and_numbers_stay_as_written() {
        let database = connection("auth0", json!({}));
        let body = r#"{"connection":"c","email":"Ann.Lee@Example.com","password":"x","user_metadata":{"n":1.50},"app_metadata":{}}"#;
        let profile = UserDraft::parse(body)
            .ok()
            .unwrap()
            .profile(&database, "1", NOW)
            .unwrap();
        assert_eq!(
            profile.as_str(),
            r#"{"created_at":"2023-01-25T19:00:27.084Z","email":"ann.lee@example.com","email_verified":false,"identities":[{"connection":"Username-Password-Authentication","user_id":"1","provider":"auth0","isSocial":false}],"name":"ann.lee@example.com","nickname":"ann.lee","picture":"https://s.gravatar.com/avatar/ac22d1dff811ced3068af057a3ed7029?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fan.png","updated_at":"2023-01-25T19:00:27.084Z","user_id":"auth0|1","user_metadata":{"n":1.50}}"#
        );
    }

    #[test]
    fn a_connection_says_whom_it_takes() {
        let database = connection("auth0", json!({"passwordPolicy": "good"}));
        let named = connection("auth0", json!({"requires_username": true}));
        let sms = connection("sms", json!({}));
        let ann = r#"{"connection":"c","email":"a@b.example","password":"weak"}"#;
        assert_eq!(
            refusal(ann, &database),
            "PasswordStrengthError: Password is too weak"
        );
        assert_eq!(
            refusal(ann, &named),
            "Missing username for Username-Password-Authentication connection with requires_username enabled"
        );
        assert_eq!(
            refusal(ann, &connection("google-oauth2", json!({}))),
            "Connection does not support user creation through the API. \
             It must either be a database or passwordless connection"
        );
        assert_eq!(
            refusal(
                ann,
                &Connection {
                    enabled: false,
                    ..database.clone()
                }
            ),
            "Connection is disabled"
        );
        assert_eq!(
            refusal(r#"{"connection":"c","username":"ann"}"#, &database),
            "Cannot set username for connection without requires_username"
        );
        assert_eq!(
            refusal(
                r#"{"connection":"c","username":"0123456789abcdef"}"#,
                &named
            ),
            "Username should have between 1 and 15 characters"
        );
        assert_eq!(
            refusal(r#"{"connection":"c","password":"x"}"#, &database),
            "Payload validation error: 'Missing required property: email'."
        );
        assert_eq!(
            refusal(r#"{"connection":"c","phone_number":"+1555"}"#, &sms),
            ""
        );
    }

    #[test]
    fn the_first_fault_of_a_body_is_named() {
        let database = connection("auth0", json!({}));
        assert_eq!(
            refusal(r#"{"connection":"c","email":"x"}"#, &database),
            "Payload validation error: 'Object didn't pass validation for format email: x' \
             on property email (The user's email)."
        );
        assert_eq!(
            refusal(
                r#"{"connection":"c","identities":[],"updated_at":""}"#,
                &database
            ),
            "Payload validation error: 'Additional properties not allowed: identities,updated_at (consider storing \
             them in app_metadata or user_metadata. See \"Users Metadata\" in https://auth0.com/docs/api/v2/changes \
             for more details)'."
        );
    }
}
