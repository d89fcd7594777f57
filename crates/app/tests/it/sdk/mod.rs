//! Auth0's own SDKs, unmodified, against the real binary over TLS: import, poll, read errors, export, download.
//!
//! Each test starts a server on a store of its own and runs a script with one SDK; the scripts are beside this file. The
//! SDKs come from the lock files here, through npm and pip, once, into `target/sdk-tests/`.

mod install;
mod server;

use std::path::Path;
use std::process::Command;

use self::server::Server;

#[test]
fn npm_auth0_4() {
    node("node4.mjs", "auth0-4");
}

#[test]
fn npm_auth0_5() {
    node("node5.mjs", "auth0-5");
}

#[test]
fn npm_auth0_7() {
    node("node5.mjs", "auth0-7");
}

#[test]
fn pypi_auth0_python_4() {
    let mut python = limited();
    python
        .arg(install::venv().join("bin/python"))
        .arg(folder().join("python4.py"));
    run(python);
}

/// Runs a script with an SDK for Node.js.
fn node(script: &str, package: &str) {
    let sdks = install::node_modules();
    let mut node = limited();
    node.arg("node")
        .arg(folder().join(script))
        .env("SDK_FOLDER", sdks)
        .env("SDK_PACKAGE", package);
    run(node);
}

/// Begins a command that is ended after five minutes: the scripts poll jobs until they end.
fn limited() -> Command {
    let mut command = Command::new("timeout");
    command.arg("300");
    command
}

/// Runs a script against a server of its own; it must end well, and say so.
fn run(mut script: Command) {
    let server = Server::start();
    let output = script
        .env("NODE_EXTRA_CA_CERTS", server.certificate())
        .env("REQUESTS_CA_BUNDLE", server.certificate())
        .env("PURSER_DOMAIN", server.domain())
        .env("PURSER_CLIENT_ID", &server.client_id)
        .env("PURSER_CLIENT_SECRET", &server.client_secret)
        .env("PURSER_USERS", folder().join("users.json"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success() && stdout == "ok\n",
        "{script:?}\n{stdout}{stderr}--- the server's log\n{}",
        server.log()
    );
}

/// Returns where the scripts and lock files lie.
fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sdk"))
}
