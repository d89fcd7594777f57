//! The API.

mod connections;
mod edits;
mod exports;
mod imports;
mod limits;
mod management;
mod oauth;
mod scrub;
mod server;
mod support;
mod users;
