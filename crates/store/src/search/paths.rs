//! Paths into the metadata that many users have: found while indexing, and indexed like any attribute.
//!
//! A path is noted when it is met in a sample of a segment. Segments that were indexed before are not indexed again for its
//! sake: where a block is missing, the profiles answer.

use std::collections::HashMap;
use std::ops::ControlFlow;

use purser_core::index::first_of;
use purser_core::json::{Kind, RawJson};
use purser_core::packed;
use purser_core::query::Attribute;

use super::attributes::{FIRST_PATH, MOST_PATHS, indexed};
use super::profiles::scan;
use crate::db::{Db, values};
use crate::error::StoreError;

/// Users looked at in a segment.
const SAMPLE: usize = 256;
/// A path is worth an index if one in so many users has it.
const ONE_IN: usize = 20;
/// How deep objects are looked into; deeper paths are few users' own.
const DEPTH: usize = 4;
/// Paths of a sample that are counted; a hostile profile may have a million keys.
const COUNTED: usize = 10_000;

const DOING: &str = "looking for common paths";

/// Returns paths that many users of the segment have and that have no index, the commonest first.
pub(super) fn common(db: &Db<'_>, segment: i64) -> Result<Vec<Attribute>, StoreError> {
    let room = db.row(DOING, "SELECT count(*) FROM common_paths", &[], |row| {
        row.count(0)
    })?;
    if room.unwrap_or(0) >= MOST_PATHS {
        return Ok(vec![]);
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut seen = 0;
    let range = super::filter::numbers(segment);
    debug_assert_eq!(range.0, first_of(segment));
    scan(db, range, None, None, |_, packed| {
        for root in ["user_metadata", "app_metadata"] {
            if let Some(value) = packed::get(packed, root) {
                count(root, RawJson::trusted(&value), DEPTH, &mut counts);
            }
        }
        seen += 1;
        if seen < SAMPLE {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    let there = indexed(db)?;
    let mut common: Vec<(usize, Attribute)> = counts
        .into_iter()
        .filter(|(_, users)| users * ONE_IN >= seen && *users > 1)
        .filter_map(|(path, users)| Some((users, Attribute::parse(&path).ok()?)))
        .filter(|(_, path)| there.iter().all(|index| index.attribute != *path))
        .collect();
    common.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.name().cmp(&y.name())));
    Ok(common.into_iter().map(|(_, path)| path).collect())
}

/// Notes paths as indexed from now on, as long as there is room.
pub(super) fn note(db: &Db<'_>, paths: &[Attribute]) -> Result<(), StoreError> {
    for path in paths {
        db.execute(
            DOING,
            "INSERT INTO common_paths (id, path)
             SELECT CAST(coalesce(max(id), ?1) + 1 AS BIGINT), ?2 FROM common_paths
             HAVING count(*) < ?3
             ON CONFLICT DO NOTHING",
            values![FIRST_PATH - 1, path.name().as_str(), MOST_PATHS],
        )?;
    }
    Ok(())
}

/// Counts the paths of the values below `path`, each once a user.
fn count(path: &str, value: RawJson<'_>, depth: usize, counts: &mut HashMap<String, usize>) {
    for member in value.members() {
        let key = member.name();
        // A dot in a key cannot be told from a step down.
        if key.is_empty() || key.contains('.') || counts.len() >= COUNTED {
            continue;
        }
        let path = format!("{path}.{}", escaped(&key));
        match member.value.kind() {
            Kind::Null => {}
            Kind::Object if depth > 1 => count(&path, member.value, depth - 1, counts),
            Kind::Object => {}
            Kind::Array if holds_no_scalar(member.value) => {}
            Kind::Array | Kind::Bool | Kind::Number | Kind::String => {
                *counts.entry(path).or_default() += 1;
            }
        }
    }
}

fn holds_no_scalar(array: RawJson<'_>) -> bool {
    let is_scalar = |kind| matches!(kind, Kind::Bool | Kind::Number | Kind::String);
    !array.elements().any(|element| is_scalar(element.kind()))
}

fn escaped(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for c in key.chars() {
        if !c.is_alphanumeric() && c != '_' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
