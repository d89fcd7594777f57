//! Where an import's bytes come from.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::EngineError;

/// The bytes of an import.
pub struct Input {
    pub(crate) source: Box<dyn Read + Send>,
    /// The file, if it is one: an interrupted import can go on.
    pub(crate) path: Option<PathBuf>,
    /// Its size, if known.
    pub(crate) size: Option<u64>,
}

impl Input {
    pub fn file(path: &Path) -> Result<Self, EngineError> {
        let read = |source| EngineError::Read { path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(read)?;
        let size = file.metadata().map_err(read)?.is_file().then(|| file.metadata().map(|m| m.len()));
        let absolute = std::path::absolute(path).map_err(read)?;
        Ok(Self {
            source: Box::new(file),
            path: Some(absolute),
            size: size.transpose().map_err(read)?,
        })
    }

    /// Takes a stream that can be read once, such as standard input.
    pub fn stream(source: impl Read + Send + 'static) -> Self {
        Self { source: Box::new(source), path: None, size: None }
    }
}
