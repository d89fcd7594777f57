//! Auth0's own paths, and nothing else.

pub(super) mod connections;
pub(super) mod jobs;
pub(super) mod users;
