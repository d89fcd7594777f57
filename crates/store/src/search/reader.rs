//! Searching inside a snapshot, for those who go through all users: exports and bulk edits.

use std::ops::ControlFlow;

use purser_core::index::segment_of;
use purser_core::query::{Query, Sort};

use super::filter::Filter;
use super::profiles;
use super::sort::{First, Keys, SortKey};
use crate::error::StoreError;
use crate::snapshot::SnapshotReader;

impl SnapshotReader {
    /// Makes a query ready for this thread.
    pub fn filter(
        &self,
        query: Option<&Query>,
        connection: Option<i64>,
    ) -> Result<Filter, StoreError> {
        Filter::new(&self.db(), query, connection)
    }

    /// Makes an order ready for this thread.
    pub fn keys(&self, sort: &Sort) -> Result<Keys, StoreError> {
        Keys::new(&self.db(), sort)
    }

    /// Hands the matching users numbered `from..=to`, all of one segment, to `each`: number and packed profile, in order,
    /// until it breaks.
    pub fn each_match(
        &self,
        filter: &mut Filter,
        (from, to): (i64, i64),
        each: impl FnMut(i64, &str) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        filter.each_match(&self.db(), (from, to), each)
    }

    /// Returns the matching users of the segment that begins with `from`, sorted; of more than `most` the first.
    pub fn sorted(
        &self,
        filter: &mut Filter,
        keys: &mut Keys,
        from: i64,
        most: usize,
    ) -> Result<Vec<SortKey>, StoreError> {
        let (db, segment) = (self.db(), segment_of(from));
        let users = filter.matching(&db, segment)?;
        let mut first = First::new(most, keys.descending());
        if !users.is_empty() {
            keys.offer(&db, filter, segment, &users, &mut first)?;
        }
        Ok(first.into_sorted())
    }

    /// Hands the packed profiles of some users to `each`, in the order of `pks`; users that are not there are left out.
    pub fn each_of(
        &self,
        pks: &[i64],
        mut each: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        profiles::fetch(&self.db(), pks, None, |_, packed| each(packed))
    }
}
