//! The store's connections to PostgreSQL: opened, lent to one thread, given back.

use std::hash::Hasher;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use siphasher::sip::SipHasher13;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::connector;
use super::{PostgresUrl, Session};
use crate::db::Db;
use crate::error::{PostgresError, StoreError};

/// More than this many idle connections are closed; each is a process of the server.
const IDLE: usize = 8;

/// A store on PostgreSQL.
pub(crate) struct PostgresServer {
    url: PostgresUrl,
    tls: MakeRustlsConnect,
    /// The number of the lock that whoever writes holds.
    lock: i64,
    idle: Arc<Idle>,
}

/// Connections that nobody uses.
#[derive(Default)]
struct Idle(Mutex<Vec<Session>>);

/// Closing a connection runs the driver, which must not happen inside the server's asynchronous code, where the last
/// clone of a store may be dropped.
impl Drop for Idle {
    fn drop(&mut self) {
        let sessions = std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !sessions.is_empty() {
            // It cannot panic, and there is nothing to do if it did.
            let _ = std::thread::spawn(move || drop(sessions)).join();
        }
    }
}

/// What a transaction may do.
#[derive(Clone, Copy)]
enum Begin {
    Read,
    Write { durable: bool },
}

impl PostgresServer {
    /// Connects to nothing yet.
    pub(crate) fn new(url: PostgresUrl) -> Result<Self, StoreError> {
        let mut hasher = SipHasher13::new_with_keys(0, 0);
        hasher.write(b"purser store ");
        hasher.write(url.schema.as_bytes());
        Ok(Self {
            lock: hasher.finish().cast_signed(),
            tls: connector(&url.tls)?,
            url,
            idle: Arc::default(),
        })
    }

    pub(crate) fn schema(&self) -> &str {
        &self.url.schema
    }

    pub(crate) fn quoted_schema(&self) -> String {
        self.url.quoted_schema()
    }

    /// Runs `work` in one read transaction, which sees one moment.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut session = self.begin(doing, Begin::Read)?;
        let result = work(&Db::Postgres(&session))?;
        session.end(doing)?;
        Ok(result)
    }

    /// Runs `work` in one write transaction; `durable` waits until the disk has it. One transaction writes at a time,
    /// in all processes: the next one's statements see what this one wrote.
    pub(crate) fn write<T>(
        &self,
        durable: bool,
        doing: &'static str,
        work: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut session = self.begin(doing, Begin::Write { durable })?;
        let result = work(&Db::Postgres(&session))?;
        session.end(doing)?;
        Ok(result)
    }

    /// Opens `count` read transactions that see the same moment.
    pub(crate) fn snapshot(&self, count: usize) -> Result<Vec<Lent>, StoreError> {
        let doing = "opening a snapshot";
        let first = self.begin(doing, Begin::Read)?;
        let mut name = None;
        if count > 1 {
            let export = "SELECT pg_export_snapshot()";
            name = Db::Postgres(&first).row(doing, export, &[], |row| row.string(0))?;
        }
        let mut readers = vec![first];
        for _ in 1..count {
            let reader = self.begin(doing, Begin::Read)?;
            let name = name.as_deref().unwrap_or_default();
            reader.batch(doing, &format!("SET TRANSACTION SNAPSHOT '{name}'"))?;
            readers.push(reader);
        }
        Ok(readers)
    }

    /// Begins a transaction on an idle connection. One that broke while it was idle shows here, before anything was
    /// done, and is replaced.
    fn begin(&self, doing: &'static str, begin: Begin) -> Result<Lent, StoreError> {
        let sql = match begin {
            Begin::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned(),
            Begin::Write { durable } => format!(
                "BEGIN; {} SELECT pg_advisory_xact_lock({})",
                if durable {
                    ""
                } else {
                    "SET LOCAL synchronous_commit = off;"
                },
                self.lock
            ),
        };
        while let Some(session) = self.idle.take() {
            if session.batch(doing, &sql).is_ok() {
                return Ok(self.lend(session));
            }
        }
        let session = self.connect()?;
        session.batch(doing, &sql)?;
        Ok(self.lend(session))
    }

    fn lend(&self, session: Session) -> Lent {
        Lent {
            session: Some(session),
            home: Arc::clone(&self.idle),
            is_open: true,
        }
    }

    fn connect(&self) -> Result<Session, StoreError> {
        let error = |source: postgres::Error| StoreError::Connect {
            database: self.url.to_string(),
            source: PostgresError::from(source),
        };
        let mut client = self.url.config.connect(self.tls.clone()).map_err(error)?;
        // What a role or a database may have set otherwise: an import may wait long for its turn, an export for who
        // reads it. The server notices a lost machine, which may hold the lock, after a minute and a half.
        let setup = format!(
            "SET search_path = {}; SET client_min_messages = warning; SET jit = off;
             SET default_transaction_read_only = off; SET default_transaction_isolation = 'read committed';
             SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
             SET tcp_keepalives_idle = 60; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3",
            self.url.quoted_schema()
        );
        client.batch_execute(&setup).map_err(error)?;
        Ok(Session::new(client))
    }
}

impl std::fmt::Display for PostgresServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.url.fmt(f)
    }
}

impl Idle {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Session> {
        self.lock().pop()
    }
}

/// A connection in a transaction; it is rolled back and given home when this is dropped.
pub(crate) struct Lent {
    session: Option<Session>,
    home: Arc<Idle>,
    is_open: bool,
}

impl Lent {
    fn end(&mut self, doing: &'static str) -> Result<(), StoreError> {
        self.is_open = false;
        self.batch(doing, "COMMIT").inspect_err(|_| {
            // Nobody knows what state it is in.
            self.session = None;
        })
    }
}

impl Deref for Lent {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
            .as_ref()
            .expect("the connection is there until the end")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else {
            return;
        };
        if self.is_open && session.batch("rolling back", "ROLLBACK").is_err() {
            return;
        }
        let mut idle = self.home.lock();
        if idle.len() < IDLE {
            idle.push(session);
        }
    }
}
