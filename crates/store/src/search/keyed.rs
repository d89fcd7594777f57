//! Queries that only users with certain keys can match: `user_id:"auth0|1"`, `email:a@b.example OR email:c@d.example`.
//! The commonest requests of all, and they need not look at a single segment.

use std::ops::Bound;

use purser_core::query::{Expr, Leaf, OwnedScalar, Query, Span, fold};

use crate::db::{Db, values};
use crate::error::StoreError;
use crate::keys::{KeyHasher, KeyKind, LOOK_UP};

/// More keys than this are no longer looked up one by one.
const MOST_KEYS: usize = 1000;

/// A key that a matching user has.
type Key = (KeyKind, String);

/// Returns the numbers, in order, of the users who may match, if keys tell; the profiles decide.
pub(super) fn candidates(
    db: &Db<'_>,
    hasher: &KeyHasher,
    query: &Query,
) -> Result<Option<Vec<i64>>, StoreError> {
    let Some(keys) = keys_of(query.expr()).filter(|keys| keys.len() <= MOST_KEYS) else {
        return Ok(None);
    };
    let mut found = Vec::new();
    for (kind, value) in keys {
        found.extend(db.rows(
            "looking for users by key",
            LOOK_UP,
            values![hasher.hash(kind, &value)],
            |row| row.int(0),
        )?);
    }
    found.sort_unstable();
    found.dedup();
    Ok(Some(found))
}

/// Returns keys of which every matching user has one; `None` if there are none such.
fn keys_of(expr: &Expr) -> Option<Vec<Key>> {
    match expr {
        Expr::All | Expr::Not(_) => None,
        Expr::Nothing => Some(vec![]),
        Expr::Leaf(leaf) => keys_of_leaf(leaf),
        Expr::Every(inner) => inner.iter().filter_map(keys_of).min_by_key(Vec::len),
        Expr::Any(inner) => {
            let keys: Option<Vec<Vec<Key>>> = inner.iter().map(keys_of).collect();
            Some(keys?.concat())
        }
    }
}

fn keys_of_leaf(leaf: &Leaf) -> Option<Vec<Key>> {
    let name = leaf.attribute.name();
    let kind = KeyKind::ALL
        .into_iter()
        .find(|kind| kind.attribute() == name)?;
    let values: Option<Vec<&str>> = leaf.test.spans()?.iter().map(only).collect();
    let key = |value: &str| match kind {
        KeyKind::Email | KeyKind::Username => (kind, fold(value).into_owned()),
        KeyKind::UserId | KeyKind::Phone => (kind, value.to_owned()),
    };
    Some(values?.into_iter().map(key).collect())
}

/// Returns the only text in an interval.
fn only(span: &Span) -> Option<&str> {
    match span {
        Span::Between(
            Bound::Included(OwnedScalar::Text(lower)),
            Bound::Included(OwnedScalar::Text(upper)),
        ) if lower == upper => Some(lower),
        _ => None,
    }
}
