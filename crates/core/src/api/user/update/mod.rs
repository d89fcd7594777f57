//! `PATCH /users/{id}`: what may be sent, and what becomes of the profile.

use std::borrow::Cow;

use super::schema::UPDATE;
use super::{password, stored_email, stored_username, text};
use crate::api::Refusal;
use crate::api::object::{ObjectText, quoted};
use crate::api::schema::check_body;
use crate::clock::Timestamp;
use crate::connection::Connection;
use crate::json::RawJson;
use crate::secret::Secret;
use crate::user::Profile;

/// Pairs that cannot be changed by one request, in the order of Auth0's list.
const EXCLUSIVE: [(&str, &str); 5] = [
    ("password", "email"),
    ("password", "email_verified"),
    ("username", "email"),
    ("username", "email_verified"),
    ("username", "password"),
];

/// Root attributes that an identity provider outside writes at each login, in the order of Auth0's sentence.
const SYNCED: [&str; 5] = ["family_name", "given_name", "name", "nickname", "picture"];

/// Root attributes that are taken over as they are; `null` deletes them.
const PLAIN: [&str; 8] = [
    "blocked",
    "email_verified",
    "phone_verified",
    "given_name",
    "family_name",
    "name",
    "nickname",
    "picture",
];

/// Changes to a user, as a body asks for. Holds a password, hence without `Debug`.
pub struct UserPatch(String);

impl UserPatch {
    /// Reads a body.
    pub fn parse(body: &str) -> Result<Self, Refusal> {
        let patch = check_body(body, &UPDATE).map(Self).map_err(Refusal::body)?;
        let both = |(one, other): &&(&str, &str)| patch.text(one).is_some() && patch.has(other);
        match EXCLUSIVE.iter().find(both) {
            Some((one, other)) => Err(Refusal::body(format!(
                "Cannot update {one} and {other} simultaneously"
            ))),
            None => Ok(patch),
        }
    }

    fn body(&self) -> RawJson<'_> {
        RawJson::trusted(&self.0)
    }

    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        text(self.body(), name)
    }

    fn has(&self, name: &str) -> bool {
        self.body().get(name).is_some()
    }

    /// Returns the name of the connection whose identity shall change, if it is given.
    pub fn connection(&self) -> Option<Cow<'_, str>> {
        self.text("connection")
    }

    /// Returns whether it changes nothing but `app_metadata`, for which a lesser scope is enough.
    pub fn is_app_metadata_only(&self) -> bool {
        self.body()
            .members()
            .all(|member| member.is("app_metadata") || member.is("connection"))
    }

    pub fn password(&self) -> Option<Secret<String>> {
        self.text("password")
            .map(|password| Secret::new(password.into_owned()))
    }

    /// Returns why users of the connection cannot be changed so.
    pub fn check(&self, connection: &Connection) -> Result<(), Refusal> {
        let strategy = &connection.strategy;
        if !strategy.is_database() {
            for (name, allowed) in [
                ("email", strategy.as_str() == "email"),
                ("password", false),
                ("username", false),
                ("phone_number", strategy.as_str() == "sms"),
            ] {
                if self.text(name).is_some() && !allowed {
                    let message = format!("Cannot update {name} for non-database user");
                    return Err(Refusal::new(message, "operation_not_supported"));
                }
            }
        }
        self.check_synced(connection)?;
        if !connection.enabled && (self.text("email").is_some() || self.text("password").is_some())
        {
            let message = "Cannot change email or password for users in a disabled connection";
            return Err(Refusal::new(message, "connection_is_disabled"));
        }
        if let Some(username) = self.text("username") {
            stored_username(&username, connection)?;
        }
        match self.text("password") {
            Some(password) => password::check(&password, &connection.options),
            None => Ok(()),
        }
    }

    fn check_synced(&self, connection: &Connection) -> Result<(), Refusal> {
        let synced = connection
            .options
            .get("set_user_root_attributes")
            .and_then(serde_json::Value::as_str);
        let kept_here = (connection.strategy.is_database()
            && !connection.is_custom_without_import())
            || connection.strategy.is_passwordless();
        let names: Vec<&str> = SYNCED.into_iter().filter(|name| self.has(name)).collect();
        if names.is_empty()
            || kept_here
            || matches!(synced, Some("on_first_login" | "never_on_login"))
        {
            return Ok(());
        }
        let message = format!(
            "The following user attributes cannot be updated: {}. The connection ({}) must either be a database \
             connection (using the Auth0 store), a passwordless connection (email or sms) or has disabled 'Sync user \
             profile attributes at each login'. For more information, see \
             https://auth0.com/docs/dashboard/guides/connections/configure-connection-sync",
            names.join(", "),
            connection.name
        );
        Err(Refusal::new(message, "operation_not_supported"))
    }

    /// Returns the profile after the changes, checked by [`Self::check`].
    pub fn apply(
        &self,
        profile: &Profile,
        connection: &Connection,
        now: Timestamp,
    ) -> Result<Profile, Refusal> {
        let mut edits = Edits::default();
        for name in PLAIN {
            if let Some(value) = self.body().get(name) {
                edits.set(name, Some(value.text()).filter(|_| !value.is_null()));
            }
        }
        self.edit_identifiers(profile, connection, &mut edits)?;
        for name in ["user_metadata", "app_metadata"] {
            if let Some(change) = self.body().get(name) {
                let merged = merged_metadata(profile.raw().get(name), change);
                // Auth0 shows no empty app_metadata.
                edits.set(
                    name,
                    Some(merged.as_str()).filter(|text| name != "app_metadata" || *text != "{}"),
                );
            }
        }
        let now = quoted(&now.to_string());
        if self.text("password").is_some() {
            edits.set("last_password_reset", Some(&now));
        }
        edits.set("updated_at", Some(&now));
        Ok(edits.apply(profile))
    }

    /// A new address or number is not verified unless the request says so; without one there is nothing to verify.
    fn edit_identifiers(
        &self,
        profile: &Profile,
        connection: &Connection,
        edits: &mut Edits,
    ) -> Result<(), Refusal> {
        for (name, verified) in [
            ("email", "email_verified"),
            ("phone_number", "phone_verified"),
        ] {
            let Some(value) = self.body().get(name) else {
                continue;
            };
            if value.is_null() {
                edits.set(name, None);
                edits.set(verified, None);
                continue;
            }
            let new = self.text(name).unwrap_or_default();
            let new = if name == "email" {
                stored_email(&new, connection)
            } else {
                new.into_owned()
            };
            if profile.text(name).as_deref() != Some(&new) && !self.has(verified) {
                edits.set(verified, Some("false"));
            }
            edits.set(name, Some(&quoted(&new)));
        }
        if let Some(value) = self.body().get("username") {
            let username = self
                .text("username")
                .map(|name| stored_username(&name, connection))
                .transpose()?;
            edits.set(
                "username",
                username
                    .as_deref()
                    .map(quoted)
                    .as_deref()
                    .filter(|_| !value.is_null()),
            );
        }
        const IDENTIFIERS: [&str; 3] = ["email", "username", "phone_number"];
        let touched = IDENTIFIERS.iter().any(|name| edits.find(name).is_some());
        let remains = |name: &&str| match edits.find(name) {
            Some(edit) => edit.is_some(),
            None => profile.raw().get(name).is_some(),
        };
        if touched && !IDENTIFIERS.iter().any(remains) {
            return Err(Refusal::body(
                "A user needs an email, a username or a phone_number",
            ));
        }
        Ok(())
    }
}

/// Members of a profile to be set, or deleted where there is no value.
#[derive(Default)]
struct Edits(Vec<(&'static str, Option<String>)>);

impl Edits {
    fn set(&mut self, name: &'static str, json: Option<&str>) {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, json.map(str::to_owned)));
    }

    fn find(&self, name: &str) -> Option<&Option<String>> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, json)| json)
    }

    /// Members that are there keep their place; new ones go where a new user has them.
    fn apply(mut self, profile: &Profile) -> Profile {
        self.0.sort_by_key(|(name, _)| place(name));
        let mut new = self
            .0
            .iter()
            .filter(|(name, _)| profile.raw().get(name).is_none())
            .peekable();
        let mut out = ObjectText::default();
        for member in profile.raw().members() {
            let name = member.name();
            while let Some((earlier, json)) = new.next_if(|(new, _)| place(new) < place(&name)) {
                if let Some(json) = json {
                    out.raw(earlier, json);
                }
            }
            match self.find(&name) {
                Some(Some(json)) => out.raw(&name, json),
                Some(None) => {}
                None => out.raw(&name, member.value.text()),
            }
        }
        for (name, json) in new {
            if let Some(json) = json {
                out.raw(name, json);
            }
        }
        Profile::from_canonical(out.finish())
    }
}

/// Where a member stands in a profile: the alphabet, then what logins write, then `app_metadata`.
fn place(name: &str) -> (u8, &str) {
    let group = match name {
        "app_metadata" => 2,
        "last_ip" | "last_login" | "last_password_reset" | "logins_count" => 1,
        _ => 0,
    };
    (group, name)
}

/// Merges at the top level only: `null` deletes a key, other values replace what was there, and `{}` clears all.
fn merged_metadata(existing: Option<RawJson<'_>>, change: RawJson<'_>) -> String {
    let mut out = ObjectText::default();
    if change.members().next().is_none() {
        return out.finish();
    }
    let existing = existing.unwrap_or(RawJson::trusted("{}"));
    for member in existing.members() {
        let name = member.name();
        match change.get(&name) {
            Some(value) if value.is_null() => {}
            Some(value) => out.raw(&name, value.text()),
            None => out.raw(&name, member.value.text()),
        }
    }
    for member in change.members().filter(|member| !member.value.is_null()) {
        let name = member.name();
        if existing.get(&name).is_none() {
            out.raw(&name, member.value.text());
        }
    }
    out.finish()
}

#[cfg(test)]
mod tests;
