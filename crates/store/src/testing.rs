//! A store in a temporary folder, for tests.

use std::ops::Deref;

use purser_core::clock::Timestamp;
use purser_core::connection::{Connection, Strategy};
use purser_core::id::ConnectionId;

use crate::{OpenOptions, Store, StoreUrl};

pub(crate) const NOW: Timestamp = Timestamp(1_674_668_896_543);

pub(crate) struct TestStore {
    store: Store,
    /// Removed with its files when the test ends.
    _folder: tempfile::TempDir,
}

impl TestStore {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        Self {
            store,
            _folder: folder,
        }
    }
}

pub(crate) fn open(folder: &std::path::Path) -> Store {
    let options = OpenOptions {
        create: true,
        tenant: "acme".to_owned(),
        random: [7; 64],
        now: NOW,
    };
    Store::open(&StoreUrl::Sqlite(folder.join("purser.db")), &options).unwrap()
}

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
