//! `scrypt`: hex or base64, with salt and length. Cost, block size and parallelization have defaults and are checked
//! with the types of the other members.

use super::{CustomHash, Flaw};

pub(super) fn flaws(hash: &CustomHash<'_>) -> Vec<Flaw> {
    let mut flaws: Vec<Flaw> = hash.encoding_must_be_binary().into_iter().collect();
    if hash.salt.is_none() {
        flaws.push(Flaw::missing(
            "",
            "salt",
            "give the salt as `{\"value\": …, \"encoding\": …}`",
        ));
    }
    match hash.keylen {
        Some(keylen) => flaws.extend(hash.value_must_have(keylen)),
        None => flaws.push(Flaw::missing(
            "",
            "keylen",
            "say how many bytes the hash has",
        )),
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::super::tests::{flaws, hash, text};
    use super::super::{CustomHash, Encoding};

    fn carmella() -> CustomHash<'static> {
        CustomHash {
            encoding: Some(Encoding::Hex),
            salt: text("abc123"),
            keylen: Some(4),
            ..hash("scrypt", "00ff00ff")
        }
    }

    #[test]
    fn takes_a_hash_of_the_length_given() {
        assert_eq!(flaws(&carmella()), [""; 0]);
        let longer = CustomHash {
            keylen: Some(32),
            ..carmella()
        };
        assert_eq!(
            flaws(&longer),
            [r#"hash.value: Pattern("^[0-9A-Fa-f]{64}$")"#]
        );
    }

    #[test]
    fn needs_salt_and_keylen() {
        let bare = CustomHash {
            salt: None,
            keylen: None,
            ..carmella()
        };
        assert_eq!(
            flaws(&bare),
            [r#": Missing("salt")"#, r#": Missing("keylen")"#]
        );
    }
}
