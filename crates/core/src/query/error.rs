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
    /// Says what is wrong at a place, given in bytes of the query.
    pub(super) fn new(query: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let before = query.get(..span.start).unwrap_or(query);
        Self {
            message: message.into(),
            position: before.chars().count() + 1,
            span,
            expected: None,
            suggestion: None,
        }
    }

    /// Says what could stand there.
    pub(super) fn expecting(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says what could be written instead.
    pub(super) fn suggesting(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// Returns the place: a character of the query, counted from 1.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Returns the place in bytes of the query; empty where something is missing.
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

    /// Returns several lines for people: the line of the query (cut around the place if it is long), marks under the
    /// place, the reason, help.
    pub fn render(&self, query: &str) -> String {
        let mut out = super::render::excerpt(query, &self.span);
        out.push_str(&format!("{} (character {})", self.message, self.position));
        if let Some(expected) = &self.expected {
            out.push_str(&format!("; expected {expected}"));
        }
        if let Some(suggestion) = &self.suggestion {
            out.push_str(&format!("\nhelp: did you mean `{suggestion}`?"));
        }
        out
    }
}

/// Prints one line.
impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at character {}", self.message, self.position)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean `{suggestion}`?")?;
        }
        Ok(())
    }
}

impl std::error::Error for QueryError {}
