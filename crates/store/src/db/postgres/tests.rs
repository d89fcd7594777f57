//! Connections: that break, that must not be heard, that are used by many at once.

use std::sync::{Arc, Barrier};

use purser_core::connection::DEFAULT_CONNECTION;
use purser_testdb::{Cluster, Options};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::db::values;
use crate::testing::{TestStore, options};
use crate::{Store, StoreError, StoreUrl};

fn count(store: &Store, sql: &str) -> Result<i64, StoreError> {
    store.read("testing", |db| {
        Ok(db.row("testing", sql, &[], |row| row.int(0))?.unwrap_or(0))
    })
}

/// Ends every other connection to the database that `store` has opened.
fn cut(store: &TestStore, other: &Store) {
    let pids = other.read("testing", |db| {
        db.rows("testing", "SELECT pg_backend_pid()", &[], |row| row.int(0))
    });
    store
        .read("testing", |db| {
            let sql = "SELECT pg_terminate_backend(CAST(?1 AS INTEGER), 5000)";
            for pid in pids.unwrap() {
                db.row("testing", sql, values![pid], |_| Ok(()))?;
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_connection_that_broke_while_idle_is_replaced() {
    let store = TestStore::postgres();
    let other = store.again();
    cut(&store, &other);
    assert_eq!(
        count(&other, "SELECT count(*) FROM connections").unwrap(),
        1
    );
    cut(&store, &other);
    assert_eq!(other.setting_or_insert("a", "b").unwrap(), "b");
}

#[test]
fn a_connection_that_breaks_in_a_transaction_is_an_error_once() {
    let store = TestStore::postgres();
    let other = store.again();
    let broken = other.write("testing", |db| {
        let insert = "INSERT INTO settings VALUES ('half', 'done')";
        db.execute("testing", insert, &[])?;
        let suicide = "SELECT pg_terminate_backend(pg_backend_pid())";
        db.row("testing", suicide, &[], |_| Ok(())).map(|_| ())
    });
    assert!(matches!(broken, Err(StoreError::Sql { .. })), "{broken:?}");
    assert_eq!(other.setting("half").unwrap(), None);
    assert_eq!(other.setting_or_insert("half", "done").unwrap(), "done");
}

#[test]
fn what_fails_or_panics_is_rolled_back() {
    let store = TestStore::postgres();
    let insert = "INSERT INTO settings VALUES ('half', 'done')";
    let failed = store.write("testing", |db| {
        db.execute("testing", insert, &[])?;
        Err::<(), _>(StoreError::LeaseLost)
    });
    assert!(matches!(failed, Err(StoreError::LeaseLost)));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.write("testing", |db| {
            db.execute("testing", insert, &[])?;
            panic!("on purpose");
            #[expect(unreachable_code, reason = "says what the closure returns")]
            Ok(())
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(store.setting("half").unwrap(), None);
}

/// The advisory lock does what SQLite's one writer does.
#[test]
fn many_processes_make_one_store_and_write_one_after_the_other() {
    let url = Cluster::shared().schema();
    let start = Arc::new(Barrier::new(6));
    let threads: Vec<_> = (0..6)
        .map(|_| {
            let (url, start) = (url.clone(), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                let folder = std::env::temp_dir();
                let url = StoreUrl::parse(&url).unwrap();
                let store = Store::open(&url, &options(&folder)).unwrap();
                for _ in 0..20 {
                    let added = store.write("testing", |db| {
                        let sql =
                            "SELECT CAST(max(value) AS BIGINT) FROM settings WHERE name = 'n'";
                        let n = db.row("testing", sql, &[], |row| row.opt_int(0))?.flatten();
                        let next = (n.unwrap_or(0) + 1).to_string();
                        let sql = "INSERT INTO settings VALUES ('n', ?1)
                             ON CONFLICT (name) DO UPDATE SET value = excluded.value";
                        db.execute("testing", sql, values![&next])
                    });
                    assert_eq!(added.unwrap(), 1);
                }
                store.is_new()
            })
        })
        .collect();
    let new = threads.into_iter().map(|thread| thread.join().unwrap());
    assert_eq!(new.filter(|is_new| *is_new).count(), 1);
    let folder = std::env::temp_dir();
    let store = Store::open(&StoreUrl::parse(&url).unwrap(), &options(&folder)).unwrap();
    assert_eq!(store.setting("n").unwrap().as_deref(), Some("120"));
    assert!(
        store
            .find_connection_by_name(DEFAULT_CONNECTION)
            .unwrap()
            .is_some()
    );
}

#[test]
fn a_store_that_is_not_there_or_too_new_is_not_opened() {
    let url = StoreUrl::parse(&Cluster::shared().schema()).unwrap();
    let mut reading = options(&std::env::temp_dir());
    reading.create = false;
    let missing = Store::open(&url, &reading).unwrap_err();
    assert!(matches!(missing, StoreError::Missing(_)), "{missing}");
    let store = Store::open(&url, &options(&std::env::temp_dir())).unwrap();
    assert!(Store::open(&url, &reading).is_ok());
    store
        .write("testing", |db| {
            db.execute("testing", "UPDATE schema_version SET version = 99", &[])
        })
        .unwrap();
    let newer = Store::open(&url, &reading).unwrap_err();
    assert!(
        matches!(newer, StoreError::TooNew { found: 99, .. }),
        "{newer}"
    );
}

/// An error may stand in a log, so it must not show what was written.
#[test]
fn an_error_does_not_show_the_row() {
    let store = TestStore::postgres();
    let refused = store.write("testing", |db| {
        let sql = "INSERT INTO users (pk, connection, profile) VALUES (1, ?1, ?2)";
        db.execute("testing", sql, values![None::<i64>, "a secret profile"])
    });
    let error = refused.unwrap_err();
    let text = format!("{error:?} {error}");
    assert!(text.contains("23502"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn authority() -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).unwrap().pem();
    Authority {
        pem,
        issuer: Issuer::new(params, key),
    }
}

#[test]
fn certificates_are_checked_as_the_url_says() {
    let (ours, other) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &ours.issuer).unwrap();
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let cluster = Cluster::start(&Options {
        listen: true,
        rules: Some("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n".to_owned()),
        settings: vec![
            own("ssl", "on"),
            own("ssl_cert_file", "../server.pem"),
            own("ssl_key_file", "../server.key"),
        ],
        files: vec![
            own("server.pem", &certificate.pem()),
            own("server.key", &key.serialize_pem()),
        ],
    });
    let local = StoreUrl::parse(&cluster.database()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&local, &options(folder.path())).unwrap();
    let password = "ALTER ROLE purser PASSWORD 's3cret'";
    store
        .write("testing", |db| db.execute("testing", password, &[]))
        .unwrap();
    for (name, authority) in [("ours", &ours), ("other", &other)] {
        std::fs::write(folder.path().join(name), &authority.pem).unwrap();
    }
    let open = |host: &str, password: &str, parameters: &str| {
        let roots = folder.path().display().to_string();
        let parameters = parameters.replace("DIR", &roots);
        let port = cluster.port();
        let url = format!("postgres://purser:{password}@{host}:{port}/db0?{parameters}");
        let store = Store::open(&StoreUrl::parse(&url).unwrap(), &options(folder.path()))?;
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        count(&store, sql).map(|encrypted| encrypted == 1)
    };
    for (host, parameters) in [
        ("localhost", ""),
        ("localhost", "sslmode=require"),
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert=DIR/ours"),
        ("localhost", "sslmode=verify-full&sslrootcert=DIR/ours"),
        (
            "localhost",
            "sslmode=verify-full&sslrootcert=DIR/ours&channel_binding=require",
        ),
    ] {
        assert!(open(host, "s3cret", parameters).unwrap(), "{parameters}");
    }
    for (host, password, parameters) in [
        ("localhost", "s3cret", "sslmode=disable"),
        (
            "127.0.0.1",
            "s3cret",
            "sslmode=verify-full&sslrootcert=DIR/ours",
        ),
        (
            "localhost",
            "s3cret",
            "sslmode=verify-full&sslrootcert=DIR/other",
        ),
        (
            "localhost",
            "s3cret",
            "sslmode=require&sslrootcert=DIR/other",
        ),
        ("localhost", "s3cret", "sslmode=verify-full"),
        (
            "localhost",
            "s3cret",
            "sslmode=verify-full&sslrootcert=DIR/none",
        ),
        ("localhost", "wr0ng", ""),
    ] {
        let error = open(host, password, parameters).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains(password), "{parameters}: {text}");
    }
}
