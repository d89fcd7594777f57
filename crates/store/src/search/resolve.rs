//! Those of whom only the profile can tell.

use std::ops::ControlFlow;

use purser_core::index::{Bits, Bounds, first_of, place_of, segment_of};

use super::filter::{Filter, numbers};
use super::profiles::{fetch, scan};
use crate::db::Db;
use crate::error::StoreError;

/// One user in so many numbers is read faster by itself than with all that lie between: in this process, and from a server.
const SPARSE: usize = 8;
const SPARSE_REMOTE: usize = 64;

/// Hands the profiles of `wanted`, places of the numbers `from..=to` of one segment, to `each`, in order; those that are
/// there, of the filter's connection.
pub(super) fn read(
    db: &Db<'_>,
    (connection, needle): (Option<i64>, Option<&str>),
    (from, to): (i64, i64),
    wanted: &Bits,
    mut each: impl FnMut(i64, &str) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let count = wanted.count();
    if count == 0 {
        return Ok(());
    }
    let one_in = match db.as_sqlite() {
        Some(_) => SPARSE,
        None => SPARSE_REMOTE,
    };
    let width = place_of(to) + 1 - place_of(from);
    if count * one_in <= width {
        let first = first_of(segment_of(from));
        let pks: Vec<i64> = wanted.iter().map(|place| first + place as i64).collect();
        return fetch(db, &pks, connection, |index, packed| {
            each(pks[index], packed)
        });
    }
    scan(db, (from, to), connection, needle, |pk, packed| {
        if wanted.contains(place_of(pk)) {
            each(pk, packed)
        } else {
            ControlFlow::Continue(())
        }
    })
}

impl Filter {
    /// Returns who of a segment matches.
    pub(super) fn matching(&mut self, db: &Db<'_>, segment: i64) -> Result<Bits, StoreError> {
        let Bounds { mut sure, maybe } = self.bounds(db, segment)?;
        let mut open = maybe;
        open.subtract(&sure);
        let needle = self.needle().map(str::to_owned);
        let connection = self.connection;
        read(
            db,
            (connection, needle.as_deref()),
            numbers(segment),
            &open,
            |pk, packed| {
                if self.matches(packed) {
                    sure.insert(place_of(pk));
                }
                ControlFlow::Continue(())
            },
        )?;
        Ok(sure)
    }

    /// Hands the matching users numbered `from..=to`, all of one segment, to `each`, in order.
    pub(crate) fn each_match(
        &mut self,
        db: &Db<'_>,
        (from, to): (i64, i64),
        mut each: impl FnMut(i64, &str) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut bounds = if self.takes_all() {
            // Nothing to ask: whoever is there.
            Bounds {
                sure: Bits::none(),
                maybe: Bits::all(),
            }
        } else {
            self.bounds(db, segment_of(from))?
        };
        bounds.maybe.keep_range(place_of(from), place_of(to) + 1);
        let needle = bounds
            .sure
            .is_empty()
            .then(|| self.needle().map(str::to_owned))
            .flatten();
        let sure = bounds.sure;
        let filter = (self.connection, needle.as_deref());
        let judge = |pk: i64, packed: &str| {
            if sure.contains(place_of(pk)) || self.matches(packed) {
                each(pk, packed)
            } else {
                ControlFlow::Continue(())
            }
        };
        read(db, filter, (from, to), &bounds.maybe, judge)
    }
}
