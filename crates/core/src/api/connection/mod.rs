//! Connections over the API: how one is shown, made, changed, and which ones a list asks for.

mod list;
mod schema;
mod show;
mod write;

pub use list::ConnectionFilter;
pub use show::{Shown, connection_body};
pub use write::{ClientChange, ConnectionDraft, ConnectionPatch, client_changes, default_options};
