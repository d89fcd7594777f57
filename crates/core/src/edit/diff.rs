//! What an edit changes, field by field.

use super::path::shown;
use crate::json::{Kind, RawJson};
use crate::user::Profile;

/// One field, as JSON text before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Returns the fields that differ, without the time of the change.
pub fn differences(before: &Profile, after: &Profile) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(
        Some(before.raw()),
        Some(after.raw()),
        &mut Vec::new(),
        &mut found,
    );
    found.retain(|difference| difference.path != "updated_at");
    found
}

fn compare(
    before: Option<RawJson<'_>>,
    after: Option<RawJson<'_>>,
    keys: &mut Vec<String>,
    found: &mut Vec<Difference>,
) {
    if before.map(RawJson::text) == after.map(RawJson::text) {
        return;
    }
    // An object is told member by member, unless it has none.
    let mut there = [before, after].into_iter().flatten();
    let are_objects = there.clone().all(|json| json.kind() == Kind::Object);
    if !are_objects || there.all(|json| json.text() == "{}") {
        let text = |json: RawJson<'_>| json.text().to_owned();
        found.push(Difference {
            path: shown(keys),
            before: before.map(text),
            after: after.map(text),
        });
        return;
    }
    for member in before.into_iter().flat_map(RawJson::members) {
        let name = member.name();
        keys.push(name.clone().into_owned());
        compare(
            Some(member.value),
            after.and_then(|after| after.get(&name)),
            keys,
            found,
        );
        keys.pop();
    }
    for member in after.into_iter().flat_map(RawJson::members) {
        let name = member.name();
        if before.is_none_or(|before| before.get(&name).is_none()) {
            keys.push(name.into_owned());
            compare(None, Some(member.value), keys, found);
            keys.pop();
        }
    }
}
