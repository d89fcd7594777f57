//! `purser serve --tls-self-signed` on a store of its own, with a client of the API.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Long enough for a debug build on a busy machine; the signing key is made at the first start.
const START: Duration = Duration::from_secs(120);

/// A running server; it ends when this is dropped.
pub(super) struct Server {
    home: TempDir,
    process: Child,
    port: u16,
    log: Arc<Mutex<String>>,
    pub(super) client_id: String,
    pub(super) client_secret: String,
}

impl Server {
    /// Starts a server at a free port and waits until it listens.
    pub(super) fn start() -> Self {
        let home = TempDir::new().unwrap();
        let (client_id, client_secret) = make_client(&home);
        let mut process = purser(&home)
            .args(["serve", "--tls-self-signed", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (sender, receiver) = channel();
        let stderr = process.stderr.take().unwrap();
        let kept = Arc::clone(&log);
        thread::spawn(move || keep_log(stderr, &kept, &sender));
        let port = receiver.recv_timeout(START);
        let mut server = Self {
            home,
            process,
            port: 0,
            log,
            client_id,
            client_secret,
        };
        server.port =
            port.unwrap_or_else(|_| panic!("the server does not listen:\n{}", server.log()));
        server
    }

    /// Returns what SDKs call the domain.
    pub(super) fn domain(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Returns the certificate that clients have to trust.
    pub(super) fn certificate(&self) -> PathBuf {
        self.home.path().join("purser.db-files/tls/cert.pem")
    }

    /// Returns what the server has logged.
    pub(super) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn purser(home: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_purser"));
    command
        .env_clear()
        .env("HOME", home.path())
        .env("PURSER_STORE", home.path().join("purser.db"))
        .current_dir(home.path());
    command
}

/// Makes a client of the API; returns its id and its secret.
fn make_client(home: &TempDir) -> (String, String) {
    let output = purser(home)
        .args(["clients", "create", "--json", "--name", "sdk"])
        .output()
        .unwrap();
    let client: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |name: &str| client[name].as_str().unwrap().to_owned();
    (text("client_id"), text("client_secret"))
}

/// Keeps what the server logs, and sends the port at which it listens.
fn keep_log(stderr: ChildStderr, log: &Mutex<String>, port: &Sender<u16>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if let Some((_, rest)) = line.split_once("listening on https://127.0.0.1:") {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            // Nobody waits any longer once the time for the start is over.
            let _ = port.send(digits.parse().unwrap());
        }
        let mut log = log.lock().unwrap();
        log.push_str(&line);
        log.push('\n');
    }
}
