//! A server of its own for each test, its clients, and answers in a form that can be compared.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

pub(super) use super::scrub::scrubbed;

/// What most tests may do.
pub(super) const ALL_SCOPES: &str = "read:users create:users update:users delete:users read:connections \
                                     create:connections update:connections delete:connections";
/// Ends the parts of multipart bodies.
const BOUNDARY: &str = "test-boundary";

/// A running server over a store in a folder of its own.
pub(super) struct Server {
    home: TempDir,
    process: Child,
    agent: Agent,
    token: String,
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(super) base: String,
    /// The id and the secret of a client with all scopes.
    pub(super) client: (String, String),
}

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
}

impl Server {
    /// Starts a server with flags.
    pub(super) fn start(flags: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        let client = new_client(home.path(), ALL_SCOPES);
        let (process, base) = serve(home.path(), flags);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true);
        let agent: Agent = agent.build().into();
        let mut server = Self {
            home,
            process,
            agent,
            token: String::new(),
            base,
            client,
        };
        if server.base.starts_with("http:") {
            server.token = server.token(ALL_SCOPES);
        }
        server
    }

    /// Returns a token with these scopes alone.
    pub(super) fn token(&self, scopes: &str) -> String {
        let (id, secret) = &self.client;
        let body = json!({
            "grant_type": "client_credentials",
            "client_id": id,
            "client_secret": secret,
            "audience": self.audience(),
            "scope": scopes,
        });
        let answer = self.send(
            "POST",
            "/oauth/token",
            &[("Content-Type", "application/json")],
            body.to_string(),
        );
        answer.json()["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{}", answer.text()))
            .to_owned()
    }

    /// Returns the audience of tokens for this server.
    pub(super) fn audience(&self) -> String {
        format!("{}/api/v2/", self.base)
    }

    /// Returns the folder that the server's store lies in.
    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns the files in a folder of the store, at any depth.
    pub(super) fn files(&self, folder: &str) -> Vec<PathBuf> {
        fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, files);
                } else {
                    files.push(path);
                }
            }
        }
        let mut files = vec![];
        walk(&self.home().join("store.db-files").join(folder), &mut files);
        files
    }

    /// Runs a command beside the server, on the same store; returns what it printed.
    pub(super) fn cli(&self, args: &[&str]) -> Value {
        let output = command(self.home())
            .arg("--json")
            .args(args)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    /// Returns the id of the connection that a new store has.
    pub(super) fn default_connection(&self) -> String {
        self.cli(&["connections", "list"])[0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Makes a connection and returns its id.
    pub(super) fn new_connection(&self, name: &str, flags: &[&str]) -> String {
        let made = self.cli(&[&["connections", "create", name], flags].concat());
        made["id"].as_str().unwrap().to_owned()
    }

    /// Gets a path with the token of all scopes.
    pub(super) fn get(&self, path: &str) -> Answer {
        self.authorized("GET", path, &[], "")
    }

    /// Posts JSON with the token of all scopes.
    pub(super) fn post(&self, path: &str, body: &str) -> Answer {
        self.authorized("POST", path, &[("Content-Type", "application/json")], body)
    }

    /// Sends a request with the token of all scopes.
    pub(super) fn authorized(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [&[("Authorization", bearer.as_str())], headers].concat();
        self.send(method, path, &headers, body)
    }

    /// Sends a request; `path` may be a whole address.
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let uri = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let request = headers.iter().fold(
            Request::builder().method(method).uri(uri),
            |request, (name, value)| request.header(*name, *value),
        );
        let body: Vec<u8> = body.into();
        let response = if body.is_empty() {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body).unwrap())
        };
        let mut response = response.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response
                .body_mut()
                .with_config()
                .limit(1 << 30)
                .read_to_vec()
                .unwrap(),
        }
    }

    /// Uploads a file; the parts besides `users` go before it.
    pub(super) fn import(&self, users: &str, parts: &[(&str, &str)]) -> Answer {
        self.upload(&multipart(&[parts, &[("users", users)]].concat()))
    }

    /// Sends a multipart body.
    pub(super) fn upload(&self, body: &str) -> Answer {
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        self.authorized(
            "POST",
            "/api/v2/jobs/users-imports",
            &[("Content-Type", &content_type)],
            body,
        )
    }

    /// Imports a file into a connection to the end; returns the job.
    pub(super) fn imported(&self, users: &str, parts: &[(&str, &str)]) -> Value {
        let answer = self.import(users, parts);
        assert_eq!(answer.status, 202, "{}", answer.text());
        self.ended(&answer.json())
    }

    /// Waits until a job has ended and returns it as it is then.
    pub(super) fn ended(&self, job: &Value) -> Value {
        let started = Instant::now();
        loop {
            let job = self.get(&format!("/api/v2/jobs/{}", id_of(job))).json();
            if !["pending", "processing"].contains(&job["status"].as_str().unwrap_or_default()) {
                return job;
            }
            assert!(started.elapsed() < Duration::from_secs(30), "{job}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks the server to stop and returns whether it ended well.
    #[cfg(unix)]
    pub(super) fn stop(&mut self) -> bool {
        let pid = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.process.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the id of a job.
pub(super) fn id_of(job: &Value) -> &str {
    job["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no job: {job}"))
}

/// Returns a multipart body with these parts; `users` is a file.
pub(super) fn multipart(parts: &[(&str, &str)]) -> String {
    let part = |(name, text): &(&str, &str)| {
        let file = if *name == "users" {
            "; filename=\"users.json\"\r\nContent-Type: application/json"
        } else {
            ""
        };
        format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n"
        )
    };
    let parts: String = parts.iter().map(part).collect();
    format!("{parts}--{BOUNDARY}--\r\n")
}

impl Answer {
    /// Returns the body as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Returns the body as JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text()))
    }

    /// Returns a header's value, empty if it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Returns status and body, without what differs between runs.
    pub(super) fn shown(&self) -> String {
        scrubbed(format!("{} {}", self.status, self.text()).trim_end())
    }

    /// Returns the same with some headers in between.
    pub(super) fn shown_with(&self, headers: &[&str]) -> String {
        let value = |name| {
            if self.headers.contains_key(name) {
                self.header(name)
            } else {
                "(none)"
            }
        };
        let headers: String = headers
            .iter()
            .map(|name| format!("{name}: {}\n", value(*name)))
            .collect();
        scrubbed(format!("{}\n{headers}{}", self.status, self.text()).trim_end())
    }
}

fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_purser"));
    command
        .env_clear()
        .current_dir(home)
        .arg("--store")
        .arg(purser_testdb::store_of(home, "store.db"))
        .arg("--files")
        .arg(home.join("store.db-files"));
    command
}

/// Makes a client and returns its id and secret.
fn new_client(home: &Path, scopes: &str) -> (String, String) {
    let mut command = command(home);
    let output = command
        .args([
            "--json", "clients", "create", "--name", "test", "--scope", scopes,
        ])
        .output()
        .unwrap();
    let client: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let text = |name: &str| client[name].as_str().unwrap().to_owned();
    (text("client_id"), text("client_secret"))
}

/// Starts the server on a free port; the log tells which.
#[expect(
    clippy::zombie_processes,
    reason = "whoever gets the process waits for it"
)]
fn serve(home: &Path, flags: &[&str]) -> (Child, String) {
    let mut command = command(home);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
        .args(flags);
    let mut process = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap());
    let mut lines = String::new();
    loop {
        let start = lines.len();
        assert!(
            log.read_line(&mut lines).unwrap() > 0,
            "the server ended: {lines}"
        );
        if let Some((_, rest)) = lines[start..].split_once("listening on ") {
            let base = rest.split('"').next().unwrap().to_owned();
            // A server whose log nobody reads stops once the pipe is full.
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return (process, base);
        }
    }
}
