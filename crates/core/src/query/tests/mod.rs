//! The room as a whole.

mod errors;
mod hostile;
mod naive;
mod printing;
mod recorded;
