//! Identifiers, each its own type.

use std::fmt;

use serde::{Deserialize, Serialize};

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Returns as many letters and digits as there are random bytes.
pub fn alphanumeric(random: &[u8]) -> String {
    random
        .iter()
        .map(|byte| char::from(ALPHANUMERIC[usize::from(*byte) % 62]))
        .collect()
}

fn has_shape(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A connection's id: `con_` and 16 letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(String);

impl ConnectionId {
    pub const PATTERN: &'static str = "^con_[A-Za-z0-9]{16}$";

    pub fn parse(text: &str) -> Option<Self> {
        has_shape(text, "con_").then(|| Self(text.to_owned()))
    }

    pub fn from_random(random: &[u8; 16]) -> Self {
        Self(format!("con_{}", alphanumeric(random)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A job's id: `job_` and 16 letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(String);

impl JobId {
    pub const PATTERN: &'static str = "^job_[A-Za-z0-9]{16}$";

    pub fn parse(text: &str) -> Option<Self> {
        has_shape(text, "job_").then(|| Self(text.to_owned()))
    }

    pub fn from_random(random: &[u8; 16]) -> Self {
        Self(format!("job_{}", alphanumeric(random)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A user's id, unique in the tenant: `strategy|id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// Takes any text; an id that no user has is found nowhere.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An API client's id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn from_random(random: &[u8; 32]) -> Self {
        Self(alphanumeric(random))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_auth0s_shape() {
        let id = JobId::from_random(&[0, 61, 255, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(JobId::parse(id.as_str()), Some(id));
        for bad in [
            "job_short",
            "con_6nNLiwFZksN0YmRR",
            "job_6nNLiwFZksN0YmR!",
            "job_6nNLiwFZksN0YmRRx",
        ] {
            assert_eq!(JobId::parse(bad), None, "{bad}");
        }
    }
}
