//! Turns a valid row into what is stored: the profile of a new user, or the changed profile of one who exists.
//! Decides nothing about *how* it is stored, and never looks at more than the one matching user.

use std::fmt::Write as _;

use md5::{Digest, Md5};

use super::{Attribute, Credentials, NewUser, password_hash_defined};
use crate::connection::Strategy;
use crate::json::{RawJson, push_string};
use crate::packed;
use crate::row::RowError;
use crate::secret::Secret;

/// What all new users of one import share, made once.
#[derive(Debug, Clone)]
pub struct ProfileTemplate {
    prefix: String,
    /// `[{"provider":"auth0","connection":"…","isSocial":false,"user_id":`, packed.
    identity: String,
}

impl ProfileTemplate {
    pub fn new(connection: &str, strategy: &Strategy) -> Self {
        let mut identity = String::from("[{\"provider\":");
        push_string(&mut identity, strategy.as_str());
        identity.push_str(",\"connection\":");
        push_string(&mut identity, connection);
        let _ = write!(
            identity,
            ",\"isSocial\":{},\"user_id\":",
            strategy.is_social()
        );
        let mut packed = String::new();
        packed::push_value(&mut packed, "identities", &identity);
        let identity = packed;
        Self {
            prefix: format!("{}|", strategy.as_str()),
            identity,
        }
    }

    /// Returns the id a user gets, with its prefix.
    pub fn user_id(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }

    /// Appends the packed profile of a new user as Auth0 shows an imported one: defaults filled in, keys in the order
    /// recorded from a real tenant (users read back right after an import, Management API v2).
    pub fn push_profile(&self, user: &NewUser<'_>, user_id: &str, now: &str, out: &mut String) {
        let id = user_id.strip_prefix(&self.prefix).unwrap_or(user_id);
        let given = |attribute: Attribute| user.attributes[attribute as usize].as_deref();
        let mut members = Members::packed(out);
        members.text("email", user.email.as_deref());
        let verified = user
            .email
            .as_ref()
            .map(|_| given(Attribute::EmailVerified).unwrap_or("false"));
        members.raw("email_verified", verified);
        members.text("username", user.username.as_deref());
        members.text("phone_number", user.phone_number.as_deref());
        let verified = user
            .phone_number
            .as_ref()
            .map(|_| given(Attribute::PhoneVerified).unwrap_or("false"));
        members.raw("phone_verified", verified);
        members.raw("given_name", given(Attribute::GivenName));
        members.raw("family_name", given(Attribute::FamilyName));
        members.raw("blocked", given(Attribute::Blocked));
        members.raw("user_metadata", given(Attribute::UserMetadata));
        members.text("created_at", Some(now));
        members.text("updated_at", Some(now));
        members.key("identities");
        members.out.push_str(&self.identity);
        push_string(members.out, id);
        members.out.push_str("}]");
        members.key("user_id");
        packed::push_user_id(members.out, user_id);
        self.push_defaults(user, id, &mut members);
        // Auth0 shows no empty app_metadata.
        members.raw(
            "app_metadata",
            given(Attribute::AppMetadata).filter(|text| *text != "{}"),
        );
        members.end();
    }

    /// Appends name, picture and nickname, given or made from what there is.
    fn push_defaults(&self, user: &NewUser<'_>, id: &str, members: &mut Members<'_>) {
        let given = |attribute: Attribute| user.attributes[attribute as usize].as_deref();
        let email = user.email.as_deref();
        let name = email
            .or(user.phone_number.as_deref())
            .or(user.username.as_deref())
            .unwrap_or(id);
        match given(Attribute::Name) {
            Some(text) => members.raw("name", Some(text)),
            None => members.text("name", Some(name)),
        }
        match (given(Attribute::Picture), email) {
            (Some(text), _) => members.raw("picture", Some(text)),
            (None, Some(email)) => {
                members.key("picture");
                packed::push_gravatar(
                    members.out,
                    |out| push_hash(email, out),
                    |out| push_letters(email, out),
                );
            }
            (None, None) => {}
        }
        match given(Attribute::Nickname) {
            Some(text) => members.raw("nickname", Some(text)),
            None => members.text("nickname", Some(default_nickname(name))),
        }
    }
}

/// Returns the part of an e-mail address before the `@`, or the whole text.
pub fn default_nickname(name: &str) -> &str {
    name.rsplit_once('@').map_or(name, |(local, _)| local)
}

/// Appends the address of the picture that a user without one gets; imports and the API name different hosts.
/// The fallback picture is named after the first two letters of the address; what is no ASCII letter or digit is
/// percent-encoded, as the rest of the fallback's address is.
pub(crate) fn push_gravatar(host: &str, email: &str, out: &mut String) {
    let _ = write!(out, "https://{host}/avatar/");
    push_hash(email, out);
    out.push_str("?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2F");
    push_letters(email, out);
}

fn push_hash(email: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in Md5::digest(email.as_bytes()) {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

fn push_letters(email: &str, out: &mut String) {
    for letter in email.chars().take(2) {
        if letter.is_ascii_alphanumeric() {
            out.push(letter);
        } else {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out.push_str(".png");
}

/// Appends an object of the attributes that an upsert takes from the row.
pub fn push_changes(user: &NewUser<'_>, out: &mut String) {
    let mut members = Members::new(out);
    for attribute in Attribute::ALL
        .into_iter()
        .filter(|attribute| attribute.upsertable())
    {
        members.raw(
            attribute.name(),
            user.attributes[attribute as usize].as_deref(),
        );
    }
    members.end();
}

/// Appends an existing profile, packed, with the changes of an upsert: given attributes are overwritten as a whole,
/// metadata too, everything else stays; `updated_at` becomes now.
pub fn push_merged(existing: &str, changes: &str, now: &str, out: &mut String) {
    let now = format!("\"{now}\"");
    // (key in quotes, value, whether it has been written)
    let mut changes: Vec<(&str, &str, bool)> = RawJson::trusted(changes)
        .members()
        .map(|change| (change.key, change.value.text(), false))
        .collect();
    changes.push(("\"updated_at\"", &now, false));
    let mut members = Members::packed(out);
    for member in packed::members(existing) {
        let name = &member.key[1..member.key.len() - 1];
        match changes.iter_mut().find(|(key, ..)| *key == member.key) {
            Some((_, value, written)) => {
                *written = true;
                members.packed_value(name, value);
            }
            None => {
                members.start();
                packed::push_quoted_key(members.out, member.key);
                members.out.push_str(&existing[member.value]);
            }
        }
    }
    for (key, value, _) in changes.iter().filter(|(.., written)| !written) {
        members.packed_value(&key[1..key.len() - 1], value);
    }
    members.end();
}

/// Returns the credentials of a user after an upsert. `password_hash` counts for new users only; a custom hash may
/// replace a custom hash that the user has never logged in with (bulk import documentation).
pub fn merge_credentials(
    existing: Option<&str>,
    new: &str,
    has_logged_in: bool,
) -> Result<Option<Secret<String>>, RowError> {
    let mut merged = existing.map(Credentials::from_json).unwrap_or_default();
    let new = Credentials::from_json(new);
    if let Some(hash) = new.custom_password_hash {
        if merged.custom_password_hash.is_none() || has_logged_in {
            return Err(password_hash_defined());
        }
        merged.custom_password_hash = Some(hash);
    }
    if let Some(factors) = new.mfa_factors {
        merged.mfa_factors = Some(factors);
    }
    Ok((!merged.is_empty()).then(|| merged.to_json()))
}

/// Writes the members of one object.
struct Members<'o> {
    out: &'o mut String,
    first: bool,
    /// Whether keys are written packed.
    packed: bool,
}

impl<'o> Members<'o> {
    fn new(out: &'o mut String) -> Self {
        out.push('{');
        Self {
            out,
            first: true,
            packed: false,
        }
    }

    fn packed(out: &'o mut String) -> Self {
        Self {
            packed: true,
            ..Self::new(out)
        }
    }

    fn start(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
    }

    fn key(&mut self, name: &str) {
        self.start();
        if self.packed {
            packed::push_key(self.out, name);
            return;
        }
        push_string(self.out, name);
        self.out.push(':');
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        self.key(name);
        push_string(self.out, text);
    }

    fn raw(&mut self, name: &str, json: Option<&str>) {
        let Some(json) = json else { return };
        self.key(name);
        self.out.push_str(json);
    }

    /// Writes a value packed; an empty app_metadata disappears, as Auth0 shows none.
    fn packed_value(&mut self, name: &str, json: &str) {
        if name == "app_metadata" && json == "{}" {
            return;
        }
        self.key(name);
        packed::push_value(self.out, name, json);
    }

    fn end(self) {
        self.out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    const NOW: &str = "2023-01-25T17:48:16.647Z";

    fn profile(user: &NewUser<'_>, id: &str) -> String {
        let mut out = String::new();
        let template =
            ProfileTemplate::new("Username-Password-Authentication", &Strategy::database());
        template.push_profile(user, &template.user_id(id), NOW, &mut out);
        packed::unpacked(&out)
    }

    /// Recorded from a real tenant: an imported user with nothing but a verified address, read back.
    #[test]
    fn a_new_user_looks_as_auth0_shows_it() {
        let mut user = NewUser {
            email: Some("auzironian@example.com".into()),
            ..NewUser::default()
        };
        user.attributes[Attribute::EmailVerified as usize] = Some(Cow::Borrowed("true"));
        assert_eq!(
            profile(&user, "63d16b60c55b3650a5c9fff9"),
            concat!(
                r#"{"email":"auzironian@example.com","email_verified":true,"#,
                r#""created_at":"2023-01-25T17:48:16.647Z","updated_at":"2023-01-25T17:48:16.647Z","#,
                r#""identities":[{"provider":"auth0","connection":"Username-Password-Authentication","#,
                r#""isSocial":false,"user_id":"63d16b60c55b3650a5c9fff9"}],"#,
                r#""user_id":"auth0|63d16b60c55b3650a5c9fff9","name":"auzironian@example.com","#,
                r#""picture":"https://secure.gravatar.com/avatar/1eafdbc62a30a384b6d9a04e1cc21500"#,
                r#"?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fau.png","nickname":"auzironian"}"#
            )
        );
    }

    #[test]
    fn a_kept_prefix_is_doubled_as_auth0_doubles_it() {
        let text = profile(
            &NewUser {
                email: Some("a@b.co".into()),
                ..NewUser::default()
            },
            "auth0|x",
        );
        let raw = RawJson::trusted(&text);
        assert_eq!(raw.get("user_id").unwrap().text(), "\"auth0|auth0|x\"");
        let identity = raw.get("identities").unwrap().elements().next().unwrap();
        assert_eq!(identity.get("user_id").unwrap().text(), "\"auth0|x\"");
    }

    #[test]
    fn merging_overwrites_what_is_given_and_keeps_the_rest() {
        let existing = r#"{"email":"a@b.co","updated_at":"x","name":"A","user_metadata":{"a":1,"b":2},"user_id":"auth0|1","app_metadata":{"p":1}}"#;
        let changes = r#"{"nickname":"n","user_metadata":{"a":9},"app_metadata":{}}"#;
        let mut packed = String::new();
        packed::pack(existing, &mut packed);
        for existing in [existing, packed.as_str()] {
            let mut out = String::new();
            push_merged(existing, changes, NOW, &mut out);
            assert_eq!(
                packed::unpacked(&out),
                r#"{"email":"a@b.co","updated_at":"2023-01-25T17:48:16.647Z","name":"A","user_metadata":{"a":9},"user_id":"auth0|1","nickname":"n"}"#
            );
        }
    }

    #[test]
    fn a_custom_hash_replaces_only_a_custom_hash_never_used() {
        let new = r#"{"custom_password_hash":{"n":1}}"#;
        let old = Some(r#"{"custom_password_hash":{"o":1}}"#);
        assert!(merge_credentials(None, new, false).is_err());
        assert!(merge_credentials(Some(r#"{"password_hash":"x"}"#), new, false).is_err());
        assert!(merge_credentials(old, new, true).is_err());
        let merged = merge_credentials(old, new, false).unwrap().unwrap();
        assert_eq!(merged.expose(), new);
        let kept = merge_credentials(
            Some(r#"{"password_hash":"x"}"#),
            r#"{"password_hash":"y"}"#,
            false,
        );
        assert_eq!(kept.unwrap().unwrap().expose(), r#"{"password_hash":"x"}"#);
    }
}
