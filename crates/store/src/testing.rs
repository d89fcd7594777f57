//! Stores for tests, on both databases.

use std::ops::Deref;

use purser_core::clock::Timestamp;
use purser_core::connection::{Connection, Strategy};
use purser_core::id::ConnectionId;

use crate::{OpenOptions, Store, StoreUrl};

pub(crate) const NOW: Timestamp = Timestamp(1_674_668_896_543);

pub(crate) struct TestStore {
    store: Store,
    pub(crate) url: StoreUrl,
    /// Removed with its files when the test ends.
    folder: tempfile::TempDir,
}

/// Opens a new store on the database that a test is about.
pub(crate) type New = fn() -> TestStore;

impl TestStore {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(folder.path().join("purser.db"));
        Self::open(url, folder)
    }

    pub(crate) fn postgres() -> Self {
        let url = StoreUrl::parse(&purser_testdb::Cluster::shared().schema()).unwrap();
        Self::open(url, tempfile::tempdir().unwrap())
    }

    fn open(url: StoreUrl, folder: tempfile::TempDir) -> Self {
        Self {
            store: Store::open(&url, &options(folder.path())).unwrap(),
            url,
            folder,
        }
    }

    /// Opens the same store once more, as another process would.
    pub(crate) fn again(&self) -> Store {
        Store::open(&self.url, &options(self.folder.path())).unwrap()
    }
}

pub(crate) fn options(folder: &std::path::Path) -> OpenOptions {
    OpenOptions {
        create: true,
        tenant: "acme".to_owned(),
        files: Some(folder.join("files")),
        random: std::array::from_fn(|i| i as u8),
        now: NOW,
    }
}

/// Runs tests, functions that take a [`New`], on SQLite and on PostgreSQL.
macro_rules! on_both_stores {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test]
            fn $test() {
                super::$test($crate::testing::TestStore::sqlite);
            })+
        }

        mod on_postgres {
            $(#[test]
            fn $test() {
                super::$test($crate::testing::TestStore::postgres);
            })+
        }
    };
}
pub(crate) use on_both_stores;

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

pub(crate) fn connection(name: &str, strategy: &str) -> Connection {
    let mut random = [0; 16];
    random
        .iter_mut()
        .zip(name.bytes())
        .for_each(|(to, from)| *to = from);
    Connection {
        id: ConnectionId::from_random(&random),
        name: name.to_owned(),
        strategy: Strategy::new(strategy),
        enabled: true,
        enabled_clients: vec![],
        options: serde_json::Map::new(),
        extra: serde_json::Map::new(),
    }
}
