//! JSON as text: checked once where it enters, then read lazily where it lies.
//! A profile is kept as its own text, so that numbers, key order and unknown attributes survive unchanged,
//! and reading seven fields of a million profiles does not build a million trees.

mod check;
mod path;
mod raw;
mod text;

pub(crate) use raw::{container_end, string_end, string_stop, value_end};

pub use check::{Checked, Fault, FaultKind, MAX_DEPTH, check};
pub use path::path_at;
pub use raw::{Elements, Kind, Member, Members, RawJson};
pub use text::{canonical, push_string, unescape};
