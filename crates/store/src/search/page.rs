//! Counting, and pages of users in an order.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicI64, Ordering};

use purser_core::index::{first_of, segment_of};
use purser_core::packed;
use purser_core::query::{Expr, Query, Sort};
use purser_core::user::Profile;

use super::attributes::indexed;
use super::filter::{Filter, leaves};
use super::keyed::candidates;
use super::profiles::fetch;
use super::sort::{First, Keys};
use crate::db::{Db, values};
use crate::error::StoreError;
use crate::open::Store;
use crate::snapshot::SnapshotReader;

/// Which users are wanted, and in which order.
#[derive(Debug, Clone, Default)]
pub struct SearchRequest<'q> {
    /// `None`: all users.
    pub query: Option<&'q Query>,
    /// The number of a connection; `None`: the users of all.
    pub connection: Option<i64>,
    /// `None`: in the order they were stored.
    pub sort: Option<&'q Sort>,
    pub offset: u64,
    pub limit: u64,
    /// Whether to count all that match.
    pub count: bool,
}

/// A page of users.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchResult {
    pub users: Vec<Profile>,
    /// How many users match, if that was asked.
    pub total: Option<u64>,
}

/// So many profiles are read by one thread; for more it pays to open a snapshot for several.
const FEW_PROFILES: i64 = 50_000;

/// Segments that a thread takes at once.
const SHARE: i64 = 4;

/// What some segments have for a page.
struct Found {
    count: u64,
    /// If there is an order.
    first: First,
    /// If there is none: numbers alone, for a page may be far behind.
    unsorted: Vec<i64>,
}

impl Found {
    fn new(most: usize, request: &SearchRequest<'_>) -> Self {
        Self {
            count: 0,
            first: First::new(most, request.sort.is_some_and(|sort| sort.descending)),
            unsorted: vec![],
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.first.merge(other.first);
        self.unsorted.extend(other.unsorted);
    }

    /// Returns the numbers of the page's users.
    fn page(mut self, request: &SearchRequest<'_>) -> Vec<i64> {
        let skipped = usize::try_from(request.offset).unwrap_or(usize::MAX);
        let wanted = usize::try_from(request.limit).unwrap_or(usize::MAX);
        if request.sort.is_some() {
            let sorted = self.first.into_sorted().into_iter();
            return sorted
                .skip(skipped)
                .map(|key| key.pk)
                .take(wanted)
                .collect();
        }
        self.unsorted.sort_unstable();
        self.unsorted
            .into_iter()
            .skip(skipped)
            .take(wanted)
            .collect()
    }
}

impl Store {
    /// Returns a page of the users who match.
    pub fn search_users(&self, request: &SearchRequest<'_>) -> Result<SearchResult, StoreError> {
        let request = &SearchRequest {
            // Who asks for everybody asks nothing.
            query: request
                .query
                .filter(|query| !matches!(query.expr(), Expr::All)),
            ..request.clone()
        };
        let threads = self.threads_for(request)?;
        let mut readers = self.snapshot(None, threads)?.into_readers();
        let (pks, total) = self.search_in(&mut readers, request)?;
        let mut users = Vec::with_capacity(pks.len());
        fetch(&readers[0].db(), &pks, None, |_, packed| {
            users.push(Profile::from_canonical(packed::unpacked(packed)));
            ControlFlow::Continue(())
        })?;
        Ok(SearchResult { users, total })
    }

    /// Counts the users who match.
    pub fn count_matching(
        &self,
        query: Option<&Query>,
        connection: Option<i64>,
    ) -> Result<u64, StoreError> {
        let request = SearchRequest {
            query,
            connection,
            count: true,
            ..SearchRequest::default()
        };
        let result = self.search_users(&request)?;
        Ok(result.total.unwrap_or(0))
    }

    /// Returns how many threads a search is worth.
    fn threads_for(&self, request: &SearchRequest<'_>) -> Result<usize, StoreError> {
        self.read("preparing a search", |db| {
            let Some(query) = request.query else {
                return Ok(1);
            };
            if candidates(db, &self.inner.hasher, query)?.is_some() {
                return Ok(1);
            }
            let known: Vec<_> = indexed(db)?
                .into_iter()
                .map(|index| index.attribute)
                .collect();
            let is_known = |attribute| known.contains(attribute);
            let is_indexed = leaves(query.expr())
                .iter()
                .all(|leaf| is_known(&leaf.attribute))
                && request.sort.is_none_or(|sort| is_known(&sort.attribute));
            let unread = unindexed_users(db)?;
            let to_read = if is_indexed { unread } else { i64::MAX };
            // A thread that waits for a server leaves its core to another.
            let threads = match db.as_sqlite() {
                Some(_) => cores(),
                None => 2 * cores(),
            };
            Ok(if to_read > FEW_PROFILES { threads } else { 1 })
        })
    }

    fn search_in(
        &self,
        readers: &mut [SnapshotReader],
        request: &SearchRequest<'_>,
    ) -> Result<(Vec<i64>, Option<u64>), StoreError> {
        let db = readers[0].db();
        let most =
            usize::try_from(request.offset.saturating_add(request.limit)).unwrap_or(usize::MAX);
        if let Some(query) = request.query
            && let Some(pks) = candidates(&db, &self.inner.hasher, query)?
        {
            let found = keyed(&db, request, &pks, most)?;
            let total = request.count.then_some(found.count);
            return Ok((found.page(request), total));
        }
        let counted = match (request.count, request.query) {
            (true, None) => Some(count_all(&db, request.connection)?),
            _ => None,
        };
        if request.query.is_none() && request.sort.is_none() {
            return Ok((listed(&db, request)?, counted));
        }
        let enough = if request.count && counted.is_none() || request.sort.is_some() {
            u64::MAX
        } else {
            most as u64
        };
        let (from, to) = edges(&db)?;
        let next = AtomicI64::new(from);
        let work = |reader: &SnapshotReader| collect(reader, request, most, enough, (&next, to));
        let found: Vec<Found> = if readers.len() == 1 {
            vec![work(&readers[0])?]
        } else {
            std::thread::scope(|scope| {
                let work = &work;
                let threads: Vec<_> = readers
                    .iter_mut()
                    .map(|reader| scope.spawn(move || work(reader)))
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| {
                        thread
                            .join()
                            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                    })
                    .collect::<Result<_, _>>()
            })?
        };
        let mut all = Found::new(most, request);
        for found in found {
            all.merge(found);
        }
        let total = request.count.then(|| counted.unwrap_or(all.count));
        Ok((all.page(request), total))
    }
}

/// Takes share after share from the others until there are no more, or enough is found.
fn collect(
    reader: &SnapshotReader,
    request: &SearchRequest<'_>,
    most: usize,
    enough: u64,
    (next, to): (&AtomicI64, i64),
) -> Result<Found, StoreError> {
    let db = reader.db();
    let mut filter = Filter::new(&db, request.query, request.connection)?;
    let mut keys = request.sort.map(|sort| Keys::new(&db, sort)).transpose()?;
    let mut found = Found::new(most, request);
    loop {
        let share = next.fetch_add(SHARE, Ordering::Relaxed);
        if share > to || found.count >= enough {
            return Ok(found);
        }
        for segment in share..(share + SHARE).min(to + 1) {
            let users = filter.matching(&db, segment)?;
            if users.is_empty() {
                continue;
            }
            let before = usize::try_from(found.count).unwrap_or(usize::MAX);
            found.count += users.count() as u64;
            match &mut keys {
                Some(keys) => keys.offer(&db, &filter, segment, &users, &mut found.first)?,
                None => {
                    let wanted = users.iter().take(most.saturating_sub(before));
                    let pks = wanted.map(|place| first_of(segment) + place as i64);
                    found.unsorted.extend(pks);
                }
            }
            if found.count >= enough {
                return Ok(found);
            }
        }
    }
}

/// Searches among a few users.
fn keyed(
    db: &Db<'_>,
    request: &SearchRequest<'_>,
    pks: &[i64],
    most: usize,
) -> Result<Found, StoreError> {
    let mut filter = Filter::new(db, request.query, request.connection)?;
    let mut keys = request.sort.map(|sort| Keys::new(db, sort)).transpose()?;
    let mut found = Found::new(most, request);
    fetch(db, pks, request.connection, |index, packed| {
        if filter.matches(packed) {
            found.count += 1;
            let pk = pks[index];
            match &mut keys {
                Some(keys) => found.first.push(keys.of(pk, packed)),
                None => found.unsorted.push(pk),
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// Returns the numbers of a page of all users, of one connection or of all.
fn listed(db: &Db<'_>, request: &SearchRequest<'_>) -> Result<Vec<i64>, StoreError> {
    if request.limit == 0 {
        return Ok(vec![]);
    }
    db.rows(
        "listing users",
        "SELECT pk FROM users WHERE ?1 IS NULL OR connection = ?1
         ORDER BY pk LIMIT ?2 OFFSET ?3",
        values![request.connection, request.limit, request.offset],
        |row| row.int(0),
    )
}

/// Returns the first and the last segment that has users; the last is before the first if there are none.
pub(super) fn edges(db: &Db<'_>) -> Result<(i64, i64), StoreError> {
    let doing = "looking for the first and the last user";
    // Two statements: SQLite answers min or max from one end of the table, but both together by reading all of it.
    let edge = |sql| db.row(doing, sql, &[], |row| row.opt_int(0));
    let first = edge("SELECT min(pk) FROM users")?.flatten();
    let last = edge("SELECT max(pk) FROM users")?.flatten();
    Ok(match (first, last) {
        (Some(first), Some(last)) => (segment_of(first), segment_of(last)),
        _ => (0, -1),
    })
}

/// Estimates how many users are in segments that are not indexed.
fn unindexed_users(db: &Db<'_>) -> Result<i64, StoreError> {
    let (first, last) = edges(db)?;
    let built = db.row(
        "counting indexed users",
        "SELECT count(*) FROM segments WHERE declared IS NOT NULL",
        &[],
        |row| row.int(0),
    )?;
    Ok((last + 1 - first - built.unwrap_or(0)).max(0) * purser_core::index::SEGMENT_USERS as i64)
}

fn count_all(db: &Db<'_>, connection: Option<i64>) -> Result<u64, StoreError> {
    let count = db.row(
        "counting users",
        "SELECT CAST(coalesce(sum(users), 0) AS BIGINT) FROM connections WHERE ?1 IS NULL OR pk = ?1",
        values![connection],
        |row| row.int(0),
    )?;
    Ok(count.unwrap_or(0).try_into().unwrap_or(0))
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(8)
}
