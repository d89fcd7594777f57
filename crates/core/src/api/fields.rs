//! `fields` and `include_fields`: an object reduced to some of its members, or to all but some.
//! Works on the text, so that what stays is written as it was.

use crate::json::{Kind, RawJson, push_string};

/// Which members of an object are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Paths of names; an array on the way is passed through. Empty: everything is wanted.
    paths: Vec<Vec<String>>,
    include: bool,
}

impl Selection {
    /// Reads a comma-separated list: `name,user_metadata.city`.
    pub fn parse(fields: Option<&str>, include: bool) -> Self {
        let paths = fields
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|field| !field.is_empty())
            .map(|field| field.split('.').map(str::to_owned).collect())
            .collect();
        Self { paths, include }
    }

    /// Wants these too, if it names what it wants.
    pub fn always(mut self, names: &[&str]) -> Self {
        if self.include && !self.paths.is_empty() {
            self.paths
                .extend(names.iter().map(|name| vec![(*name).to_owned()]));
        }
        self
    }

    /// Returns the object as it is wanted.
    pub fn apply(&self, object: RawJson<'_>) -> String {
        let mut out = String::with_capacity(object.text().len());
        if self.paths.is_empty() {
            out.push_str(object.text());
        } else {
            let paths: Vec<&[String]> = self.paths.iter().map(Vec::as_slice).collect();
            push(object, &paths, self.include, &mut out);
        }
        out
    }
}

/// Returns a profile with only these fields, or without them.
pub fn select_fields(profile: RawJson<'_>, fields: &str, include: bool) -> String {
    Selection::parse(Some(fields), include).apply(profile)
}

fn push(value: RawJson<'_>, paths: &[&[String]], include: bool, out: &mut String) {
    match value.kind() {
        Kind::Object => push_object(value, paths, include, out),
        Kind::Array => {
            out.push('[');
            for (at, element) in value.elements().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push(element, paths, include, out);
            }
            out.push(']');
        }
        _ => out.push_str(value.text()),
    }
}

fn push_object(object: RawJson<'_>, paths: &[&[String]], include: bool, out: &mut String) {
    out.push('{');
    let start = out.len();
    for member in object.members() {
        let name = member.name();
        let named: Vec<&[String]> = paths
            .iter()
            .filter(|path| path.first().is_some_and(|first| *first == name))
            .map(|p| &p[1..])
            .collect();
        let whole = named.iter().any(|rest| rest.is_empty());
        if (named.is_empty() && include) || (whole && !include) {
            continue;
        }
        if out.len() > start {
            out.push(',');
        }
        push_string(out, &name);
        out.push(':');
        if named.is_empty() || whole {
            out.push_str(member.value.text());
        } else {
            push(member.value, &named, include, out);
        }
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = r#"{"email":"a@b.example","identities":[{"connection":"c","provider":"auth0"}],"user_metadata":{"n":1.50,"a\"b":{"c":1,"d":[2]}}}"#;

    fn selected(fields: &str, include: bool) -> String {
        select_fields(RawJson::trusted(USER), fields, include)
    }

    #[test]
    fn keeps_what_is_asked_for() {
        assert_eq!(selected("", true), USER);
        assert_eq!(
            selected("email,nothing", true),
            r#"{"email":"a@b.example"}"#
        );
        assert_eq!(selected("nothing", true), "{}");
        assert_eq!(
            selected("user_metadata.n", true),
            r#"{"user_metadata":{"n":1.50}}"#
        );
        assert_eq!(
            selected(" identities.connection ", true),
            r#"{"identities":[{"connection":"c"}]}"#
        );
        assert_eq!(
            selected("user_metadata.a\"b.c,user_metadata.x", true),
            r#"{"user_metadata":{"a\"b":{"c":1}}}"#
        );
    }

    #[test]
    fn drops_what_is_not_wanted() {
        assert_eq!(selected("", false), USER);
        assert_eq!(
            selected("identities,user_metadata", false),
            r#"{"email":"a@b.example"}"#
        );
        assert_eq!(
            selected("identities.provider,user_metadata.a\"b", false),
            r#"{"email":"a@b.example","identities":[{"connection":"c"}],"user_metadata":{"n":1.50}}"#
        );
    }

    #[test]
    fn some_members_are_always_there() {
        let lists = Selection::parse(Some("user_metadata"), true).always(&["email"]);
        assert!(
            lists
                .apply(RawJson::trusted(USER))
                .starts_with(r#"{"email":"#)
        );
        let all = Selection::parse(None, true).always(&["email"]);
        assert_eq!(all.apply(RawJson::trusted(USER)), USER);
    }
}
