//! Where a store on PostgreSQL is: `postgres://user:password@host:port/database?name=value…`.
//!
//! ```text
//! schema        where the tables are, `purser` by default
//! sslmode       disable, prefer (the default), require, verify-ca, verify-full
//! sslrootcert   a file with the certificates to trust, instead of those that browsers trust
//! host, port, connect_timeout, application_name, … as libpq knows them
//! ```

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use postgres::Config;
use postgres::config::{Host, SslMode};

use crate::error::StoreError;

const SCHEMA: &str = "purser";
/// A host that does not answer is not waited for longer, unless the URL says so.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection is asked for a sign of life after this much silence, so that a lost server is noticed.
const KEEPALIVES_IDLE: Duration = Duration::from_secs(60);

/// Where a store on PostgreSQL is. It is shown without its password.
#[derive(Clone)]
pub struct PostgresUrl {
    /// As it was given.
    text: String,
    pub(super) config: Config,
    pub(super) schema: String,
    pub(super) tls: Tls,
}

/// How far the server's certificate is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tls {
    pub(super) check: Check,
    /// The certificates to trust.
    pub(super) roots: Option<PathBuf>,
}

/// What is checked of the server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Nothing,
    /// That somebody whom we trust signed it.
    Signature,
    /// And that it is this host's.
    Host,
}

impl PostgresUrl {
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let (address, parameters) = text.split_once('?').unwrap_or((text, ""));
        let mut schema = SCHEMA.to_owned();
        let (mut mode, mut roots) = ("prefer".to_owned(), None);
        let mut others = String::new();
        for parameter in parameters.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                "schema" => schema = decoded(value)?,
                "sslmode" => mode = decoded(value)?,
                "sslrootcert" => roots = Some(PathBuf::from(decoded(value)?)),
                // It may be the rest of a password, so it is not repeated.
                _ if !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {
                    return Err(bad(
                        "a parameter has no name; in a password `?` is written `%3F`, `@` is written `%40`",
                    ));
                }
                _ => {
                    others.push(if others.is_empty() { '?' } else { '&' });
                    others += parameter;
                }
            }
        }
        if schema.is_empty() {
            return Err(bad("a schema needs a name"));
        }
        // The driver's messages name parameters, never their values.
        let config: Config = format!("{address}{others}")
            .parse()
            .map_err(|error| bad(with_causes(&error)))?;
        Ok(Self {
            text: text.to_owned(),
            schema,
            tls: Tls {
                check: check(&mode, roots.is_some())?,
                roots,
            },
            config: completed(config, &mode),
        })
    }

    /// Returns the schema as a statement names it.
    pub(super) fn quoted_schema(&self) -> String {
        format!("\"{}\"", self.schema.replace('"', "\"\""))
    }
}

/// As with libpq, `require` checks the signature if it is told whom to trust.
fn check(mode: &str, has_roots: bool) -> Result<Check, StoreError> {
    Ok(match mode {
        "disable" | "prefer" => Check::Nothing,
        "require" if !has_roots => Check::Nothing,
        "require" | "verify-ca" => Check::Signature,
        "verify-full" => Check::Host,
        _ => {
            return Err(bad(
                "`sslmode` is disable, prefer, require, verify-ca or verify-full",
            ));
        }
    })
}

/// Adds what the URL left open.
fn completed(mut config: Config, mode: &str) -> Config {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        // Debian's socket, or else what every system has.
        let socket = PathBuf::from("/var/run/postgresql");
        if socket.is_dir() {
            config.host_path(socket);
        } else {
            config.host("localhost");
        }
    }
    let is_local = |host: &Host| matches!(host, Host::Unix(_));
    config.ssl_mode(match mode {
        "disable" => SslMode::Disable,
        // Nobody listens between two ends of a socket.
        _ if !config.get_hosts().is_empty() && config.get_hosts().iter().all(is_local) => {
            SslMode::Disable
        }
        "prefer" => SslMode::Prefer,
        _ => SslMode::Require,
    });
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("purser");
    }
    config.keepalives_idle(config.get_keepalives_idle().min(KEEPALIVES_IDLE));
    config.notice_callback(|_| {});
    config
}

fn bad(what: impl Into<String>) -> StoreError {
    StoreError::PostgresUrl(what.into())
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// Takes `%20` and the like apart.
fn decoded(value: &str) -> Result<String, StoreError> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let digits = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).map_err(|_| bad("a parameter is not UTF-8"))
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        let ports = self.config.get_ports();
        let (mut hosts, mut sockets) = (vec![], vec![]);
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            // One port may stand for all hosts.
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(host) => hosts.push(format!("{host}:{port}")),
                Host::Unix(path) => sockets.push(path.display().to_string()),
            }
        }
        let addresses = self.config.get_hostaddrs().iter();
        if hosts.is_empty() && sockets.is_empty() {
            hosts.extend(addresses.map(ToString::to_string));
        }
        let database = self.config.get_dbname().unwrap_or_default();
        write!(f, "{}/{database}", hosts.join(","))?;
        let mut parameters = vec![];
        if !sockets.is_empty() {
            parameters.push(format!("host={}", sockets.join(",")));
        }
        if self.schema != SCHEMA {
            parameters.push(format!("schema={}", self.schema));
        }
        if !parameters.is_empty() {
            write!(f, "?{}", parameters.join("&"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl PartialEq for PostgresUrl {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PostgresUrl {}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        PostgresUrl::parse(text)
            .unwrap_or_else(|error| panic!("{text}: {error}"))
            .to_string()
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (given, expected) in [
            (
                "postgres://ada:s3cret@db.example:6000/users",
                "postgres://ada@db.example:6000/users",
            ),
            (
                "postgresql://db.example/users?user=ada&password=s3cret&schema=own",
                "postgres://ada@db.example:5432/users?schema=own",
            ),
            (
                "postgres:///users?host=/run/pg&sslmode=verify-full",
                "postgres:///users?host=/run/pg",
            ),
            (
                "postgres://ada:s3cret@%2Frun%2Fpg/users",
                "postgres://ada@/users?host=/run/pg",
            ),
        ] {
            assert_eq!(shown(given), expected);
            let url = PostgresUrl::parse(given).unwrap();
            assert!(!format!("{url:?}").contains("s3cret"));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (given, expected) in [
            ("sslmode=maybe", "`sslmode` is disable"),
            ("schema=", "a schema needs a name"),
            ("nonsense=1", "nonsense"),
            ("port=x", "port"),
            ("s3cret@h/d", "a parameter has no name"),
        ] {
            let error = PostgresUrl::parse(&format!("postgres://ada:s3cret@h/d?{given}"));
            let error = error.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn modes_say_what_is_checked() {
        for (given, mode, check) in [
            ("", SslMode::Prefer, Check::Nothing),
            ("sslmode=disable", SslMode::Disable, Check::Nothing),
            ("sslmode=require", SslMode::Require, Check::Nothing),
            (
                "sslmode=require&sslrootcert=/ca%20file",
                SslMode::Require,
                Check::Signature,
            ),
            ("sslmode=verify-full", SslMode::Require, Check::Host),
        ] {
            let url = PostgresUrl::parse(&format!("postgres://ada@h/d?{given}")).unwrap();
            assert_eq!((url.config.get_ssl_mode(), url.tls.check), (mode, check));
            if given.contains("sslrootcert") {
                assert_eq!(url.tls.roots.as_deref(), Some("/ca file".as_ref()));
            }
        }
    }
}
