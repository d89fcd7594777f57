//! Attribute indexes: the values of one attribute in one segment of 16,384 consecutive users, as a block.
//!
//! ```text
//! block      = head, parts
//! parts      the distinct values, sorted, cut into pieces of about 4 KiB (entries front-coded)
//! head       the first value of every part, and for each user the codes of its values
//! code       0 = no value, n = the n-th value of the sorted ones
//! ```
//! Codes are in the order of the values, so a range or a prefix is an interval of codes: its ends are found by reading two
//! parts, its users by one pass over the codes. A pattern is tried on each distinct value once. Sorting by an attribute
//! compares codes inside a segment and values between segments.
//!
//! Blocks say what they do not know: users whose values are too long or too many ([`Head::unknown`]), so that an answer
//! is never wrong, only slower. [`evaluate`] carries that through a query as two sets: who matches, and who may.

mod bits;
mod build;
mod evaluate;
mod head;
mod part;
#[cfg(test)]
mod tests;

pub use bits::{Bits, Bounds};
pub use build::{Block, BlockBuilder};
pub use evaluate::evaluate;
pub use head::{Codes, Head};
pub use part::Part;

/// Users in a segment: those whose numbers differ in the low bits alone. Small enough that a block is rebuilt in
/// milliseconds, large enough that a million users are 61 blocks.
pub const SEGMENT_USERS: usize = 1 << SEGMENT_BITS;

/// Bits of a user's number that are its place in the segment.
pub const SEGMENT_BITS: u32 = 14;

/// Longer texts are not indexed: nobody searches for them, and a block stays small.
const MAX_TEXT: usize = 512;
/// More values of one user than this are not indexed.
const MAX_VALUES: usize = 64;

/// Returns the segment of a user's number.
pub fn segment_of(pk: i64) -> i64 {
    pk >> SEGMENT_BITS
}

/// Returns the place of a user's number in its segment.
pub fn place_of(pk: i64) -> usize {
    (pk & (SEGMENT_USERS as i64 - 1)) as usize
}

/// Returns the number of the first place of a segment.
pub fn first_of(segment: i64) -> i64 {
    segment << SEGMENT_BITS
}

/// A block that cannot be read: another version's, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an index block cannot be read")]
pub struct Unreadable;
