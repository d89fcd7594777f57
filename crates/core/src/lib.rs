//! Purser's rules: what a row may contain, what becomes of it, how a field is projected, how formats are read and written.
//! Pure functions: no clock, no randomness, no database, no files. Everything here can be tested in microseconds.

pub mod api;
pub mod clock;
pub mod connection;
pub mod edit;
pub mod field;
pub mod format;
pub mod id;
pub mod import;
pub mod index;
pub mod job;
pub mod json;
pub mod limits;
pub mod packed;
pub mod password;
pub mod query;
pub mod row;
pub mod secret;
pub mod user;
