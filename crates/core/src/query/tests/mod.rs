//! The room as a whole.

mod recorded;
