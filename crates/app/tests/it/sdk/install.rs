//! Installs the SDKs into `target/sdk-tests/`, once for each state of the lock files.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What a machine without the tools is told.
const NEEDS_NODE: &str = "the tests with Auth0's SDKs need Node.js 20 or newer with npm; \
                          on Debian and Ubuntu: apt-get install nodejs npm";
const NEEDS_PYTHON: &str = "the tests with Auth0's SDKs need Python 3 with venv and pip; \
                            on Debian and Ubuntu: apt-get install python3-venv";
const NODE_MAJOR: u32 = 20;

/// Returns a path in the folder whose `node_modules` has the SDKs for Node.js, as `createRequire` wants it.
pub(super) fn node_modules() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        check_node();
        once("npm", &["package.json", "package-lock.json"], |folder| {
            for file in ["package.json", "package-lock.json"] {
                fs::copy(super::folder().join(file), folder.join(file)).unwrap();
            }
            let mut npm = Command::new("npm");
            npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(folder);
            succeed(npm, NEEDS_NODE);
        })
    });
    folder.join("package.json")
}

/// Returns a virtual environment with the SDKs for Python.
pub(super) fn venv() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let install = |folder: &Path| {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(folder);
        succeed(venv, NEEDS_PYTHON);
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ])
        .arg(super::folder().join("requirements.txt"));
        succeed(pip, NEEDS_PYTHON);
    };
    FOLDER
        .get_or_init(|| once("python", &["requirements.txt"], install))
        .clone()
}

fn check_node() {
    let mut node = Command::new("node");
    node.arg("--version");
    let version = succeed(node, NEEDS_NODE);
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|n| n.parse().ok());
    assert!(
        major.is_some_and(|major: u32| major >= NODE_MAJOR),
        "{NEEDS_NODE}; this is {version}"
    );
}

/// Fills a folder that is named after what the files contain, unless an earlier run has done it.
///
/// It is filled under another name and renamed when complete: a run that was killed leaves nothing that looks ready.
fn once(name: &str, files: &[&str], fill: impl FnOnce(&Path)) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(super::folder().join(file))
            .unwrap()
            .hash(&mut hasher);
    }
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("sdk-tests");
    let folder = all.join(format!("{name}-{:016x}", hasher.finish()));
    if !folder.exists() {
        let filling = all.join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&filling);
        fs::create_dir_all(&filling).unwrap();
        fill(&filling);
        // Another run may have been faster.
        if fs::rename(&filling, &folder).is_err() {
            assert!(folder.exists(), "could not make {}", folder.display());
            fs::remove_dir_all(&filling).unwrap();
        }
    }
    folder
}

/// Runs a command and returns what it printed; if it fails, says what the machine needs.
fn succeed(mut command: Command, needs: &str) -> String {
    match command.output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
        Ok(output) => panic!(
            "{needs}\n{command:?} failed: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => panic!("{needs}\n{command:?}: {error}"),
    }
}
