//! Checked queries as formulas.

use super::leaf::Leaf;

/// A formula: every name is known, every value has its type, `+`, `-` and missing operators are resolved.
///
/// `All` and `Nothing` stand alone only: inside others they are folded away. `Every` and `Any` have two parts or more. The
/// depth is bounded by that of the query, 100 parentheses.
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

impl Expr {
    pub(super) fn negate(self) -> Self {
        match self {
            Self::All => Self::Nothing,
            Self::Nothing => Self::All,
            other => Self::Not(Box::new(other)),
        }
    }

    pub(super) fn every(mut parts: Vec<Self>) -> Self {
        if parts.contains(&Self::Nothing) {
            return Self::Nothing;
        }
        parts.retain(|part| *part != Self::All);
        match parts.len() {
            0 => Self::All,
            1 => parts.swap_remove(0),
            _ => Self::Every(parts),
        }
    }

    pub(super) fn any(mut parts: Vec<Self>) -> Self {
        if parts.contains(&Self::All) {
            return Self::All;
        }
        parts.retain(|part| *part != Self::Nothing);
        match parts.len() {
            0 => Self::Nothing,
            1 => parts.swap_remove(0),
            _ => Self::Any(parts),
        }
    }
}
