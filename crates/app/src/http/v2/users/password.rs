//! Passwords that are set over the API. They are kept as bcrypt hashes, as Auth0's own are.

use purser_core::import::Credentials;
use purser_core::secret::Secret;

use crate::http::error::ApiError;

/// Auth0's cost; its imports take no other.
const COST: u32 = 10;

/// Returns the hash of a password; takes a while, so only blocking threads call it.
pub(super) fn hashed(password: &Secret<String>) -> Result<Secret<String>, ApiError> {
    bcrypt::non_truncating_hash(password.expose(), COST)
        .map(Secret::new)
        .map_err(ApiError::internal)
}

/// Returns a user's credentials with a new hash; second factors stay, a hash of another system goes.
pub(super) fn credentials(
    existing: Option<&Secret<String>>,
    hash: &Secret<String>,
) -> Secret<String> {
    let existing = existing
        .map(|json| Credentials::from_json(json.expose()))
        .unwrap_or_default();
    // A bcrypt hash has no character that JSON escapes.
    let hash = Secret::new(format!("\"{}\"", hash.expose()));
    Credentials {
        password_hash: Some(hash),
        custom_password_hash: None,
        ..existing
    }
    .to_json()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_replaces_hashes_and_keeps_factors() {
        let hash = hashed(&Secret::new("I don't need one".to_owned())).unwrap();
        assert!(hash.expose().starts_with("$2b$10$"));
        assert!(bcrypt::verify("I don't need one", hash.expose()).unwrap());
        let existing = r#"{"password_hash":"old","custom_password_hash":{},"mfa_factors":[1]}"#;
        let merged = credentials(
            Some(&Secret::new(existing.to_owned())),
            &Secret::new("new".to_owned()),
        );
        assert_eq!(
            merged.expose(),
            r#"{"password_hash":"new","mfa_factors":[1]}"#
        );
    }
}
