//! Paths into a profile.
