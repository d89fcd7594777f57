//! Wire shapes of the Management API v2 that more than one face needs, and the rules of its requests.

mod check;
mod check_text;
mod connection;
mod fields;
mod job;
mod object;
mod schema;
mod user;

pub use check::wrong_type;
pub use connection::{
    ClientChange, ConnectionDraft, ConnectionFilter, ConnectionPatch, Shown, client_changes,
    connection_body, default_options,
};
pub use fields::{Selection, select_fields};
pub use job::{Detail, job_body};
pub(crate) use object::{ObjectText, quoted};
pub(crate) use schema::check_body;
pub use schema::{INVALID_JSON, Property, Rule, Schema, Telling, violation};
pub use user::{UserDraft, UserPatch};

/// Why a request that is well-formed cannot be done: 400 with this sentence and code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub message: String,
    pub code: &'static str,
}

impl Refusal {
    pub fn new(message: impl Into<String>, code: &'static str) -> Self {
        Self {
            message: message.into(),
            code,
        }
    }

    /// The body breaks its schema, or a sentence about it.
    pub fn body(message: impl Into<String>) -> Self {
        Self::new(message, "invalid_body")
    }
}
