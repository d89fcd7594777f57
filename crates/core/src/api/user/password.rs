//! How strong a password must be: the policy of the connection.

use serde_json::{Map, Value};

use crate::api::Refusal;

/// Bytes of a password that bcrypt looks at.
pub(super) const MAX_BYTES: usize = 72;

/// Returns the refusal of a password that is weaker than the connection's `options` ask for.
///
/// ```text
/// none 1 · low 6 · fair 8, lower, upper and digit · good 8, three kinds of four · excellent 10, three kinds, no
/// character three times in a row; `password_complexity_options.min_length` goes before the length
/// ```
pub(super) fn check(password: &str, options: &Map<String, Value>) -> Result<(), Refusal> {
    let policy = options
        .get("passwordPolicy")
        .and_then(Value::as_str)
        .unwrap_or("none");
    let own_length = options
        .get("password_complexity_options")
        .and_then(|o| o.get("min_length"));
    let own_length = own_length
        .and_then(Value::as_u64)
        .and_then(|n| usize::try_from(n).ok());
    let kinds = Kinds::of(password);
    let (length, strong) = match policy {
        "low" => (6, true),
        "fair" => (8, kinds.lower && kinds.upper && kinds.digit),
        "good" => (8, kinds.count() >= 3),
        "excellent" => (10, kinds.count() >= 3 && !repeats(password)),
        _ => (1, true),
    };
    if strong && password.chars().count() >= own_length.unwrap_or(length) {
        Ok(())
    } else {
        Err(Refusal::new(
            "PasswordStrengthError: Password is too weak",
            "auth0_idp_error",
        ))
    }
}

/// Which kinds of characters a password has.
struct Kinds {
    lower: bool,
    upper: bool,
    digit: bool,
    special: bool,
}

impl Kinds {
    fn of(password: &str) -> Self {
        let has = |test: fn(char) -> bool| password.chars().any(test);
        Self {
            lower: has(char::is_lowercase),
            upper: has(char::is_uppercase),
            digit: has(|c| c.is_ascii_digit()),
            special: has(|c| !c.is_alphanumeric()),
        }
    }

    fn count(&self) -> usize {
        [self.lower, self.upper, self.digit, self.special]
            .into_iter()
            .filter(|has| *has)
            .count()
    }
}

/// Returns whether a character stands three times in a row.
fn repeats(password: &str) -> bool {
    let chars: Vec<char> = password.chars().collect();
    chars
        .windows(3)
        .any(|three| three[0] == three[1] && three[1] == three[2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn strong(password: &str, options: Value) -> bool {
        check(password, options.as_object().unwrap()).is_ok()
    }

    #[test]
    fn follows_the_policy_of_the_connection() {
        for (policy, good, weak) in [
            ("none", "a", ""),
            ("low", "abcdef", "abcde"),
            ("fair", "Abcdefg1", "Abcdefgh"),
            ("good", "abcdefg1!", "abcdefg1"),
            ("excellent", "Abcdefgh1j", "Abccc5678j"),
        ] {
            let options = json!({"passwordPolicy": policy});
            assert!(strong(good, options.clone()), "{policy}");
            assert!(!strong(weak, options), "{policy}");
        }
    }

    #[test]
    fn the_connections_own_length_goes_first() {
        let options =
            json!({"passwordPolicy": "good", "password_complexity_options": {"min_length": 12}});
        assert!(!strong("Abcdefg1!", options.clone()));
        assert!(strong("Abcdefg1!jkl", options));
    }

    /// Recorded from a real tenant, whose connection had the policy `good`.
    #[test]
    fn takes_what_auth0_took() {
        assert!(strong(
            "Passwords hide their chuck",
            json!({"passwordPolicy": "good"})
        ));
        assert!(strong(
            "I don't need one",
            json!({"passwordPolicy": "good"})
        ));
    }
}
