//! Paths into a profile: `user_metadata.address.city`, `identities[0].connection`.
//!
//! ```text
//! path = [ "user." ] key { "." key | "[" digits "]" }
//! key  = one or more characters except `.`, `[` and `]`
//! ```
//! Keys of a profile may hold dots themselves (`https://example.com/roles`), so where a step leads nowhere it is tried
//! together with the next ones as one key.

use std::ops::Range;

use crate::json::RawJson;

/// Where a value stands in a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Without a leading `user.`.
    text: String,
    steps: Vec<Step>,
}

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    /// The step in the path's text, with its brackets, without its dot.
    span: Range<usize>,
    /// Set: an element; else a member.
    index: Option<usize>,
}

/// A text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is no field name: {problem} (character {position})")]
pub struct PathError {
    pub path: String,
    /// Character, counted from 1.
    pub position: usize,
    pub problem: &'static str,
}

impl Path {
    /// Reads a path.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let text = path.strip_prefix("user.").unwrap_or(path);
        let mut steps: Vec<Step> = Vec::new();
        let mut at = 0;
        loop {
            let step = match text[at..].bytes().next() {
                Some(b'[') if !steps.is_empty() => index(text, at),
                Some(b'.') if !steps.is_empty() => key(text, at + 1),
                None if !steps.is_empty() => {
                    return Ok(Self {
                        text: text.to_owned(),
                        steps,
                    });
                }
                _ if steps.is_empty() => key(text, at),
                _ => Err((at, "expected `.`, `[` or the end after `]`")),
            };
            let step = step.map_err(|(at, problem)| {
                let before = path.len() - text.len() + at;
                let position = path[..before].chars().count() + 1;
                PathError {
                    path: path.to_owned(),
                    position,
                    problem,
                }
            })?;
            at = step.span.end;
            steps.push(step);
        }
    }

    /// Returns the value in a profile, if it is there.
    pub fn get<'a>(&self, profile: RawJson<'a>) -> Option<RawJson<'a>> {
        self.find(profile, 0)
    }

    /// Returns the first key.
    pub(super) fn root(&self) -> &str {
        self.steps
            .first()
            .map_or("", |step| &self.text[step.span.clone()])
    }

    /// Returns whether the path is one key.
    pub(super) fn is_key(&self) -> bool {
        self.steps.len() == 1
    }

    /// Returns the value below the value of the first key.
    pub(super) fn get_below<'a>(&self, root: RawJson<'a>) -> Option<RawJson<'a>> {
        self.find(root, 1)
    }

    /// Visits no value twice: the keys that lead to it are the path's text up to a certain step.
    fn find<'a>(&self, value: RawJson<'a>, from: usize) -> Option<RawJson<'a>> {
        let Some(step) = self.steps.get(from) else {
            return Some(value);
        };
        if let Some(index) = step.index {
            return self.find(value.elements().nth(index)?, from + 1);
        }
        (from..self.steps.len()).find_map(|last| {
            let key = &self.text[step.span.start..self.steps[last].span.end];
            self.find(value.get(key)?, last + 1)
        })
    }
}

type Problem = (usize, &'static str);

fn key(text: &str, start: usize) -> Result<Step, Problem> {
    let rest = &text[start..];
    let end = start + rest.find(['.', '[', ']']).unwrap_or(rest.len());
    match text[end..].bytes().next() {
        Some(b']') => Err((end, "`]` without `[`")),
        _ if end == start => Err((start, "a name is missing")),
        _ => Ok(Step {
            span: start..end,
            index: None,
        }),
    }
}

fn index(text: &str, start: usize) -> Result<Step, Problem> {
    let digits = start + 1;
    let Some(length) = text[digits..].find(|c: char| !c.is_ascii_digit()) else {
        return Err((text.len(), "`]` is missing"));
    };
    let end = digits + length;
    if length == 0 || !text[end..].starts_with(']') {
        return Err((end, "only digits may stand in `[…]`"));
    }
    match text[digits..end].parse() {
        Ok(index) => Ok(Step {
            span: start..end + 1,
            index: Some(index),
        }),
        Err(_) => Err((digits, "the number is too large")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = r#"{"user_metadata":{"a":{"b":1},"c.d":2,"a.b":3,"x":null},"identities":
        [{"connection":"db"},[7,8]],"https://x.io/roles":["r"],"app_metadata.plan":"p","t":"s"}"#;

    fn get(path: &str) -> Option<&'static str> {
        Path::parse(path)
            .unwrap()
            .get(RawJson::trusted(PROFILE))
            .map(RawJson::text)
    }

    fn error(path: &str) -> String {
        Path::parse(path).unwrap_err().to_string()
    }

    #[test]
    fn finds_members_and_elements() {
        assert_eq!(get("user_metadata.a.b"), Some("1"));
        assert_eq!(get("user.user_metadata.x"), Some("null"));
        assert_eq!(get("identities[0].connection"), Some("\"db\""));
        assert_eq!(get("identities[1][1]"), Some("8"));
        for absent in [
            "user_metadata.z",
            "identities[2]",
            "t.x",
            "t[0]",
            "identities.connection",
        ] {
            assert_eq!(get(absent), None, "{absent}");
        }
    }

    #[test]
    fn keys_with_dots_are_found_when_there_is_nothing_nested() {
        assert_eq!(get("user_metadata.c.d"), Some("2"));
        assert_eq!(get("https://x.io/roles[0]"), Some("\"r\""));
        assert_eq!(get("app_metadata.plan"), Some("\"p\""));
    }

    #[test]
    fn what_is_no_path_is_refused_with_its_place() {
        insta::assert_snapshot!(error(""), @"`` is no field name: a name is missing (character 1)");
        insta::assert_snapshot!(error("user.é..b"), @"`user.é..b` is no field name: a name is missing (character 8)");
        insta::assert_snapshot!(error("a."), @"`a.` is no field name: a name is missing (character 3)");
        insta::assert_snapshot!(error("a[x]"), @"`a[x]` is no field name: only digits may stand in `[…]` (character 3)");
        insta::assert_snapshot!(error("a[1"), @"`a[1` is no field name: `]` is missing (character 4)");
        insta::assert_snapshot!(error("a]"), @"`a]` is no field name: `]` without `[` (character 2)");
        insta::assert_snapshot!(error("a[0]b"), @"`a[0]b` is no field name: expected `.`, `[` or the end after `]` (character 5)");
        insta::assert_snapshot!(error("[0]"), @"`[0]` is no field name: a name is missing (character 1)");
    }
}
