//! Profiles against a query.

use super::Query;

/// A query made ready to be asked of many profiles; its memory is used again.
#[derive(Debug, Clone)]
pub struct Matcher {}

impl Matcher {
    /// Prepares a query.
    pub fn new(query: &Query) -> Self {
        let _ = query;
        Self {}
    }

    /// Returns whether a profile, packed or plain, is one that is looked for.
    pub fn matches(&mut self, profile: &str) -> bool {
        let _ = profile;
        true
    }
}
