//! Credentials of a row: checked, then kept apart from the profile and never shown.

use std::fmt;

use crate::import::codes::Code;
use crate::import::problem::{Hinted, Problems, no_match, plain, wrong_type};
use crate::import::schema::{self, Key};
use crate::import::text::canonical_text;
use crate::import::{custom_hash, mfa};
use crate::json::RawJson;
use crate::password::bcrypt::is_password_hash;
use crate::row::RowError;
use crate::secret::Secret;

/// Credentials of one row, each as canonical JSON text.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    /// A JSON string, with its quotes.
    pub password_hash: Option<Secret<String>>,
    pub custom_password_hash: Option<Secret<String>>,
    pub mfa_factors: Option<Secret<String>>,
}

impl Credentials {
    /// Returns one JSON object of those that are there, as the store keeps it.
    pub fn to_json(&self) -> Secret<String> {
        let Self {
            password_hash,
            custom_password_hash,
            mfa_factors,
        } = self;
        let mut out = String::from("{");
        let members = [
            ("password_hash", password_hash),
            ("custom_password_hash", custom_password_hash),
            ("mfa_factors", mfa_factors),
        ];
        for (name, value) in members {
            let Some(value) = value else { continue };
            out.push_str(if out.len() > 1 { ",\"" } else { "\"" });
            out.push_str(name);
            out.push_str("\":");
            out.push_str(value.expose());
        }
        out.push('}');
        Secret::new(out)
    }

    /// Reads what [`Self::to_json`] wrote.
    pub fn from_json(text: &str) -> Self {
        let mut credentials = Self::default();
        for member in RawJson::trusted(text).members() {
            let value = Some(Secret::new(member.value.text().to_owned()));
            match member.name().as_ref() {
                "password_hash" => credentials.password_hash = value,
                "custom_password_hash" => credentials.custom_password_hash = value,
                "mfa_factors" => credentials.mfa_factors = value,
                _ => {}
            }
        }
        credentials
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        let Self {
            password_hash,
            custom_password_hash,
            mfa_factors,
        } = self;
        password_hash.is_none() && custom_password_hash.is_none() && mfa_factors.is_none()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// Checks the credentials of a row of any kind; what is right goes into `into`.
pub(crate) fn credential(
    key: Key,
    value: RawJson<'_>,
    is_canonical: bool,
    into: &mut Credentials,
    problems: &mut Problems,
) {
    match key {
        Key::CustomPasswordHash => custom_hash::check(value, problems),
        Key::MfaFactors => mfa::check(value, problems),
        _ => password_hash(value, problems),
    }
    let secret = Some(Secret::new(
        canonical_text(value, is_canonical).into_owned(),
    ));
    match key {
        Key::CustomPasswordHash => into.custom_password_hash = secret,
        Key::MfaFactors => into.mfa_factors = secret,
        _ => into.password_hash = secret,
    }
}

/// Returns the kind of credentials that a member of a row is.
pub(crate) fn credential_key(name: &str) -> Option<Key> {
    match name {
        "password_hash" => Some(Key::PasswordHash),
        "custom_password_hash" => Some(Key::CustomPasswordHash),
        "mfa_factors" => Some(Key::MfaFactors),
        _ => None,
    }
}

fn password_hash(value: RawJson<'_>, problems: &mut Problems) {
    let path = Key::PasswordHash.path();
    let hint = "give a bcrypt hash of cost 10 that starts with `$2a$10$` or `$2b$10$`; \
                other hashes go into `custom_password_hash`";
    match value.as_str() {
        None => problems.add(wrong_type(path, "string", value)),
        Some(text) if is_password_hash(&text) => {}
        Some(_) => problems.add(no_match(path, schema::PASSWORD_HASH_PATTERN).hinted(hint)),
    }
}

/// Returns the error of a row with both kinds of password hash.
pub(crate) fn two_hashes() -> RowError {
    plain(Code::NotPassed, "Data matches schema from 'not'")
        .hinted("`password_hash` and `custom_password_hash` exclude one another: keep one of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_to_json_and_back() {
        let secret = |text: &str| Some(Secret::new(text.to_owned()));
        let credentials = Credentials {
            password_hash: secret("\"$2b$10$x\""),
            custom_password_hash: None,
            mfa_factors: secret(r#"[{"totp":{"secret":"ABC"}}]"#),
        };
        let json = credentials.to_json();
        assert_eq!(
            json.expose(),
            r#"{"password_hash":"$2b$10$x","mfa_factors":[{"totp":{"secret":"ABC"}}]}"#
        );
        assert_eq!(Credentials::from_json(json.expose()), credentials);
        assert_eq!(Credentials::default().to_json().expose(), "{}");
        assert!(Credentials::from_json("{}").is_empty());
    }

    #[test]
    fn debug_shows_nothing() {
        let json = r#"{"custom_password_hash":{"algorithm":"md5"}}"#;
        assert_eq!(
            format!("{:?}", Credentials::from_json(json)),
            "Credentials(***)"
        );
    }
}
