//! Tests of the binary as its users meet it, and of what the repository says about itself: one test program.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared shall fail"
)]

mod arrows;
mod cli;
mod dependencies;
mod http;
mod readme;
mod reference;
mod sdk;
mod sources;
