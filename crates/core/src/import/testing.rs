//! What the tests of the import share: rules, and errors in one line each.

use crate::connection::{Strategy, UsernameRules};
use crate::import::{Attribute, NewUser, Rules, validate};
use crate::row::RowError;

/// Returns the rules of a database connection with usernames.
pub(crate) fn rules() -> Rules {
    Rules {
        strategy: Strategy::database(),
        username: UsernameRules {
            allowed: true,
            min: 1,
            max: 15,
        },
        keep_prefix: false,
        strict: false,
    }
}

pub(crate) fn strict() -> Rules {
    Rules {
        strict: true,
        ..rules()
    }
}

pub(crate) fn strategy(name: &str) -> Rules {
    Rules {
        strategy: Strategy::new(name),
        ..rules()
    }
}

/// Returns what a row that is right sets.
pub(crate) fn user(row: &str) -> NewUser<'_> {
    validate(row, &rules()).unwrap()
}

/// Returns the errors of a row, one a line: `CODE path: message (hint)`.
pub(crate) fn errors(row: &str) -> String {
    lines(validate(row, &rules()).unwrap_err())
}

/// Returns the names and values of the attributes that a row sets.
pub(crate) fn set<'u>(user: &'u NewUser<'_>) -> Vec<(&'static str, &'u str)> {
    let value = |a: Attribute| {
        user.attributes[a as usize]
            .as_deref()
            .map(|v| (a.name(), v))
    };
    Attribute::ALL.into_iter().filter_map(value).collect()
}

pub(crate) fn lines(errors: Vec<RowError>) -> String {
    let line = |error: RowError| {
        let RowError {
            code,
            message,
            path,
            hint,
        } = error;
        let path = path.map(|path| format!(" {path}")).unwrap_or_default();
        let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{}{path}: {message}{hint}", code.as_str())
    };
    errors.into_iter().map(line).collect::<Vec<_>>().join("\n")
}
