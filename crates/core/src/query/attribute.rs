//! Attributes of a profile, and how their values compare.

use std::fmt;
use std::sync::Arc;

use super::print;

/// How the values of an attribute are read and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Texts whose case is folded.
    Folded,
    /// Texts as they are.
    Keyword,
    Boolean,
    Number,
    /// Points in time: milliseconds since 1970 as a number.
    Date,
    /// Whatever stands there: booleans, numbers and texts as they are.
    Metadata,
}

/// A class and the keys that lead to a value. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attribute(Arc<Inner>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Inner {
    class: Class,
    keys: Vec<String>,
}

/// A text that names no attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no attribute: {problem}")]
pub struct AttributeError {
    pub name: String,
    pub problem: &'static str,
}

impl Attribute {
    /// Reads a name: keys with dots between them; what is odd in a key stands behind a `\`.
    /// Any attribute of a profile has one, also those that cannot be searched.
    pub fn parse(name: &str) -> Result<Self, AttributeError> {
        let error = |problem| AttributeError {
            name: name.to_owned(),
            problem,
        };
        let mut path = String::with_capacity(name.len());
        let mut chars = name.chars();
        while let Some(c) = chars.next() {
            path.push(match c {
                '\\' => chars
                    .next()
                    .ok_or_else(|| error("nothing stands behind the `\\` at its end"))?,
                _ => c,
            });
        }
        Self::of_path(&path).ok_or_else(|| error("a key is missing"))
    }

    /// Returns the attribute of a path without escapes; `None` if a key is empty.
    ///
    /// Every dot separates two keys. A key of a profile may hold dots itself: then several keys of the path together are
    /// that key.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        let keys: Vec<String> = path.split('.').map(str::to_owned).collect();
        if keys.iter().any(String::is_empty) {
            return None;
        }
        let class = class_of(path);
        Some(Self(Arc::new(Inner { class, keys })))
    }

    /// Returns how its values compare.
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// Returns the keys from the root of a profile down.
    pub fn keys(&self) -> &[String] {
        &self.0.keys
    }

    /// Returns the name as queries spell it; [`Self::parse`] reads it back.
    pub fn name(&self) -> String {
        let mut out = String::new();
        print::push_name(&self.0.keys.join("."), &mut out);
        out
    }

    /// Returns whether this is the part of the address behind its last `@`.
    pub(super) fn is_email_domain(&self) -> bool {
        matches!(self.keys(), [email, domain] if email == "email" && domain == "domain")
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

fn class_of(path: &str) -> Class {
    match path {
        "email" | "email.domain" | "name" | "given_name" | "family_name" | "nickname" => {
            Class::Folded
        }
        "user_id"
        | "username"
        | "phone_number"
        | "last_ip"
        | "identities.connection"
        | "identities.provider"
        | "identities.user_id" => Class::Keyword,
        "email_verified" | "phone_verified" | "blocked" | "identities.isSocial" => Class::Boolean,
        "logins_count" => Class::Number,
        "created_at" | "updated_at" | "last_login" => Class::Date,
        _ => Class::Metadata,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_classes_and_keys() {
        let of = |name| Attribute::parse(name).unwrap();
        assert_eq!(of("email").class(), Class::Folded);
        assert_eq!(of("email.domain").class(), Class::Folded);
        assert_eq!(of("identities.isSocial").class(), Class::Boolean);
        assert_eq!(of("multifactor.x").class(), Class::Metadata);
        assert_eq!(
            of(r"user_metadata.favorite\ food").keys()[1],
            "favorite food"
        );
        assert_eq!(of(r"app_metadata.a\.b"), of("app_metadata.a.b"));
    }

    #[test]
    fn a_name_is_read_back() {
        for name in [
            "email",
            "user_metadata.opt-in",
            r"user_metadata.favorite\ food",
            r"app_metadata.https\:\/\/x.io\/roles",
            r"\-a.b",
            r"\AND",
            r"user_metadata.a\\b\*",
        ] {
            let attribute = Attribute::parse(name).unwrap();
            assert_eq!(attribute.name(), name);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in ["", ".", "a.", ".a", "a..b", "a\\"] {
            assert!(Attribute::parse(name).is_err(), "{name}");
        }
    }
}
