//! The engine over a real SQLite file.

mod broken;
mod export;
mod import;
mod jobs;
mod support;
