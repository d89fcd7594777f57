//! Sorting by one attribute: from its index where there is one, from the profiles where not.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use purser_core::index::{Bits, Head, first_of, place_of};
use purser_core::query::{Extractor, OwnedScalar, Scalar, Sort};

use super::attributes::indexed;
use super::blocks::{Parts, heads, part_key};
use super::filter::{Filter, GROUP, Group, numbers};
use super::resolve::read;
use crate::db::Db;
use crate::error::StoreError;

/// Where a user stands in a sorted list.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    /// Of several values the lowest, or descending the highest.
    pub value: Option<OwnedScalar>,
    pub pk: i64,
}

impl SortKey {
    /// Compares two places in the list.
    pub fn order(&self, other: &Self, descending: bool) -> Ordering {
        let values = match (&self.value, &other.value) {
            (Some(a), Some(b)) => {
                let order = a.as_scalar().order(&b.as_scalar());
                if descending { order.reverse() } else { order }
            }
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        values.then(self.pk.cmp(&other.pk))
    }
}

/// A key in the heap; the greatest comes last in the list.
struct Ranked {
    key: SortKey,
    descending: bool,
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.order(&other.key, self.descending)
    }
}

/// The first users of a sorted list.
pub(super) struct First {
    heap: BinaryHeap<Ranked>,
    most: usize,
    descending: bool,
}

impl First {
    pub(super) fn new(most: usize, descending: bool) -> Self {
        Self {
            heap: BinaryHeap::new(),
            most,
            descending,
        }
    }

    /// Returns whether a user with this key would be among them.
    fn has_room(&self, value: Option<Scalar<'_>>, pk: i64) -> bool {
        let Some(last) = self.heap.peek().filter(|_| self.heap.len() >= self.most) else {
            return self.most > 0;
        };
        let key = SortKey {
            value: value.map(|value| value.to_owned()),
            pk,
        };
        key.order(&last.key, self.descending).is_lt()
    }

    pub(super) fn push(&mut self, key: SortKey) {
        if self.most == 0 {
            return;
        }
        let ranked = Ranked {
            key,
            descending: self.descending,
        };
        if self.heap.len() < self.most {
            self.heap.push(ranked);
        } else if self.heap.peek().is_some_and(|last| ranked < *last) {
            self.heap.pop();
            self.heap.push(ranked);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for ranked in other.heap {
            self.push(ranked.key);
        }
    }

    /// Returns them in their order.
    pub(super) fn into_sorted(self) -> Vec<SortKey> {
        let sorted = self.heap.into_sorted_vec();
        sorted.into_iter().map(|ranked| ranked.key).collect()
    }
}

/// Reads sort keys; made inside a snapshot, for one thread.
pub struct Keys {
    sort: Sort,
    /// The number of the attribute's index.
    index: Option<i64>,
    extractor: Extractor,
    group: Option<(i64, Group, Vec<Option<Head>>)>,
    parts: Parts,
}

impl Keys {
    pub(super) fn new(db: &Db<'_>, sort: &Sort) -> Result<Self, StoreError> {
        let index = indexed(db)?
            .into_iter()
            .find(|index| index.attribute == sort.attribute);
        Ok(Self {
            extractor: Extractor::new(std::slice::from_ref(&sort.attribute)),
            sort: sort.clone(),
            index: index.map(|index| index.number),
            group: None,
            parts: Parts::default(),
        })
    }

    pub(super) fn descending(&self) -> bool {
        self.sort.descending
    }

    /// Returns the key of a profile.
    pub(super) fn of(&mut self, pk: i64, packed: &str) -> SortKey {
        let mut value: Option<OwnedScalar> = None;
        let descending = self.sort.descending;
        self.extractor.visit(packed, &mut |_, new| {
            let is_better = value.as_ref().is_none_or(|old| {
                let order = new.order(&old.as_scalar());
                if descending {
                    order.is_gt()
                } else {
                    order.is_lt()
                }
            });
            if is_better {
                value = Some(new.to_owned());
            }
        });
        SortKey { value, pk }
    }

    /// Offers the users of a segment to the list.
    pub(super) fn offer(
        &mut self,
        db: &Db<'_>,
        filter: &Filter,
        segment: i64,
        users: &Bits,
        first: &mut First,
    ) -> Result<(), StoreError> {
        let mut unread = users.clone();
        if let Some(index) = self.index {
            let begin = segment - segment % GROUP;
            if self.group.as_ref().is_none_or(|(of, ..)| *of != begin) {
                let segments = begin..begin + GROUP;
                let group = Group::read(db, &segments)?;
                let heads = heads(db, index, segments)?;
                self.parts = Parts::default();
                self.group = Some((begin, group, heads));
            }
            if let Some((begin, group, heads)) = self.group.take() {
                let head = heads
                    .get(usize::try_from(segment - begin).unwrap_or(usize::MAX))
                    .and_then(Option::as_ref);
                if let Some(head) = head.filter(|_| group.is_indexed(segment)) {
                    unread = head.unknown();
                    for pk in group.changed_in(segment) {
                        unread.insert(place_of(*pk));
                    }
                    unread.retain(users);
                    let mut coded = users.clone();
                    coded.subtract(&unread);
                    self.offer_coded(db, (index, segment), head, &coded, first)?;
                }
                self.group = Some((begin, group, heads));
            }
        }
        read(
            db,
            (filter.connection, None),
            numbers(segment),
            &unread,
            |pk, packed| {
                let key = self.of(pk, packed);
                first.push(key);
                ControlFlow::Continue(())
            },
        )
    }

    /// Offers users whose values are in the index: the best first, until no more can be among the first.
    fn offer_coded(
        &mut self,
        db: &Db<'_>,
        (index, segment): (i64, i64),
        head: &Head,
        users: &Bits,
        first: &mut First,
    ) -> Result<(), StoreError> {
        let descending = self.sort.descending;
        let mut coded: Vec<(u32, i64)> = Vec::new();
        let mut missing = Vec::new();
        for place in users.iter() {
            let pk = first_of(segment) + place as i64;
            match head.codes_of(place) {
                Some((low, high)) => coded.push((if descending { high } else { low }, pk)),
                None => missing.push(pk),
            }
        }
        let order = |a: &(u32, i64), b: &(u32, i64)| {
            let codes = a.0.cmp(&b.0);
            let codes = if descending { codes.reverse() } else { codes };
            codes.then(a.1.cmp(&b.1))
        };
        if first.most < coded.len() && first.most > 0 {
            coded.select_nth_unstable_by(first.most - 1, order);
            coded.truncate(first.most);
        }
        coded.sort_unstable_by(order);
        for (code, pk) in coded {
            let Some((part, at)) = head.place_of_code(code) else {
                continue;
            };
            if head.inline().is_none() && self.parts.get(index, segment, part).is_none() {
                self.parts.load(db, vec![part_key(index, segment, part)])?;
            }
            let values = head
                .inline()
                .or_else(|| self.parts.get(index, segment, part));
            let value = values.and_then(|values| values.get(at));
            if !first.has_room(value, pk) {
                break;
            }
            first.push(SortKey {
                value: value.map(|value| value.to_owned()),
                pk,
            });
        }
        for pk in missing {
            if !first.has_room(None, pk) {
                break;
            }
            first.push(SortKey { value: None, pk });
        }
        Ok(())
    }
}
