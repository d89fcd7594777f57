//! Projects profiles onto columns.
