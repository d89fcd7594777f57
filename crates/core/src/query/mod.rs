//! The query language of `GET /users` (skeleton).

mod attribute;
mod check;
mod date;
mod error;
mod expr;
mod extract;
mod field;
mod fold;
mod fuzzy;
mod leaf;
mod lexer;
mod matcher;
mod needle;
mod parser;
mod pattern;
mod print;
mod render;
mod scalar;
mod sort;
mod syntax;
#[cfg(test)]
mod tests;

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
    /// Reads and checks a query. A blank one finds everybody.
    pub fn parse(text: &str, limits: Limits) -> Result<Self, QueryError> {
        let expr = match parser::parse(text)? {
            Some(clauses) => check::check(text, limits, clauses)?,
            None => Expr::All,
        };
        Ok(Self {
            text: text.to_owned(),
            needle: needle::needle(&expr),
            expr,
        })
    }

    /// Returns what the query asks.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// Returns the query as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns a text that every matching profile holds, if it is canonical JSON, packed or plain; `None` if there is none
    /// that one can be sure of.
    pub fn needle(&self) -> Option<&str> {
        self.needle.as_deref()
    }
}

/// Prints the canonical form: it is read as the same formula again, and then printed as the same text.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}
