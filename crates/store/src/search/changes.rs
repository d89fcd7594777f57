//! Keeping indexes true: every write that touches a profile says so here, in its own transaction.
//!
//! A few changed users of a segment are noted one by one and read from their profiles until the segment is indexed again;
//! with many, or with new ones, the segment is no longer indexed.

use purser_core::index::segment_of;

use crate::db::{Db, values};
use crate::error::StoreError;

/// So many changed users of a segment are noted in one step; with more the segment is no longer indexed, for a step of an
/// import must not write a row here for each of its own.
const FEW: usize = 16;

const DOING: &str = "noting a change for the indexes";

/// Notes that one user was made, changed or deleted.
pub(crate) fn note_change(db: &Db<'_>, pk: i64) -> Result<(), StoreError> {
    db.execute(
        DOING,
        "INSERT INTO changed_users (pk) SELECT ?1
         WHERE EXISTS (SELECT 1 FROM segments WHERE segment = ?2)
         ON CONFLICT DO NOTHING",
        values![pk, segment_of(pk)],
    )
    .map(|_| ())
}

/// Notes many changed or deleted users, their numbers in order.
pub(crate) fn note_changes(db: &Db<'_>, pks: &[i64]) -> Result<(), StoreError> {
    debug_assert!(pks.is_sorted(), "numbers come in order");
    for changed in pks.chunk_by(|a, b| segment_of(*a) == segment_of(*b)) {
        let segment = segment_of(changed[0]);
        if changed.len() > FEW {
            forget(db, segment, segment)?;
        } else {
            for pk in changed {
                note_change(db, *pk)?;
            }
        }
    }
    Ok(())
}

/// Notes that a step made users numbered `first..=last`.
pub(crate) fn note_new(db: &Db<'_>, first: i64, last: i64) -> Result<(), StoreError> {
    forget(db, segment_of(first), segment_of(last))
}

/// Says that segments are not indexed. Their blocks stay where they are until better ones replace them.
fn forget(db: &Db<'_>, first: i64, last: i64) -> Result<(), StoreError> {
    db.execute(
        DOING,
        "UPDATE segments SET declared = NULL, users = NULL, token = token + 1
         WHERE segment BETWEEN ?1 AND ?2",
        values![first, last],
    )
    .map(|_| ())
}
