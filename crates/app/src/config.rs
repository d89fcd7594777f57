//! What is meant, out of what was typed: flags over environment over defaults. Flags and environment arrive through
//! clap, each variable beside its flag; this file knows the defaults and the platform's folders.

use std::path::PathBuf;

use purser_store::StoreUrl;

use crate::cli::failure::Failure;
use crate::cli::globals::GlobalArgs;

/// What every command needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where the users are kept.
    pub(crate) store: StoreUrl,
    /// The folder for uploads and artifacts, if not the usual one.
    pub(crate) files: Option<PathBuf>,
    /// The name that a store gets when it is made.
    pub(crate) tenant: String,
    /// Whether to hold Auth0's limits and refuse what Auth0 would refuse.
    pub(crate) auth0_limits: bool,
}

impl Settings {
    /// Resolves what was typed.
    pub(crate) fn resolve(args: &GlobalArgs) -> Result<Self, Failure> {
        let store = match &args.store {
            Some(url) => StoreUrl::parse(url).map_err(|error| {
                Failure::usage(error.to_string())
                    .hinted("for example `--store sqlite:/var/lib/purser/purser.db` or `--store postgres://purser@localhost/users`")
            })?,
            None => StoreUrl::Sqlite(data_folder()?.join("purser.db")),
        };
        Ok(Self {
            store,
            files: args.files.clone(),
            tenant: args.tenant.clone(),
            auth0_limits: args.auth0_limits,
        })
    }
}

/// Returns `$XDG_DATA_HOME/purser`, or `~/.local/share/purser`.
fn data_folder() -> Result<PathBuf, Failure> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    // The XDG specification says that relative paths are to be ignored.
    let data = folder("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let home = || folder("HOME").filter(|path| path.is_absolute());
    let local = data.or_else(|| home().map(|home| home.join(".local/share")));
    local.map(|folder| folder.join("purser")).ok_or_else(|| {
        Failure::usage("there is no home folder to keep the store in")
            .hinted("name a place with `--store PATH` or `PURSER_STORE`")
    })
}
