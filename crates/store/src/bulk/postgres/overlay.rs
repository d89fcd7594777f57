//! The key table as a step sees it, in memory: what is stored under the hashes that matter, and what shall be.
//!
//! Most keys of a batch are nobody else's: they are claimed without being looked at again and stand in the batch alone.
//! Only those with several owners, or that are given up, get an entry of their own.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::hash::{BuildHasherDefault, Hasher};

use crate::bulk::tables::Hit;
use crate::bulk::{Batch, Key};

/// A user (`pk`, `connection`) that has a hash.
pub(super) type Owner = (i64, i64);

/// The owners of one hash: the first in `user_keys`, others in `user_keys_more`, sorted.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Owners {
    first: Option<Owner>,
    more: Vec<Owner>,
}

impl Owners {
    pub(super) fn new(all: &[Owner]) -> Self {
        match all {
            [] => Self::default(),
            [first, more @ ..] => Self {
                first: Some(*first),
                more: more.to_vec(),
            },
        }
    }

    fn all(&self) -> impl Iterator<Item = Owner> {
        self.first.into_iter().chain(self.more.iter().copied())
    }

    fn insert(&mut self, owner: Owner) {
        if self.first.is_none() {
            self.first = Some(owner);
        } else if self.all().all(|(pk, _)| pk != owner.0) {
            self.more.push(owner);
            self.more.sort_unstable();
        }
    }

    /// A further owner takes the place of the first.
    fn delete(&mut self, pk: i64) {
        if self.first.is_some_and(|first| first.0 == pk) {
            self.first = (!self.more.is_empty()).then(|| self.more.remove(0));
        } else {
            self.more.retain(|owner| owner.0 != pk);
        }
    }
}

/// A hash whose owners are known.
struct Slot {
    stored: Owners,
    now: Owners,
}

/// What is to be done to the key tables, each list in the order of the hashes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) delete: Vec<i64>,
    /// Hash, user and connection that take the place of others.
    pub(super) replace: Vec<(i64, Owner)>,
    pub(super) insert: Vec<(i64, Owner)>,
    pub(super) delete_more: Vec<(i64, i64)>,
    pub(super) insert_more: Vec<(i64, Owner)>,
}

/// Keys are hashes already, with a secret of the store's own.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a hash is written as one number");
    }

    fn write_i64(&mut self, hash: i64) {
        self.0 = hash.cast_unsigned();
    }
}

pub(super) struct Overlay<'a> {
    batch: &'a Batch,
    first_pk: i64,
    slots: HashMap<i64, Slot, BuildHasherDefault<AsItIs>>,
    /// The keys of the batch that have a slot, by their index.
    moved: Vec<bool>,
}

impl<'a> Overlay<'a> {
    pub(super) fn new(batch: &'a Batch, first_pk: i64) -> Self {
        Self {
            batch,
            first_pk,
            slots: HashMap::default(),
            moved: vec![false; batch.keys.len()],
        }
    }

    /// Claims every key of the batch for its row; `stored` holds the owners of its hashes, sorted by hash, the first
    /// owner first. Returns the keys that were taken.
    pub(super) fn claim(&mut self, stored: &[(i64, Owner)]) -> Vec<Hit> {
        let mut hits = Vec::with_capacity(stored.len());
        self.slots.reserve(stored.len());
        let mut stored = stored;
        let mut owners: Vec<Owner> = Vec::new();
        let mut start = 0;
        for keys in self.batch.keys.chunk_by(|a, b| a.hash == b.hash) {
            let (hash, end) = (keys[0].hash, start + keys.len());
            let skip = stored.iter().take_while(|(at, _)| *at < hash).count();
            stored = &stored[skip..];
            let mine = stored.iter().take_while(|(at, _)| *at == hash).count();
            if mine > 0 || keys.len() > 1 {
                owners.clear();
                owners.extend(stored[..mine].iter().map(|(_, owner)| *owner));
                let before = Owners::new(&owners);
                let claimed = owners.is_empty();
                if claimed {
                    owners.push(self.owner(&keys[0]));
                }
                let late = &keys[usize::from(claimed)..];
                hits.extend(late.iter().flat_map(|key| {
                    owners.iter().map(|(pk, connection)| Hit {
                        row: key.row,
                        kind: key.kind,
                        hash,
                        pk: *pk,
                        connection: *connection,
                    })
                }));
                self.moved[start..end].fill(true);
                let now = Owners::new(&owners);
                self.slots.insert(
                    hash,
                    Slot {
                        stored: before,
                        now,
                    },
                );
            }
            start = end;
        }
        hits
    }

    /// Returns whether the owners of the hash are known, after [`Self::claim`].
    pub(super) fn knows(&self, hash: i64) -> bool {
        self.slots.contains_key(&hash) || self.index(hash).is_some()
    }

    /// Adds what is stored under a hash that was not known.
    pub(super) fn learn(&mut self, hash: i64, stored: &[Owner]) {
        if let Place::Vacant(place) = self.slots.entry(hash) {
            place.insert(Slot {
                stored: Owners::new(stored),
                now: Owners::new(stored),
            });
        }
    }

    /// Returns the owners of a hash that is known.
    pub(super) fn owners(&self, hash: i64) -> Vec<Owner> {
        match (self.slots.get(&hash), self.index(hash)) {
            (Some(slot), _) => slot.now.all().collect(),
            (None, Some(index)) => vec![self.owner(&self.batch.keys[index])],
            (None, None) => vec![],
        }
    }

    pub(super) fn insert(&mut self, hash: i64, owner: Owner) {
        self.slot(hash).now.insert(owner);
    }

    pub(super) fn delete(&mut self, hash: i64, pk: i64) {
        self.slot(hash).now.delete(pk);
    }

    /// Calls `each` with the keys that are their rows' alone, in the order of the hashes.
    pub(super) fn claimed(&self) -> impl Iterator<Item = (i64, Owner)> {
        self.batch
            .keys
            .iter()
            .zip(&self.moved)
            .filter(|(_, moved)| !**moved)
            .map(|(key, _)| (key.hash, self.owner(key)))
    }

    /// Returns what else is to be written.
    pub(super) fn difference(&self) -> Difference {
        let mut changed: Vec<_> = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.stored != slot.now)
            .collect();
        changed.sort_unstable_by_key(|(hash, _)| **hash);
        let mut difference = Difference::default();
        for (hash, Slot { stored, now }) in changed {
            match (stored.first, now.first) {
                (None, Some(owner)) => difference.insert.push((*hash, owner)),
                (Some(_), None) => difference.delete.push(*hash),
                (Some(old), Some(new)) if old != new => difference.replace.push((*hash, new)),
                _ => {}
            }
            let gone = stored.more.iter().filter(|old| !now.more.contains(old));
            difference
                .delete_more
                .extend(gone.map(|(pk, _)| (*hash, *pk)));
            let new = now.more.iter().filter(|new| !stored.more.contains(new));
            difference
                .insert_more
                .extend(new.map(|owner| (*hash, *owner)));
        }
        difference
    }

    /// Returns the slot of a hash; one of the batch's own that has none yet is its row's alone.
    fn slot(&mut self, hash: i64) -> &mut Slot {
        if !self.slots.contains_key(&hash) {
            let mut now = Owners::default();
            if let Some(index) = self.index(hash) {
                self.moved[index] = true;
                now.first = Some(self.owner(&self.batch.keys[index]));
            }
            let stored = Owners::default();
            self.slots.insert(hash, Slot { stored, now });
        }
        self.slots.get_mut(&hash).expect("was put there")
    }

    fn index(&self, hash: i64) -> Option<usize> {
        self.batch
            .keys
            .binary_search_by_key(&hash, |key| key.hash)
            .ok()
    }

    fn owner(&self, key: &Key) -> Owner {
        let connection = self.batch.entries[key.row as usize].connection;
        (self.first_pk + i64::from(key.row), connection)
    }
}
