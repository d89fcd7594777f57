//! One test of one attribute.

use super::attribute::{Attribute, Class};
use super::scalar::{Scalar, Span};

/// A test of the values of an attribute: true of a profile if one of them is accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    pub attribute: Attribute,
    pub test: Test,
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    class: Class,
    spans: Option<Vec<Span>>,
}

impl Test {
    /// Returns whether a value, as [`super::Extractor`] gives it, is one that is looked for.
    pub fn accepts(&self, value: Scalar<'_>) -> bool {
        self.spans.iter().flatten().any(|span| span.contains(value))
    }

    /// Returns whether this is `_exists_:field`, also written `field:*`.
    pub fn is_exists(&self) -> bool {
        false
    }

    /// Returns disjoint intervals of [`Scalar`]'s order that hold exactly the accepted values; `None` if there are none
    /// such (wildcards in the middle, fuzzy terms).
    pub fn spans(&self) -> Option<&[Span]> {
        self.spans.as_deref()
    }

    /// Returns whether the values at the path alone decide. `_exists_` of metadata also asks for what lies below the path:
    /// if there is a value the test is true, if there is none the profile has to be asked.
    pub fn is_decided_by_values(&self) -> bool {
        !(self.is_exists() && self.class == Class::Metadata)
    }
}
