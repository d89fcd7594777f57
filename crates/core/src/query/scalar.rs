//! Single values, their order, and intervals of it.

use std::cmp::Ordering;
use std::ops::Bound;

/// A value as a test or an index sees it.
///
/// Order: Bool < Number < Text; `false` < `true`; numbers by value (-0 is 0); texts by their bytes, which is the order of
/// their code points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    Bool(bool),
    Number(f64),
    Text(&'a str),
}

impl Scalar<'_> {
    /// Returns which of two values comes first.
    pub fn order(&self, other: &Scalar<'_>) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Scalar::Bool(b)) => a.cmp(b),
            // JSON has no NaN; adding 0 makes -0 the same as 0.
            (Self::Number(a), Scalar::Number(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            (Self::Text(a), Scalar::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// Returns the value with memory of its own.
    pub fn to_owned(&self) -> OwnedScalar {
        match self {
            Self::Bool(value) => OwnedScalar::Bool(*value),
            Self::Number(value) => OwnedScalar::Number(*value),
            Self::Text(value) => OwnedScalar::Text((*value).to_owned()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Number(_) => 1,
            Self::Text(_) => 2,
        }
    }
}

/// A [`Scalar`] that borrows nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnedScalar {
    Bool(bool),
    Number(f64),
    Text(String),
}

impl OwnedScalar {
    /// Returns the value to compare with.
    pub fn as_scalar(&self) -> Scalar<'_> {
        match self {
            Self::Bool(value) => Scalar::Bool(*value),
            Self::Number(value) => Scalar::Number(*value),
            Self::Text(value) => Scalar::Text(value),
        }
    }
}

/// An interval of [`Scalar`]'s order.
#[derive(Debug, Clone, PartialEq)]
pub enum Span {
    /// All values between two bounds.
    Between(Bound<OwnedScalar>, Bound<OwnedScalar>),
    /// All texts that begin so.
    Prefix(String),
}

impl Span {
    /// Returns whether a value lies in the interval.
    pub fn contains(&self, value: Scalar<'_>) -> bool {
        match self {
            Self::Prefix(prefix) => {
                matches!(value, Scalar::Text(text) if text.starts_with(prefix.as_str()))
            }
            Self::Between(from, to) => is_between(from, to, value),
        }
    }
}

/// Returns whether a value lies between two bounds.
pub(super) fn is_between(
    from: &Bound<OwnedScalar>,
    to: &Bound<OwnedScalar>,
    value: Scalar<'_>,
) -> bool {
    let order = |bound: &OwnedScalar| value.order(&bound.as_scalar());
    let is_after = match from {
        Bound::Unbounded => true,
        Bound::Included(bound) => order(bound) != Ordering::Less,
        Bound::Excluded(bound) => order(bound) == Ordering::Greater,
    };
    is_after
        && match to {
            Bound::Unbounded => true,
            Bound::Included(bound) => order(bound) != Ordering::Greater,
            Bound::Excluded(bound) => order(bound) == Ordering::Less,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_one_order() {
        let ordered = [
            Scalar::Bool(false),
            Scalar::Bool(true),
            Scalar::Number(f64::NEG_INFINITY),
            Scalar::Number(-1.0),
            Scalar::Number(0.0),
            Scalar::Number(1e300),
            Scalar::Text(""),
            Scalar::Text("Z"),
            Scalar::Text("a"),
            Scalar::Text("\u{ffff}"),
            Scalar::Text("\u{10000}"),
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(a.order(b), i.cmp(&j), "{a:?} {b:?}");
            }
        }
        assert_eq!(
            Scalar::Number(-0.0).order(&Scalar::Number(0.0)),
            Ordering::Equal
        );
    }
}
