//! The order of a search: one attribute, up or down.

use std::fmt;

use super::attribute::Attribute;

/// How users are to be sorted. Those without a value come last either way; equals stay in the order they were stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub attribute: Attribute,
    pub descending: bool,
}

/// A text that is no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no order: {problem}; expected FIELD:1 (ascending) or FIELD:-1 (descending)")]
pub struct SortError {
    pub text: String,
    pub problem: String,
}

impl Sort {
    /// Reads `created_at:-1`; without a direction it is ascending.
    pub fn parse(text: &str) -> Result<Self, SortError> {
        let error = |problem: &str| SortError {
            text: text.to_owned(),
            problem: problem.to_owned(),
        };
        let (name, descending) = match text.rsplit_once(':') {
            // The colon is part of a key.
            Some((name, _)) if name.ends_with('\\') => (text, false),
            None => (text, false),
            Some((name, "1")) => (name, false),
            Some((name, "-1")) => (name, true),
            Some((_, direction)) => {
                return Err(error(&format!("`{direction}` is no direction")));
            }
        };
        let attribute = Attribute::parse(name.trim()).map_err(|e| error(e.problem))?;
        Ok(Self {
            attribute,
            descending,
        })
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.descending { "-1" } else { "1" };
        write!(f, "{}:{direction}", self.attribute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_and_printed() {
        let read = |text| Sort::parse(text).unwrap().to_string();
        assert_eq!(read("created_at:-1"), "created_at:-1");
        assert_eq!(read("user_metadata.age:1"), "user_metadata.age:1");
        assert_eq!(read("email"), "email:1");
        assert_eq!(
            read(r"app_metadata.https\:\/\/x.io\/n:-1"),
            r"app_metadata.https\:\/\/x.io\/n:-1"
        );
        assert_eq!(read(r"app_metadata.a\:"), r"app_metadata.a\::1");
    }

    #[test]
    fn what_is_no_order_is_refused() {
        let refused = |text| Sort::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(refused("email:2"), @"`email:2` is no order: `2` is no direction; expected FIELD:1 (ascending) or FIELD:-1 (descending)");
        insta::assert_snapshot!(refused(":1"), @"`:1` is no order: a key is missing; expected FIELD:1 (ascending) or FIELD:-1 (descending)");
        assert!(Sort::parse("").is_err() && Sort::parse("a..b:1").is_err());
    }
}
