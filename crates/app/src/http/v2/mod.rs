//! Auth0's own paths, and nothing else.

pub(super) mod connections;
pub(super) mod jobs;
pub(super) mod paging;
pub(super) mod users;
mod users_by_email;
