//! The next users who match, behind a certain one: for work that goes through all of them in many transactions.

use std::cell::Cell;
use std::ops::ControlFlow;

use purser_core::index::{first_of, segment_of};
use purser_core::query::Query;

use super::filter::{Filter, numbers};
use super::keyed::candidates;
use super::profiles::fetch;
use crate::db::Db;
use crate::error::StoreError;
use crate::keys::KeyHasher;

/// Who is looked for.
#[derive(Clone, Copy)]
pub(crate) struct Matching<'q> {
    /// `None`: all users.
    pub(crate) query: Option<&'q Query>,
    /// The number of a connection; `None`: the users of all.
    pub(crate) connection: Option<i64>,
}

/// Hands the numbers of the users who match to `each`, in order, until it breaks: those above `after`, up to `last`, as
/// far as `segments` segments reach. Returns the number up to which nobody is left to be looked at.
pub(crate) fn each_next(
    db: &Db<'_>,
    hasher: &KeyHasher,
    matching: Matching<'_>,
    (after, last): (i64, i64),
    segments: i64,
    mut each: impl FnMut(i64) -> ControlFlow<()>,
) -> Result<i64, StoreError> {
    let Matching { query, connection } = matching;
    let mut filter = Filter::new(db, query, connection)?;
    let ended = Cell::new(None);
    let mut tell = |pk: i64| {
        let flow = each(pk);
        if flow.is_break() {
            ended.set(Some(pk));
        }
        flow
    };
    if let Some(query) = query
        && let Some(mut pks) = candidates(db, hasher, query)?
    {
        pks.retain(|pk| (after + 1..=last).contains(pk));
        fetch(db, &pks, connection, |index, packed| {
            if filter.matches(packed) {
                tell(pks[index])
            } else {
                ControlFlow::Continue(())
            }
        })?;
        return Ok(ended.get().unwrap_or(last));
    }
    let first = segment_of(after + 1);
    let final_segment = segment_of(last).min(first + segments - 1);
    for segment in first..=final_segment {
        let range = (
            first_of(segment).max(after + 1),
            numbers(segment).1.min(last),
        );
        filter.each_match(db, range, |pk, _| tell(pk))?;
        if ended.get().is_some() {
            break;
        }
    }
    // Nothing was looked at where `after` is the last.
    let looked_at = numbers(final_segment).1.min(last).max(after);
    Ok(ended.get().unwrap_or(looked_at))
}
