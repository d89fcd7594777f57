//! The API.

mod connections;
mod edits;
mod exports;
mod imports;
mod indexes;
mod limits;
mod management;
mod oauth;
mod oracle;
mod scrub;
mod search;
mod server;
mod support;
mod users;
