//! A private PostgreSQL for tests: one cluster a process, in a temporary folder, reached through a socket in it.
//!
//! ```text
//! 1. initdb in a new folder; as root, everything runs as the user `postgres`, because PostgreSQL refuses root
//! 2. a shell starts the server and reads its standard input, which nobody ever writes to
//! 3. when this process ends, however it does, the pipe closes; the shell stops the server and removes the folder
//! ```
//! Nothing is flushed to the disk: the data need not survive anything.

mod programs;

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

use programs::{Programs, unprivileged};

/// A running PostgreSQL; it stops when this is dropped.
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    databases: AtomicU64,
    /// Closed at the end, which is what the shell waits for.
    _alive: ChildStdin,
}

/// How to start a [`Cluster`].
#[derive(Debug, Default)]
pub struct Options {
    /// Further settings, such as `ssl` and `on`.
    pub settings: Vec<(String, String)>,
    /// Files that the server reads from its folder by their names, such as certificates and keys.
    pub files: Vec<(String, String)>,
    /// Whether to listen on 127.0.0.1 too, at [`Cluster::port`].
    pub listen: bool,
    /// The rules of `pg_hba.conf`; by default everybody may come in.
    pub rules: Option<String>,
}

/// Stops the server and removes its folder once standard input ends.
const KEEPER: &str = r#"
"$@" > "$FOLDER/log" 2>&1 &
cat > /dev/null
kill -INT $!
wait $!
rm -rf "$FOLDER"
"#;

/// A slow machine under load takes some seconds to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Part of the socket's name, even where nobody listens at it.
const PORT: u16 = 5432;

/// The name of the user who may do everything.
const USER: &str = "purser";

impl Cluster {
    /// Returns the cluster that the tests of this process share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&Options::default()))
    }

    /// Starts a cluster and waits until it answers.
    ///
    /// # Panics
    ///
    /// If PostgreSQL is not installed or does not start: a test that needs it must not pass without.
    pub fn start(options: &Options) -> Self {
        let programs = Programs::find();
        let folder = tempfile::Builder::new()
            .prefix("purser-db-")
            .tempdir()
            .expect("a temporary folder can be made")
            .keep();
        init(&programs, &folder, options);
        let port = if options.listen { free_port() } else { PORT };
        let mut keeper = keep(&programs, &folder, port, options);
        let cluster = Self {
            folder,
            port,
            databases: AtomicU64::new(0),
            _alive: keeper.stdin.take().expect("standard input is a pipe"),
        };
        cluster.wait(&mut keeper);
        cluster
    }

    /// Makes an empty database and returns its URL.
    pub fn database(&self) -> String {
        let name = self.next("db");
        self.client()
            .and_then(|mut client| client.batch_execute(&format!("CREATE DATABASE {name}")))
            .expect("a database can be made");
        self.url(&name)
    }

    /// Returns the URL of an empty store in a database that all tests share: a schema of its own is made faster than a
    /// database.
    pub fn schema(&self) -> String {
        format!("{}&schema={}", self.url("postgres"), self.next("s"))
    }

    /// Returns the folder that holds the socket and the files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns where the server listens on 127.0.0.1, if it was asked to.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn next(&self, prefix: &str) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        format!("{prefix}{number}")
    }

    fn url(&self, database: &str) -> String {
        format!(
            "postgres://{USER}@/{database}?host={}&port={}",
            self.folder.display(),
            self.port
        )
    }

    fn client(&self) -> Result<Client, postgres::Error> {
        Client::configure()
            .user(USER)
            .dbname("postgres")
            .host_path(&self.folder)
            .port(self.port)
            .connect(NoTls)
    }

    fn wait(&self, keeper: &mut Child) {
        let started = Instant::now();
        while let Err(error) = self.client() {
            let has_ended = keeper.try_wait().is_ok_and(|status| status.is_some());
            if has_ended || started.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                panic!("PostgreSQL does not start: {error}\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Returns the URL of the store for a test whose files are in `home`: by default the file `name` there, with
/// `PURSER_TEST_STORE=postgres` a schema of its own in PostgreSQL, the same one as long as `home` lives.
pub fn store_of(home: &Path, name: &str) -> String {
    match std::env::var("PURSER_TEST_STORE").as_deref() {
        Err(_) | Ok("sqlite") => return home.join(name).display().to_string(),
        Ok("postgres") => {}
        Ok(other) => panic!("PURSER_TEST_STORE is sqlite or postgres, not {other}"),
    }
    let note = home.join(format!("{name}.url"));
    std::fs::read_to_string(&note).unwrap_or_else(|_| {
        let url = Cluster::shared().schema();
        std::fs::write(&note, &url).expect("a file can be written");
        url
    })
}

fn init(programs: &Programs, folder: &Path, options: &Options) {
    for (name, content) in &options.files {
        std::fs::write(folder.join(name), content).expect("a file can be written");
    }
    programs::give_to_server(folder, &options.files);
    let output = unprivileged(&programs.initdb)
        .arg("--pgdata")
        .arg(folder.join("data"))
        .args(["--username", USER, "--auth", "trust", "--no-sync"])
        .args(["--encoding", "UTF8", "--no-locale"])
        .current_dir(folder)
        .output()
        .expect("initdb can be run");
    assert!(
        output.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Returns a port of 127.0.0.1 that nobody listens at.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

fn keep(programs: &Programs, folder: &Path, port: u16, options: &Options) -> Child {
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let folder_text = folder.display().to_string();
    let mut settings = vec![
        own("unix_socket_directories", &folder_text),
        own("fsync", "off"),
        own("full_page_writes", "off"),
        own("wal_level", "minimal"),
        own("max_wal_senders", "0"),
        own("max_connections", "200"),
    ];
    settings.push(own("port", &port.to_string()));
    let addresses = if options.listen { "127.0.0.1" } else { "" };
    settings.push(own("listen_addresses", addresses));
    settings.extend(options.settings.iter().cloned());
    let mut command = unprivileged(Path::new("sh"));
    command
        .args(["-c", KEEPER, "keeper"])
        .arg(&programs.postgres);
    command.arg("-D").arg(folder.join("data"));
    if let Some(rules) = &options.rules {
        let file = folder.join("rules");
        std::fs::write(&file, rules).expect("a file can be written");
        settings.push(own("hba_file", &file.display().to_string()));
    }
    for (name, value) in settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    // In a group of its own it survives the Ctrl-C that ends the tests, and cleans up.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
        .env("FOLDER", folder)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell can be started")
}

/// Returns whether a command succeeds; its output is thrown away.
fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_empty_and_apart() {
        let urls = [0, 1].map(|_| Cluster::shared().database());
        for url in &urls {
            let mut client = Client::connect(url, NoTls).unwrap();
            client.batch_execute("CREATE TABLE t (n bigint)").unwrap();
        }
    }

    /// What a panic or a kill leaves behind is the closed pipe.
    #[test]
    fn a_dropped_cluster_leaves_nothing() {
        let cluster = Cluster::start(&Options::default());
        let folder = cluster.folder().to_owned();
        let url = cluster.database();
        drop(cluster);
        let started = Instant::now();
        while folder.exists() {
            assert!(
                started.elapsed() < PATIENCE,
                "{} is still there",
                folder.display()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(Client::connect(&url, NoTls).is_err());
    }
}
