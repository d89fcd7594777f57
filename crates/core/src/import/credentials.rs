//! Credentials of a row: kept apart from the profile and never shown.

use std::fmt;

use crate::json::RawJson;
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
