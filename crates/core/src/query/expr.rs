//! Checked queries as formulas.

use super::leaf::Leaf;

/// A formula: every name is known, every value has its type, `+`, `-` and missing operators are resolved.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Everybody.
    All,
    /// Nobody.
    Nothing,
    Leaf(Leaf),
    /// Everybody else.
    Not(Box<Self>),
    Every(Vec<Self>),
    Any(Vec<Self>),
}
