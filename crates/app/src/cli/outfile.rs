//! A file that appears, or is replaced, when it is complete: a failed command leaves no half of one.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::failure::Failure;

/// A file being written. Dropped without [`OutFile::finish`] it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct OutFile {
    path: PathBuf,
    target: Target,
    written: u64,
}

#[derive(Debug)]
enum Target {
    /// Written beside the file's place, then renamed.
    Beside(NamedTempFile),
    /// A device or a pipe, which a file must not replace.
    Direct(File),
}

impl OutFile {
    /// Begins a file. It can be read by its owner alone, since it holds personal data; a file that is replaced keeps
    /// its permissions.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        Self::begin(path).map_err(|error| {
            let hint = match error.kind() {
                io::ErrorKind::NotFound => Some("the folder does not exist: make it first"),
                io::ErrorKind::IsADirectory => Some("name a file in it"),
                _ => None,
            };
            let failure = Failure::from(error).while_doing(format!("could not write {shown}"));
            match hint {
                Some(hint) => failure.hinted(hint),
                None => failure,
            }
        })
    }

    fn begin(path: &Path) -> io::Result<Self> {
        // Through a symbolic link the file behind it is replaced, not the link.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let existing = path.metadata().ok();
        if existing.as_ref().is_some_and(|found| found.is_dir()) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if existing.as_ref().is_some_and(|found| !found.is_file()) {
            let target = Target::Direct(File::options().write(true).open(&path)?);
            return Ok(Self {
                path,
                target,
                written: 0,
            });
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = tempfile::Builder::new()
            .prefix(".purser-")
            .suffix(".tmp")
            .tempfile_in(folder);
        // The whole error would name a file that nobody has asked for.
        let file = file.map_err(|error| io::Error::from(error.kind()))?;
        if let Some(found) = existing {
            file.as_file().set_permissions(found.permissions())?;
        }
        Ok(Self {
            path,
            target: Target::Beside(file),
            written: 0,
        })
    }

    /// Puts the complete file in its place; returns its size.
    pub(crate) fn finish(self) -> Result<u64, Failure> {
        let Self {
            path,
            target,
            written,
        } = self;
        if let Target::Beside(file) = target {
            let doing = format!("could not write {}", path.display());
            // Not synced: the store has the users, and waiting for the disk would take a fifth of a large export.
            file.persist(&path)
                .map_err(|e| Failure::from(e.error).while_doing(doing))?;
        }
        Ok(written)
    }
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.target {
            Target::Beside(file) => file.write(bytes)?,
            Target::Direct(file) => file.write(bytes)?,
        };
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Beside(file) => file.flush(),
            Target::Direct(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        std::fs::write(&path, "old").unwrap();
        let mut file = OutFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        let mut file = OutFile::create(&path).unwrap();
        file.write_all(b"whole").unwrap();
        assert_eq!(file.finish().unwrap(), 5);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_device_is_not_replaced() {
        let mut file = OutFile::create(Path::new("/dev/null")).unwrap();
        file.write_all(b"gone").unwrap();
        file.finish().unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
    }
}
