//! `hmac`: hex or base64, with the digest and the key.

use super::{CustomHash, Flaw};

pub(super) fn flaws(hash: &CustomHash<'_>) -> Vec<Flaw> {
    let mut flaws: Vec<Flaw> = hash.encoding_must_be_binary().into_iter().collect();
    match hash.digest {
        Some(digest) => flaws.extend(hash.value_must_have(digest.size())),
        None => flaws.push(Flaw::missing(
            "hash",
            "digest",
            "name the digest, for example `sha256`",
        )),
    }
    if hash.key.is_none() {
        flaws.push(Flaw::missing(
            "hash",
            "key",
            "give the key as `{\"value\": …, \"encoding\": …}`",
        ));
    }
    flaws
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::tests::{flaws, hash};
    use super::super::{CustomHash, Digest, Encoded, Encoding};

    fn peter() -> CustomHash<'static> {
        CustomHash {
            encoding: Some(Encoding::Base64),
            digest: Some(Digest::Sha1),
            key: Some(Encoded {
                value: Cow::Borrowed("736868"),
                encoding: Encoding::Hex,
            }),
            ..hash("hmac", "cg7f42jH39/2EaAU4wNd4s2lKIk=")
        }
    }

    #[test]
    fn takes_auth0s_example() {
        assert_eq!(flaws(&peter()), [""; 0]);
    }

    #[test]
    fn needs_digest_and_key_and_encoding() {
        let bare = hash("hmac", "cg7f42jH39/2EaAU4wNd4s2lKIk=");
        assert_eq!(
            flaws(&bare),
            [
                r#"hash: Missing("encoding")"#,
                r#"hash: Missing("digest")"#,
                r#"hash: Missing("key")"#
            ]
        );
    }

    #[test]
    fn value_and_key_are_written_as_said() {
        let longer = CustomHash {
            digest: Some(Digest::Whirlpool),
            ..peter()
        };
        assert_eq!(
            flaws(&longer),
            [r#"hash.value: Pattern("^[A-Za-z0-9+/_-]{86}={0,2}$")"#]
        );
        let key = Some(Encoded {
            value: Cow::Borrowed("shh"),
            encoding: Encoding::Hex,
        });
        let no_hex = CustomHash { key, ..peter() };
        assert_eq!(
            flaws(&no_hex),
            [r#"hash.key.value: Pattern("^([0-9A-Fa-f]{2})*$")"#]
        );
    }
}
