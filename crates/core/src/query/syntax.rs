//! Queries as they are written: clauses, names and values with their places.

use std::ops::Range;

use super::pattern::Pattern;

/// One clause, and what stands before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clause {
    pub(super) joint: Joint,
    pub(super) modifier: Modifier,
    pub(super) node: Node,
}

/// The operator between a clause and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// There is none.
    Beside,
    And,
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modifier {
    None,
    /// `+`
    Must,
    /// `NOT`, `!` or `-`
    Not,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Value(Option<Name>, Value),
    Group(Option<Name>, Vec<Clause>),
    /// `*:*`
    Everything,
}

/// The name before a colon, unescaped.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    pub(super) path: String,
    pub(super) span: Range<usize>,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) kind: ValueKind,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum ValueKind {
    /// A term, unescaped.
    Term(String),
    /// What stood in quotes, unescaped.
    Phrase(String),
    Pattern(Pattern),
    /// A term, and the number behind its `~`.
    Fuzzy(String, f64),
    Range(Box<Between>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Between {
    pub(super) from: End,
    pub(super) to: End,
}

/// One end of a range.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct End {
    /// `None` is an unquoted `*`.
    pub(super) text: Option<String>,
    pub(super) is_included: bool,
    pub(super) span: Range<usize>,
}
