//! Connections: where users live, and what their strategy asks of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{ClientId, ConnectionId};

/// The connection that a new store starts with, as a new Auth0 tenant does.
pub const DEFAULT_CONNECTION: &str = "Username-Password-Authentication";

/// How a connection identifies users: `auth0`, `sms`, `email`, `google-oauth2` …; also the prefix of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Strategy(String);

impl Strategy {
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    pub fn database() -> Self {
        Self::new("auth0")
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_database(&self) -> bool {
        self.0 == "auth0"
    }

    pub fn is_passwordless(&self) -> bool {
        matches!(self.0.as_str(), "sms" | "email")
    }

    /// Returns whether an identity provider outside keeps the users; `isSocial` of an identity.
    pub fn is_social(&self) -> bool {
        const ENTERPRISE: [&str; 11] = [
            "ad",
            "adfs",
            "auth0-adldap",
            "google-apps",
            "ip",
            "office365",
            "oidc",
            "okta",
            "pingfederate",
            "samlp",
            "waad",
        ];
        !self.is_database() && !self.is_passwordless() && !ENTERPRISE.contains(&self.0.as_str())
    }

    /// Returns whether no two users of such a connection may share an e-mail address.
    pub fn email_is_unique(&self) -> bool {
        self.is_database() || self.0 == "email"
    }

    /// Returns whether no two users of such a connection may share a phone number.
    pub fn phone_is_unique(&self) -> bool {
        self.is_database() || self.0 == "sms"
    }
}

/// A connection as the store keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    pub id: ConnectionId,
    pub name: String,
    pub strategy: Strategy,
    /// Whether imports may go to it. Over the API this follows `enabled_clients`; the command line sets it by itself.
    pub enabled: bool,
    pub enabled_clients: Vec<ClientId>,
    /// Auth0's `options`, kept as given.
    pub options: Map<String, Value>,
    /// Further root members (`display_name`, `realms`, `metadata`, `is_domain_connection` …), kept as given.
    pub extra: Map<String, Value>,
}

impl Connection {
    /// Returns what the connection asks of the usernames of its users.
    pub fn username_rules(&self) -> UsernameRules {
        let length = |key: &str, default: usize| {
            let path = format!("/validation/username/{key}");
            let options = &self.options;
            let found = path
                .split('/')
                .skip(2)
                .fold(options.get("validation"), |v, k| v.and_then(|v| v.get(k)));
            found
                .and_then(Value::as_u64)
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(default)
        };
        UsernameRules {
            allowed: self.flag("requires_username")
                || self
                    .options
                    .get("attributes")
                    .is_some_and(|a| a.get("username").is_some()),
            min: length("min", 1),
            max: length("max", 15),
        }
    }

    /// Returns whether users live in the customer's own database and are not kept here.
    pub fn is_custom_without_import(&self) -> bool {
        self.flag("enabledDatabaseCustomization") && !self.flag("import_mode")
    }

    fn flag(&self, key: &str) -> bool {
        self.options
            .get(key)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }
}

/// Lengths in characters; Auth0's defaults are 1 and 15, the most one can set is 128.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsernameRules {
    /// Whether the connection has usernames at all.
    pub allowed: bool,
    pub min: usize,
    pub max: usize,
}

/// Returns whether a connection may be called so: letters, digits, single dashes between them, at most 128 characters.
pub fn is_connection_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let dash_between = |i: usize| i > 0 && i + 1 < bytes.len() && bytes[i + 1] != b'-';
    !bytes.is_empty()
        && bytes.len() <= 128
        && bytes
            .iter()
            .enumerate()
            .all(|(i, b)| b.is_ascii_alphanumeric() || (*b == b'-' && dash_between(i)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_auth0s_pattern() {
        for good in ["a", "Username-Password-Authentication", "x1-2"] {
            assert!(is_connection_name(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a--b", "a b", "a_b", "é"] {
            assert!(!is_connection_name(bad), "{bad}");
        }
    }
}
