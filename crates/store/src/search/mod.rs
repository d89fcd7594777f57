//! Searching: which users match a query, counted, paged, sorted, or handed on one by one.
//!
//! ```text
//! 1. keys       a query that only users with certain ids, addresses, usernames or phone numbers can match: look them up
//! 2. indexes    segment by segment: who matches for certain, and who may (core/index)
//! 3. profiles   of those who may match, the profile decides
//! ```
//! Every step is exact, so an answer never depends on which indexes there are. A segment without indexes (new users, many
//! changes) is read as a whole; users changed since their segment was indexed are read one by one. Both databases store
//! the same blocks and answer by the same code; SQL finds rows by number alone.

mod attributes;
mod blocks;
mod build;
mod changes;
mod filter;
mod indexes;
mod keyed;
mod next;
mod page;
mod paths;
mod profiles;
mod reader;
mod resolve;
mod sort;
mod states;

#[cfg(test)]
mod tests;

pub use attributes::Index;
pub use build::BuildStep;
pub use filter::Filter;
pub use page::{SearchRequest, SearchResult};
pub use sort::{Keys, SortKey};
pub use states::{IndexState, IndexStates};

pub(crate) use changes::{note_change, note_changes, note_new};
pub(crate) use next::{Matching, each_next};
