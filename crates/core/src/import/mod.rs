//! What a row may contain and what becomes of it.

pub mod codes;
