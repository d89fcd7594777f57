//! A user's profile as `GET /users/{id}` shows it: a JSON object kept as canonical text.

use std::borrow::Cow;
use std::fmt;

use crate::json::RawJson;

/// A stored profile. Holds personal data, so `Debug` shows its size only; it never holds credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile(String);

impl Profile {
    /// Takes canonical JSON text of an object, as the import and the store make it.
    pub fn from_canonical(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }

    pub fn raw(&self) -> RawJson<'_> {
        RawJson::trusted(&self.0)
    }

    /// Returns a root attribute that is a string.
    pub fn text(&self, attribute: &str) -> Option<Cow<'_, str>> {
        self.raw().get(attribute).and_then(RawJson::as_str)
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Profile({} bytes)", self.0.len())
    }
}
