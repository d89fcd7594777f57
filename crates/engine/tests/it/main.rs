//! The engine over a real SQLite file.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared shall fail"
)]

mod broken;
mod edit;
mod export;
mod import;
mod index;
mod jobs;
mod support;
