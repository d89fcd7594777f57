//! `argon2`: a PHC string with memory, time and parallelism.

use super::phc::Phc;
use super::{CustomHash, Flaw};

const PATTERN: &str =
    r"^\$argon2(id|i|d)\$(v=(16|19)\$)?m=[0-9]+,t=[0-9]+,p=[0-9]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$";
/// Shortest salt and hash that the algorithm knows (RFC 9106, 3.1), in bytes.
const MIN_SALT: usize = 8;
const MIN_HASH: usize = 4;

pub(super) fn flaws(hash: &CustomHash<'_>) -> Vec<Flaw> {
    let mut flaws: Vec<Flaw> = hash.encoding_must_be_utf8().into_iter().collect();
    flaws.extend(hash.salt_must_not_be("the salt stands in `hash.value`"));
    if !is_argon2(&hash.value) {
        let hint = "give a PHC string, for example `$argon2id$v=19$m=65536,t=2,p=1$salt$hash`, \
                    salt and hash in base64 without padding";
        flaws.push(Flaw::pattern("hash.value", PATTERN, hint));
    }
    flaws
}

fn is_argon2(value: &str) -> bool {
    let Some(phc) = Phc::parse(value) else {
        return false;
    };
    matches!(phc.id, "argon2id" | "argon2i" | "argon2d")
        && matches!(phc.version, None | Some("16" | "19"))
        && phc.params.iter().map(|(name, _)| *name).eq(["m", "t", "p"])
        && phc.salt >= MIN_SALT
        && phc.hash >= MIN_HASH
}

#[cfg(test)]
mod tests {
    use super::super::tests::{flaws, hash, text};
    use super::super::{CustomHash, Encoding};
    use super::*;

    const EDWARD: &str = "$argon2id$v=19$m=65536,t=2,p=1$J6Q/82PCyaNpYKRELJyTZg$m04qUAB8rexWDR4+/0f+SFB+4XMFxt7YAvAq2UycYos";

    #[test]
    fn takes_auth0s_example() {
        assert_eq!(flaws(&hash("argon2", EDWARD)), [""; 0]);
    }

    #[test]
    fn needs_a_whole_phc_string() {
        assert!(is_argon2(&EDWARD.replace("argon2id$v=19", "argon2i")));
        for (from, to) in [
            ("argon2id", "argon2x"),
            ("v=19", "v=18"),
            ("m=65536,", ""),
            ("m=65536,t=2", "t=2,m=65536"),
            ("J6Q/82PCyaNpYKRELJyTZg", "J6Q"),
            ("m04qUAB8rexWDR4+/0f+SFB+4XMFxt7YAvAq2UycYos", "m04"),
        ] {
            assert!(!is_argon2(&EDWARD.replace(from, to)), "{to}");
        }
    }

    #[test]
    fn salt_and_encoding_are_given() {
        let wrong = CustomHash {
            encoding: Some(Encoding::Base64),
            salt: text("abc"),
            ..hash("argon2", EDWARD)
        };
        assert_eq!(
            flaws(&wrong),
            [r#"hash.encoding: Choice(["utf8"])"#, "salt: Forbidden"]
        );
    }
}
