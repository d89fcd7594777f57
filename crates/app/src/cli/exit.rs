//! Exit codes; part of the contract with scripts.

use std::process::ExitCode;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All is well.
    Success = 0,
    /// The work could not be done.
    Failed = 1,
    /// The command makes no sense as typed.
    Usage = 2,
    /// The work was done, but some rows could not be taken.
    RowsFailed = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
