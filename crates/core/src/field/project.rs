//! Projects profiles onto columns: one pass over the root of a profile, whatever the number of columns.

use std::ops::Range;

use super::{Field, Path, PathError};
use crate::json::RawJson;
use crate::packed;

/// Finds the values of several fields at once.
#[derive(Debug, Clone)]
pub struct Projector {
    paths: Vec<Path>,
    roots: Vec<Root>,
    /// No path goes below the root: who has found all roots has found all there is.
    is_flat: bool,
    /// Memory for [`Self::with`] and [`Self::with_packed`]; holds nothing between two calls.
    cells: Vec<Option<RawJson<'static>>>,
    found: Vec<Found>,
    unpacked: String,
}

/// A root attribute that columns are under.
#[derive(Debug, Clone)]
struct Root {
    key: String,
    /// The key in its quotes, as most profiles spell it.
    quoted: String,
    columns: Vec<usize>,
}

/// Where the value of a root attribute stands.
#[derive(Debug, Clone)]
struct Found {
    root: usize,
    value: Range<usize>,
    /// In the memory for unpacked values, not in the profile.
    is_unpacked: bool,
}

/// What a key of a profile is to the columns.
enum Role {
    Root(usize),
    /// It goes on where a path has its first dot or bracket.
    Joined,
    None,
}

impl Projector {
    /// Prepares the fields.
    pub fn new(fields: &[Field]) -> Result<Self, PathError> {
        let paths: Vec<_> = fields
            .iter()
            .map(|field| Path::parse(&field.name))
            .collect::<Result<_, _>>()?;
        let mut roots: Vec<Root> = Vec::new();
        for (column, path) in paths.iter().enumerate() {
            match roots.iter_mut().find(|root| root.key == path.root()) {
                Some(root) => root.columns.push(column),
                None => roots.push(Root {
                    key: path.root().to_owned(),
                    quoted: format!("\"{}\"", path.root()),
                    columns: vec![column],
                }),
            }
        }
        Ok(Self {
            is_flat: paths.iter().all(Path::is_key),
            paths,
            roots,
            cells: Vec::new(),
            found: Vec::new(),
            unpacked: String::new(),
        })
    }

    /// Puts the value of every field into `cells`, in the order of the fields; `None` where there is none.
    pub fn project<'a>(&self, profile: RawJson<'a>, cells: &mut Vec<Option<RawJson<'a>>>) {
        cells.clear();
        cells.resize(self.paths.len(), None);
        let mut missing = self.roots.len();
        let mut joined = false;
        for member in profile.members() {
            match self.role(member.key) {
                Role::Root(root) => {
                    self.fill(root, member.value, cells);
                    missing = missing.saturating_sub(1);
                }
                Role::Joined => joined = true,
                Role::None => {}
            }
            if missing == 0 && cells.iter().all(Option::is_some) {
                return;
            }
        }
        if joined {
            self.fill_in(profile, cells);
        }
    }

    /// Hands the values of every field to `read`, in memory that is used again.
    pub(crate) fn with<'a, T>(
        &mut self,
        profile: RawJson<'a>,
        read: impl FnOnce(&[Option<RawJson<'a>>]) -> T,
    ) -> T {
        let mut cells = recycle(std::mem::take(&mut self.cells));
        self.project(profile, &mut cells);
        let result = read(&cells);
        self.cells = recycle(cells);
        result
    }

    /// Does the same for a packed profile, of which it unpacks what is asked for alone.
    pub(crate) fn with_packed<T>(
        &mut self,
        packed: &str,
        read: impl FnOnce(&[Option<RawJson<'_>>]) -> T,
    ) -> T {
        let mut unpacked = std::mem::take(&mut self.unpacked);
        let mut found = std::mem::take(&mut self.found);
        unpacked.clear();
        found.clear();
        let result = if self.find_roots(packed, &mut unpacked, &mut found) {
            let mut cells = recycle(std::mem::take(&mut self.cells));
            cells.resize(self.paths.len(), None);
            for Found {
                root,
                value,
                is_unpacked,
            } in &found
            {
                let text = if *is_unpacked { &unpacked } else { packed };
                self.fill(*root, RawJson::trusted(&text[value.clone()]), &mut cells);
            }
            let result = read(&cells);
            self.cells = recycle(cells);
            result
        } else {
            unpacked.clear();
            packed::unpack(packed, &mut unpacked);
            self.with(RawJson::trusted(&unpacked), read)
        };
        self.unpacked = unpacked;
        self.found = found;
        result
    }

    /// Finds the root attributes that columns are under; returns whether that is all there is to find.
    fn find_roots(&self, packed: &str, unpacked: &mut String, found: &mut Vec<Found>) -> bool {
        for member in packed::members(packed) {
            match self.role(member.key) {
                Role::Root(root) if member.is_packed => {
                    let start = unpacked.len();
                    packed::unpack(&packed[member.value], unpacked);
                    found.push(Found {
                        root,
                        value: start..unpacked.len(),
                        is_unpacked: true,
                    });
                }
                Role::Root(root) => {
                    found.push(Found {
                        root,
                        value: member.value,
                        is_unpacked: false,
                    });
                }
                Role::Joined => return false,
                Role::None => {}
            }
            if self.is_flat && found.len() == self.roots.len() {
                return true;
            }
        }
        true
    }

    fn role(&self, quoted: &str) -> Role {
        if let Some(root) = self.roots.iter().position(|root| root.quoted == quoted) {
            return Role::Root(root);
        }
        // Keys are short: a plain loop is faster than a search function.
        if !quoted
            .bytes()
            .any(|byte| matches!(byte, b'\\' | b'.' | b'['))
        {
            return Role::None;
        }
        let name = crate::json::unescape(quoted);
        if let Some(root) = self.roots.iter().position(|root| root.key == *name) {
            return Role::Root(root);
        }
        if self.roots.iter().any(|root| is_joined(&name, &root.key)) {
            Role::Joined
        } else {
            Role::None
        }
    }

    /// Fills the columns under a root attribute.
    fn fill<'a>(&self, root: usize, value: RawJson<'a>, cells: &mut [Option<RawJson<'a>>]) {
        for &column in &self.roots[root].columns {
            if cells[column].is_none() {
                cells[column] = self.paths[column].get_below(value);
            }
        }
    }

    /// Looks for keys of the root that hold the dots of a path (`app_metadata.plan`): rare, so it may take its time.
    fn fill_in<'a>(&self, profile: RawJson<'a>, cells: &mut [Option<RawJson<'a>>]) {
        for (path, cell) in self
            .paths
            .iter()
            .zip(cells)
            .filter(|(_, cell)| cell.is_none())
        {
            *cell = path.get(profile);
        }
    }
}

/// Returns whether a key goes on where a path has its first dot or bracket.
fn is_joined(name: &str, root: &str) -> bool {
    name.strip_prefix(root)
        .is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// Returns an empty vector in the memory of another: references of one lifetime cannot stay in a vector for the next.
/// The standard library collects a mapped vector in place, so this costs nothing.
fn recycle<'b>(mut cells: Vec<Option<RawJson<'_>>>) -> Vec<Option<RawJson<'b>>> {
    cells.clear();
    cells.into_iter().map(|_| None).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn projector(names: &[&str]) -> Projector {
        let field = |name: &&str| Field {
            name: (*name).to_owned(),
            export_as: None,
        };
        Projector::new(&names.iter().map(field).collect::<Vec<_>>()).unwrap()
    }

    fn project<'a>(names: &[&str], profile: &'a str) -> Vec<Option<&'a str>> {
        let mut cells = Vec::new();
        projector(names).project(RawJson::trusted(profile), &mut cells);
        cells
            .into_iter()
            .map(|cell| cell.map(RawJson::text))
            .collect()
    }

    #[test]
    fn columns_keep_their_order_and_may_share_a_root() {
        let profile = r#"{"m":{"a":1,"b":{"c":[2]}},"email":"x","n\u0061me":null}"#;
        assert_eq!(
            project(
                &["name", "m.b.c[0]", "email", "m.a", "m", "m.z", "z", "email"],
                profile
            ),
            [
                Some("null"),
                Some("2"),
                Some("\"x\""),
                Some("1"),
                Some(r#"{"a":1,"b":{"c":[2]}}"#),
                None,
                None,
                Some("\"x\"")
            ]
        );
    }

    #[test]
    fn root_keys_with_dots_are_found() {
        assert_eq!(
            project(&["m.a", "m.b"], r#"{"m.b":2,"m":{"a":1}}"#),
            [Some("1"), Some("2")]
        );
    }

    #[test]
    fn memory_is_used_again() {
        let mut projector = projector(&["a", "b"]);
        projector.with(RawJson::trusted("{}"), |_| ());
        let memory = projector.cells.as_ptr();
        let count = projector.with(RawJson::trusted(r#"{"a":1}"#), |cells| cells.len());
        assert_eq!((count, projector.cells.as_ptr()), (2, memory));
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![Just(serde_json::Value::Null), (0..9).prop_map(Into::into)];
        leaf.prop_recursive(4, 40, 4, |inner| {
            let key = "[ab]([.][ab]){0,2}";
            let object = prop::collection::vec((key, inner.clone()), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect()));
            prop_oneof![
                prop::collection::vec(inner, 0..3).prop_map(Into::into),
                object
            ]
        })
    }

    proptest! {
        #[test]
        fn projecting_all_finds_what_each_path_finds(
            profile in value(),
            names in prop::collection::vec("[ab]([.][ab]|\\[[01]\\]){0,3}", 1..6),
        ) {
            let text = profile.to_string();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let expected: Vec<_> = names
                .iter()
                .map(|name| Path::parse(name).unwrap().get(RawJson::trusted(&text)).map(RawJson::text))
                .collect();
            prop_assert_eq!(project(&names, &text), expected.clone());
            let mut packed = String::new();
            if profile.is_object() {
                packed::pack(&text, &mut packed);
                let cells = projector(&names).with_packed(&packed, |cells| {
                    cells.iter().map(|cell| cell.map(|cell| cell.text().to_owned())).collect::<Vec<_>>()
                });
                let expected: Vec<_> = expected.into_iter().map(|cell| cell.map(str::to_owned)).collect();
                prop_assert_eq!(cells, expected);
            }
        }
    }
}
