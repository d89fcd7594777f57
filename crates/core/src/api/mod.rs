//! Wire shapes of the Management API v2 that more than one face needs.

mod job;

pub use job::{Detail, job_body};
