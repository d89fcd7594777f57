//! The query language of `GET /users`: Lucene's classic syntax over whole values, as Auth0's user search (engine v3) has
//! it. Read (`lexer`, `parser`), checked (`check`: names, types, limits), printed in one form (`print`), and asked of
//! profiles (`Matcher`). `docs/reference/search.md` has the language for its users.
//!
//! ```text
//! query   := [mod] clause { [conj] [mod] clause }
//! conj    := "AND" | "&&" | "OR" | "||"                  mod := "+" | "-" | "!" | "NOT"
//! clause  := [ field ":" ] ( leaf | "(" query ")" [ "^" number ] ) | "*" ":" "*"
//! leaf    := ( term | quoted | pattern ) [ "~" [ number ] ] [ "^" number ]       the two in either order
//!          | ( "[" | "{" ) bound "TO" bound ( "]" | "}" ) [ "^" number ]
//! bound   := quoted | "*" | one or more characters except space, "]", "}"
//! field   := term                                        term := start { start | "+" | "-" }
//! pattern := a term with "*" or "?", which may also begin it
//! start   := any character except white space + - ! ( ) : ^ [ ] " { } ~ * ? \ /, or "\" and any character
//! quoted  := '"' { any character except " and \, or "\" and any character } '"'
//! ```
//! The longest token wins, and an operator wins over a term of its length. White space is space, tab, CR, LF and U+3000;
//! `\uXXXX` is a unit of UTF-16.
//!
//! Clauses of one level are cut where no `AND` or `OR` stands between them. A single clause is a must (`+`), a must not
//! (`-`, `!`, `NOT`) or a may; several with operators are one may: NOT binds before AND, AND before OR. The answer is all
//! musts, or, without any, the union of the mays (everybody without those), less the must nots.
//!
//! Sources: the syntax page of Lucene's classic query parser (2.9.4 and 8.8.1), which Auth0 names as its reference; Auth0's
//! pages "User Search Query Syntax", "User Search Best Practices" and "Migrate from User Search v2 to v3". Where they are
//! silent, the reference says what was chosen.

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

/// Which limits hold. They protect a cluster that many share and change no meaning.
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
