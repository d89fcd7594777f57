//! Flat keys as a CSV export has them (`user_metadata.address.city`), put back into one object.

use std::borrow::Cow;

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::import::codes::Code;
use crate::import::problem::{Hinted, at, echo};
use crate::json::{self, MAX_DEPTH, RawJson};
use crate::row::RowError;

/// Flat keys of one object, with their values.
#[derive(Default)]
pub(crate) struct Dotted<'a> {
    members: Vec<(usize, Cow<'a, str>, RawJson<'a>)>,
}

impl<'a> Dotted<'a> {
    pub(crate) fn push(&mut self, offset: usize, key: Cow<'a, str>, value: RawJson<'a>) {
        self.members.push((offset, key, value));
    }

    /// Returns where the first key stands.
    pub(crate) fn first(&self) -> Option<(usize, &str)> {
        self.members
            .first()
            .map(|(offset, key, _)| (*offset, key.as_ref()))
    }

    /// Returns the object as canonical JSON text, or each key that does not fit with its place.
    pub(crate) fn build(&self) -> Result<String, Vec<(usize, RowError)>> {
        let mut root = IndexMap::new();
        let mut errors = Vec::new();
        for (offset, key, value) in &self.members {
            // The first segment is the attribute itself.
            let segments = key.split('.').skip(1);
            if let Err(error) =
                check_key(key).and_then(|()| insert(&mut root, segments, *value, key))
            {
                errors.push((*offset, error));
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut out = String::new();
        write_branch(&root, &mut out);
        Ok(out)
    }
}

enum Node<'a> {
    Leaf(RawJson<'a>),
    Branch(Branch<'a>),
}

type Branch<'a> = IndexMap<&'a str, Node<'a>>;

fn check_key(key: &str) -> Result<(), RowError> {
    let segments = key.split('.');
    if segments.clone().count() > MAX_DEPTH as usize {
        let message = format!("objects lie more than {MAX_DEPTH} levels deep");
        return Err(at(Code::InvalidValue, &echo(key), &message).hinted("flatten the value"));
    }
    let is_element = |segment: &str| {
        let index = segment
            .strip_suffix(']')
            .and_then(|rest| rest.rsplit_once('['));
        index.is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    if segments.skip(1).any(is_element) {
        let message = "an array cannot be put together from its elements";
        let hint = "give the whole array under the key before the `[`";
        return Err(at(Code::InvalidValue, &echo(key), message).hinted(hint));
    }
    Ok(())
}

fn insert<'a>(
    root: &mut Branch<'a>,
    segments: impl Iterator<Item = &'a str>,
    value: RawJson<'a>,
    key: &str,
) -> Result<(), RowError> {
    let clash = || {
        let message = "one of the row's keys holds a value where another one needs an object";
        at(Code::InvalidValue, &echo(key), message).hinted("keep either the object or its members")
    };
    let mut branch = root;
    let mut segments = segments.peekable();
    while let Some(segment) = segments.next() {
        if segments.peek().is_none() {
            return match branch.entry(segment) {
                Entry::Occupied(_) => Err(clash()),
                Entry::Vacant(place) => {
                    place.insert(Node::Leaf(value));
                    Ok(())
                }
            };
        }
        match branch
            .entry(segment)
            .or_insert_with(|| Node::Branch(Branch::new()))
        {
            Node::Branch(next) => branch = next,
            Node::Leaf(_) => return Err(clash()),
        }
    }
    Ok(())
}

fn write_branch(branch: &Branch<'_>, out: &mut String) {
    out.push('{');
    for (i, (key, node)) in branch.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        json::push_string(out, key);
        out.push(':');
        match node {
            Node::Leaf(value) => json::canonical(value.text(), out),
            Node::Branch(inner) => write_branch(inner, out),
        }
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(members: &[(&'static str, &'static str)]) -> Result<String, Vec<String>> {
        let mut dotted = Dotted::default();
        for (key, value) in members {
            dotted.push(0, Cow::Borrowed(key), RawJson::trusted(value));
        }
        let words = |(_, error): (usize, RowError)| error.message;
        dotted
            .build()
            .map_err(|errors| errors.into_iter().map(words).collect())
    }

    #[test]
    fn puts_keys_back_in_their_order() {
        let members = [
            ("m.b.c", "[1, 2.50]"),
            ("m.a", "\"x\\/\""),
            ("m.b.d.e", "null"),
            ("m.\"", "{}"),
        ];
        let object = r#"{"b":{"c":[1,2.50],"d":{"e":null}},"a":"x/","\"":{}}"#;
        assert_eq!(build(&members), Ok(object.to_owned()));
    }

    #[test]
    fn a_key_beneath_a_value_is_an_error_in_either_order() {
        for members in [
            [("m.a", "1"), ("m.a.b", "2")],
            [("m.a.b", "2"), ("m.a", "1")],
        ] {
            assert_eq!(build(&members).unwrap_err().len(), 1);
        }
    }

    #[test]
    fn elements_and_bottomless_keys_are_errors() {
        let deep: &'static str = Box::leak(format!("m{}", ".a".repeat(100_000)).into_boxed_str());
        let errors = build(&[("m.tags[0]", "1"), (deep, "1"), ("m.a[b]", "1")]).unwrap_err();
        assert_eq!(errors.len(), 2);
        assert!(errors[0].contains("an array cannot be put together"));
        assert!(errors[1].contains("64 levels"));
    }
}
