//! `bcrypt`: `$2b$10$` and 53 digits of its own base64. Also the older attribute `password_hash`, with a narrower rule.

use super::{CustomHash, Flaw};

const PATTERN: &str = r"^\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$";

pub(super) fn flaws(hash: &CustomHash<'_>) -> Vec<Flaw> {
    let mut flaws: Vec<Flaw> = hash.encoding_must_be_utf8().into_iter().collect();
    if !is_bcrypt(&hash.value) {
        let hint =
            "give a bcrypt hash that starts with `$2a$`, `$2b$` or `$2y$` and a cost of 04 to 31";
        flaws.push(Flaw::pattern("hash.value", PATTERN, hint));
    }
    flaws
}

fn is_bcrypt(text: &str) -> bool {
    let after_id = text
        .strip_prefix("$2")
        .and_then(|rest| rest.strip_prefix(['a', 'b', 'y']));
    let Some((cost, digits)) = after_id
        .and_then(|rest| rest.strip_prefix('$'))
        .and_then(|rest| rest.split_once('$'))
    else {
        return false;
    };
    let cost_fits = cost.len() == 2
        && cost.bytes().all(|b| b.is_ascii_digit())
        && cost.parse().is_ok_and(|cost: u8| (4..=31).contains(&cost));
    cost_fits && is_salt_and_hash(digits)
}

/// Returns whether a text is what `password_hash` may be: `^\$2[ab]?\$10+\$[./A-Za-z0-9]{53}$`.
/// The `0+` is Auth0's; it was surely meant as cost 10.
pub(crate) fn is_password_hash(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("$2") else {
        return false;
    };
    let rest = rest.strip_prefix(['a', 'b']).unwrap_or(rest);
    let Some(rest) = rest.strip_prefix("$10") else {
        return false;
    };
    rest.trim_start_matches('0')
        .strip_prefix('$')
        .is_some_and(is_salt_and_hash)
}

fn is_salt_and_hash(digits: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/');
    digits.len() == 53 && digits.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{flaws, hash, text};
    use super::super::{CustomHash, Encoding};
    use super::*;

    const VELMA: &str = "$2b$10$C9hB01.YxRSTcn/ZOOo4j.TW7xCKKFKBSF.C7E0xiUwumqIDqWUXG";

    #[test]
    fn takes_auth0s_examples() {
        for value in [
            VELMA,
            "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
        ] {
            assert_eq!(flaws(&hash("bcrypt", value)), [""; 0]);
        }
        let salted = CustomHash {
            salt: text("abc"),
            ..hash("bcrypt", VELMA)
        };
        assert_eq!(flaws(&salted), [""; 0]);
    }

    #[test]
    fn takes_three_prefixes_and_any_real_cost() {
        let digits = &VELMA[7..];
        for good in ["$2a$04$", "$2y$31$", "$2b$12$"] {
            assert!(is_bcrypt(&format!("{good}{digits}")), "{good}");
        }
        for bad in [
            "$2$10$",
            "$2x$10$",
            "$sha1$10$",
            "$2b$03$",
            "$2b$32$",
            "$2b$1$",
            "$2b$010$",
            "$2b$+5$",
            "",
        ] {
            assert!(!is_bcrypt(&format!("{bad}{digits}")), "{bad}");
        }
        assert!(!is_bcrypt(&VELMA[..59]));
        assert!(!is_bcrypt(&format!("{VELMA}x")));
        assert!(!is_bcrypt(&VELMA.replace('.', "-")));
    }

    #[test]
    fn is_written_as_text() {
        let hex = CustomHash {
            encoding: Some(Encoding::Hex),
            ..hash("bcrypt", VELMA)
        };
        assert_eq!(flaws(&hex), [r#"hash.encoding: Choice(["utf8"])"#]);
    }

    #[test]
    fn password_hash_follows_auth0s_pattern() {
        let digits = &VELMA[7..];
        for good in ["$2b$10$", "$2a$10$", "$2$10$", "$2a$100$"] {
            assert!(is_password_hash(&format!("{good}{digits}")), "{good}");
        }
        for bad in ["$2y$10$", "$2b$12$", "$2b$1$", "$2b$10", "2b$10$", ""] {
            assert!(!is_password_hash(&format!("{bad}{digits}")), "{bad}");
        }
        assert!(!is_password_hash(&VELMA[..59]));
    }
}
