//! The query language of `GET /users` (skeleton).

mod attribute;
mod error;
mod expr;
mod extract;
mod fold;
mod leaf;
mod matcher;
mod print;
mod scalar;
mod sort;

use std::fmt;

pub use attribute::{Attribute, AttributeError, Class};
pub use error::QueryError;
pub use expr::Expr;
pub use extract::Extractor;
pub use fold::fold;
pub use leaf::{Leaf, Test};
pub use matcher::Matcher;
pub use scalar::{OwnedScalar, Scalar, Span};
pub use sort::{Sort, SortError};

/// Whose limits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// Auth0's: no patterns and ranges on `user_metadata`, three characters behind a leading `*`.
    Auth0,
    /// None that only protect a shared cluster.
    None,
}

/// A query that was read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    text: String,
    expr: Expr,
    needle: Option<String>,
}

impl Query {
    /// Reads a query.
    pub fn parse(text: &str, limits: Limits) -> Result<Self, QueryError> {
        let _ = limits;
        Ok(Self {
            text: text.to_owned(),
            expr: Expr::All,
            needle: None,
        })
    }

    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// Returns the query as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns a text that every matching profile contains in its packed form.
    pub fn needle(&self) -> Option<&str> {
        self.needle.as_deref()
    }
}

/// Prints the canonical form.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
