//! Where PostgreSQL's programs are, and who runs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::succeeds;

pub(crate) struct Programs {
    pub(crate) initdb: PathBuf,
    pub(crate) postgres: PathBuf,
}

impl Programs {
    /// Looks where Debian puts them, which is not on the `PATH`, then there; the newest version wins.
    pub(crate) fn find() -> Self {
        let versions = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten();
        let mut folders: Vec<(u32, PathBuf)> = versions
            .flatten()
            .filter_map(|entry| {
                let version = entry.file_name().to_str()?.parse().ok()?;
                Some((version, entry.path().join("bin")))
            })
            .collect();
        folders.sort_unstable_by(|a, b| b.cmp(a));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::split_paths(&path).collect::<Vec<_>>();
        let folders = folders.into_iter().map(|(_, folder)| folder);
        let all = |folder: PathBuf| Self {
            initdb: folder.join("initdb"),
            postgres: folder.join("postgres"),
        };
        folders
            .chain(path)
            .map(all)
            .find(|programs| programs.initdb.exists() && programs.postgres.exists())
            .expect("PostgreSQL is needed: install Debian's package `postgresql`, or put `initdb` and `postgres` on the PATH")
    }
}

/// PostgreSQL refuses to run as root, so root runs it as the user that its package made.
const SERVER: &str = "postgres";

fn is_root() -> bool {
    // The owner of a process's folder in /proc is the process's user; elsewhere nobody tests as root.
    std::fs::metadata("/proc/self")
        .is_ok_and(|folder| std::os::unix::fs::MetadataExt::uid(&folder) == 0)
}

/// Returns a command that runs a program without the rights of root.
pub(crate) fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", SERVER, "--"]).arg(program);
    command
}

/// Gives a folder and the files in it to who runs the server. A key is not accepted if others may read it.
pub(crate) fn give_to_server(folder: &Path, files: &[(String, String)]) {
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.join(name)).collect();
    let private = |command: &mut Command| succeeds(command.args(&paths));
    assert!(
        paths.is_empty() || private(Command::new("chmod").arg("600")),
        "the server's files can be made private"
    );
    if is_root() {
        let mut command = Command::new("chown");
        let given = succeeds(command.arg("-R").arg(SERVER).arg(folder));
        assert!(
            given,
            "the user `{SERVER}` is needed where tests run as root: Debian's package `postgresql` makes it"
        );
    }
}
