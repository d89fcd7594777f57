//! Projects profiles onto columns: one pass over the root of a profile, whatever the number of columns.

use super::{Field, PathError};
use crate::json::RawJson;

/// Finds the values of several fields at once.
#[derive(Debug, Clone)]
pub struct Projector {}

impl Projector {
    /// Prepares the fields.
    pub fn new(fields: &[Field]) -> Result<Self, PathError> {
        todo!()
    }

    /// Puts the value of every field into `cells`, in the order of the fields; `None` where there is none.
    pub fn project<'a>(&mut self, profile: RawJson<'a>, cells: &mut Vec<Option<RawJson<'a>>>) {
        todo!()
    }
}
