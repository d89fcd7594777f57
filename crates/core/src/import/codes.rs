//! The one table of row-error codes: Auth0's documented ones first, then Purser's own.

use serde::{Serialize, Serializer};

/// A row error's public code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    DuplicatedUser,
}

impl Code {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DuplicatedUser => "DUPLICATED_USER",
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
