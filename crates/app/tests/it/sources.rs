//! The repository's own files, for tests that hold what its pages promise.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the repository's folder.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().to_owned()
}

/// Returns a file of the repository.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A Rust file, with its path inside the folder that was asked for.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Returns the lines that are no comments, up to the file's tests; none of a file that is all tests.
    pub(crate) fn code(&self) -> impl Iterator<Item = &str> {
        let is_test = |part: &str| matches!(part.trim_end_matches(".rs"), "tests" | "testing");
        let of_tests = self.path.split('/').any(is_test);
        let lines = self.text.lines().take_while(move |_| !of_tests);
        lines
            .take_while(|line| line.trim() != "#[cfg(test)]")
            .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
    }

    /// Returns the first part of the path, which for the sources of a crate is the module.
    pub(crate) fn module(&self) -> &str {
        self.path
            .split('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".rs")
    }
}

/// Returns every Rust file in a folder of the repository, in the order of their paths.
pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let folder = root().join(folder);
    let mut found = Vec::new();
    let mut left = vec![folder.clone()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&folder).unwrap().to_str().unwrap();
                found.push(Source {
                    path: inside.to_owned(),
                    text: fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}
