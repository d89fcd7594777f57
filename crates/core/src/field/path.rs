//! Paths into a profile: `user_metadata.address.city`, `identities[0].connection`.
//!
//! ```text
//! path = [ "user." ] key { "." key | "[" digits "]" }
//! key  = one or more characters except `.`, `[` and `]`
//! ```

use crate::json::RawJson;

/// Where a value stands in a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Without a leading `user.`.
    text: String,
    steps: Vec<Step>,
}

/// One step down, as a part of the path's text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key {
        start: usize,
        end: usize,
    },
    Index {
        index: usize,
        start: usize,
        end: usize,
    },
}

/// A text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is no field name: {problem} (character {position})")]
pub struct PathError {
    pub path: String,
    /// Character, counted from 1.
    pub position: usize,
    pub problem: &'static str,
}

impl Path {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        todo!()
    }

    /// Returns the value in a profile, if it is there.
    pub fn get<'a>(&self, profile: RawJson<'a>) -> Option<RawJson<'a>> {
        todo!()
    }
}
