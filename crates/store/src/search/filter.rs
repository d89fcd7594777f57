//! A query made ready: who matches, a group of segments at a time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::{Bound, ControlFlow, Range};

use purser_core::index::{
    Bits, Bounds, Head, SEGMENT_USERS, evaluate, first_of, place_of, segment_of,
};
use purser_core::query::{Attribute, Expr, Leaf, Matcher, OwnedScalar, Query, Span, Test};

use super::attributes::{CONNECTION, indexed, is_common_path};
use super::blocks::{Parts, heads, part_key, unreadable};
use crate::db::{Db, values};
use crate::error::StoreError;

/// Segments whose indexes are read together: few statements, and little memory.
pub(super) const GROUP: i64 = 32;
/// So many parts (of about 4 KiB) are read for a whole group; patterns that need more are tried segment by segment.
const MOST_PARTS: usize = 1024;

/// A query with more conditions is asked of the profiles: each condition costs a pass over every block, the profile
/// answers thousands at once.
const MOST_CONDITIONS: usize = 1000;

/// Which users are wanted. Made inside a snapshot, for one thread.
#[derive(Clone)]
pub struct Filter {
    query: Option<Query>,
    matcher: Option<Matcher>,
    pub(super) connection: Option<i64>,
    /// The indexed attributes, and the numbers of their indexes.
    indexes: HashMap<Attribute, i64>,
    /// What is known of the group read last.
    group: Option<Group>,
}

/// What the indexes say of some segments.
#[derive(Clone)]
pub(super) struct Group {
    first: i64,
    /// Of each segment; `None` where it is not indexed.
    bounds: Vec<Option<Bounds>>,
    /// Changed since they were indexed, their numbers in order.
    changed: Vec<i64>,
}

impl Filter {
    pub(super) fn new(
        db: &Db<'_>,
        query: Option<&Query>,
        connection: Option<i64>,
    ) -> Result<Self, StoreError> {
        let query = query.filter(|query| !matches!(query.expr(), Expr::All));
        let mut wanted = query.map_or_else(Vec::new, |query| attributes(query.expr()));
        if wanted.len() > MOST_CONDITIONS {
            wanted.clear();
        }
        let mut indexes = HashMap::new();
        if !wanted.is_empty() {
            for index in indexed(db)? {
                if wanted.contains(&&index.attribute) {
                    indexes.insert(index.attribute, index.number);
                }
            }
        }
        Ok(Self {
            matcher: query.map(Matcher::new),
            query: query.cloned(),
            connection,
            indexes,
            group: None,
        })
    }

    /// Returns whether every user of every connection is wanted.
    pub(super) fn takes_all(&self) -> bool {
        self.query.is_none() && self.connection.is_none()
    }

    /// Returns a text that every matching profile contains in its packed form.
    pub(super) fn needle(&self) -> Option<&str> {
        self.query.as_ref().and_then(Query::needle)
    }

    /// Asks the profile itself.
    pub(super) fn matches(&mut self, packed: &str) -> bool {
        self.matcher
            .as_mut()
            .is_none_or(|matcher| matcher.matches(packed))
    }

    /// Returns who of a segment matches and who may, as far as indexes tell; users that are not there may be among
    /// those who may.
    pub(super) fn bounds(&mut self, db: &Db<'_>, segment: i64) -> Result<Bounds, StoreError> {
        let first = segment - segment % GROUP;
        let group = match self.group.take() {
            Some(group) if group.first == first => group,
            _ => self.read_group(db, first)?,
        };
        let bounds = group.of(segment);
        self.group = Some(group);
        Ok(bounds)
    }

    /// Reads what the indexes say of the group that begins with `first`.
    fn read_group(&self, db: &Db<'_>, first: i64) -> Result<Group, StoreError> {
        let segments = first..first + GROUP;
        let mut group = Group::read(db, &segments)?;
        if group.bounds.iter().all(Option::is_none) {
            return Ok(group);
        }
        let mut blocks = Blocks::default();
        if let Some(query) = &self.query {
            for leaf in leaves(query.expr()) {
                if let Some(number) = self.indexes.get(&leaf.attribute) {
                    blocks.want(db, *number, Condition::Test(&leaf.test), &segments)?;
                }
            }
        }
        let connection = self.connection.map(span_of);
        if let Some(span) = &connection {
            blocks.want(db, CONNECTION, Condition::Within(span), &segments)?;
        }
        let is_small = blocks.wanted.len() <= MOST_PARTS;
        if is_small {
            blocks.load(db, None)?;
        }
        for (segment, bounds) in segments.zip(&mut group.bounds) {
            let Some(users) = bounds.take() else {
                continue;
            };
            if !is_small {
                blocks.load(db, Some(segment))?;
            }
            let mut known = match &self.query {
                None => Bounds::exact(Bits::all()),
                Some(query) => evaluate(query.expr(), &mut |leaf: &Leaf| match self
                    .indexes
                    .get(&leaf.attribute)
                {
                    Some(number) => blocks.bounds(*number, segment, Condition::Test(&leaf.test)),
                    None => Ok(Bounds::unknown()),
                })?,
            };
            if let Some(span) = &connection {
                let there = blocks.bounds(CONNECTION, segment, Condition::Within(span))?;
                known = known.and(&there);
            }
            *bounds = Some(known.and(&users));
        }
        Ok(group)
    }
}

impl Group {
    /// Reads which of the segments are indexed, and who is in them unchanged.
    pub(super) fn read(db: &Db<'_>, segments: &Range<i64>) -> Result<Self, StoreError> {
        let doing = "reading which users are indexed";
        let mut bounds: Vec<Option<Bounds>> = segments.clone().map(|_| None).collect();
        db.each(
            doing,
            "SELECT segment, users FROM segments
             WHERE segment BETWEEN ?1 AND ?2 AND declared IS NOT NULL",
            values![segments.start, segments.end - 1],
            |row| {
                let index = usize::try_from(row.int(0)? - segments.start).unwrap_or(usize::MAX);
                let users = Bits::from_bytes(row.blob(1)?)
                    .ok_or_else(|| unreadable(purser_core::index::Unreadable))?;
                if let Some(slot) = bounds.get_mut(index) {
                    *slot = Some(Bounds::exact(users));
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        let changed = db.rows(
            doing,
            "SELECT pk FROM changed_users WHERE pk BETWEEN ?1 AND ?2 ORDER BY pk",
            values![first_of(segments.start), first_of(segments.end) - 1],
            |row| row.int(0),
        )?;
        Ok(Self {
            first: segments.start,
            bounds,
            changed,
        })
    }

    fn of(&self, segment: i64) -> Bounds {
        let index = usize::try_from(segment - self.first).unwrap_or(usize::MAX);
        let Some(Some(bounds)) = self.bounds.get(index) else {
            return Bounds::unknown();
        };
        let mut bounds = bounds.clone();
        for pk in self.changed_in(segment) {
            bounds.sure.remove(place_of(*pk));
            bounds.maybe.insert(place_of(*pk));
        }
        bounds
    }

    /// Returns the changed users of a segment.
    pub(super) fn changed_in(&self, segment: i64) -> &[i64] {
        let from = self.changed.partition_point(|pk| segment_of(*pk) < segment);
        let to = self
            .changed
            .partition_point(|pk| segment_of(*pk) <= segment);
        &self.changed[from..to]
    }

    /// Returns whether the segment is indexed.
    pub(super) fn is_indexed(&self, segment: i64) -> bool {
        let index = usize::try_from(segment - self.first).unwrap_or(usize::MAX);
        matches!(self.bounds.get(index), Some(Some(_)))
    }
}

/// What is asked of a block.
#[derive(Clone, Copy)]
enum Condition<'a> {
    Test(&'a Test),
    Within(&'a Span),
}

/// Returns the interval that holds one connection's number.
fn span_of(connection: i64) -> Span {
    let number = || Bound::Included(OwnedScalar::Number(connection as f64));
    Span::Between(number(), number())
}

/// The heads and parts that a query needs in a group.
#[derive(Default)]
struct Blocks {
    heads: HashMap<i64, (i64, Vec<Option<Head>>)>,
    /// Segments, and keys of their parts.
    wanted: Vec<(i64, i64)>,
    parts: Parts,
}

impl Blocks {
    fn want(
        &mut self,
        db: &Db<'_>,
        number: i64,
        condition: Condition<'_>,
        segments: &Range<i64>,
    ) -> Result<(), StoreError> {
        let (_, heads) = match self.heads.entry(number) {
            Entry::Occupied(heads) => heads.into_mut(),
            Entry::Vacant(empty) => {
                let heads = heads(db, number, segments.clone())?;
                empty.insert((segments.start, heads))
            }
        };
        for (segment, head) in segments.clone().zip(heads) {
            let Some(head) = head else { continue };
            let parts = match condition {
                Condition::Test(test) => head.parts_for(test),
                Condition::Within(span) => head.parts_for_spans(std::slice::from_ref(span)),
            };
            let keys = parts
                .into_iter()
                .map(|part| (segment, part_key(number, segment, part)));
            self.wanted.extend(keys);
        }
        Ok(())
    }

    /// Reads the wanted parts of one segment, or of all.
    fn load(&mut self, db: &Db<'_>, only: Option<i64>) -> Result<(), StoreError> {
        self.parts = Parts::default();
        let is_meant = |segment: i64| only.is_none_or(|only| only == segment);
        let wanted = self.wanted.iter().filter(|(segment, _)| is_meant(*segment));
        self.parts.load(db, wanted.map(|(_, key)| *key).collect())
    }

    fn bounds(
        &self,
        number: i64,
        segment: i64,
        condition: Condition<'_>,
    ) -> Result<Bounds, StoreError> {
        let head = self
            .heads
            .get(&number)
            .and_then(|(first, heads)| heads.get(usize::try_from(segment - first).ok()?)?.as_ref());
        // Declared after the segment was built.
        let Some(head) = head else {
            return Ok(Bounds::unknown());
        };
        let part = |part| self.parts.get(number, segment, part);
        let accepted = match condition {
            Condition::Test(test) => head.accepted(test, part),
            Condition::Within(span) => head.accepted_in(std::slice::from_ref(span), part),
        };
        let mut known = Bounds::exact(head.users_with(&accepted.map_err(unreadable)?));
        let is_exists = matches!(condition, Condition::Test(test) if test.is_exists());
        if is_exists && is_common_path(number) {
            known.sure.extend(&head.unknown());
            known.maybe = Bits::all();
        } else if is_exists {
            // Values too long or too many to be indexed are values all the same.
            known.sure.extend(&head.unknown());
            known.sure.extend(&head.deep());
            known.maybe = known.sure.clone();
        } else {
            known.maybe.extend(&head.unknown());
        }
        Ok(known)
    }
}

/// Returns the conditions of a query.
pub(super) fn leaves(expr: &Expr) -> Vec<&Leaf> {
    let mut found = vec![];
    let mut left = vec![expr];
    while let Some(expr) = left.pop() {
        match expr {
            Expr::All | Expr::Nothing => {}
            Expr::Leaf(leaf) => found.push(leaf),
            Expr::Not(inner) => left.push(inner),
            Expr::Every(inner) | Expr::Any(inner) => left.extend(inner),
        }
    }
    found
}

fn attributes(expr: &Expr) -> Vec<&Attribute> {
    leaves(expr)
        .into_iter()
        .map(|leaf| &leaf.attribute)
        .collect()
}

/// Returns the first and the last user's number of a segment.
pub(super) fn numbers(segment: i64) -> (i64, i64) {
    (
        first_of(segment),
        first_of(segment) + SEGMENT_USERS as i64 - 1,
    )
}
