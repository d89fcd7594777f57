//! PHC strings: `$id[$v=version][$name=value,…]$salt$hash`, salt and hash in base64 without padding.

use super::Encoding;

/// A PHC string taken apart.
pub(super) struct Phc<'a> {
    pub(super) id: &'a str,
    pub(super) version: Option<&'a str>,
    /// The parameters as they stand, in their order.
    pub(super) params: Vec<(&'a str, u32)>,
    /// Bytes of the salt.
    pub(super) salt: usize,
    /// Bytes of the hash.
    pub(super) hash: usize,
}

impl<'a> Phc<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts: Vec<&str> = text.strip_prefix('$')?.split('$').collect();
        let hash = b64_len(parts.pop()?)?;
        let salt = b64_len(parts.pop()?)?;
        let mut parts = parts.into_iter().peekable();
        let id = parts.next()?;
        let version = parts
            .next_if(|part| part.starts_with("v="))
            .map(|part| &part[2..]);
        let params = parts.next().map_or(Some(Vec::new()), params)?;
        parts.next().is_none().then_some(Self {
            id,
            version,
            params,
            salt,
            hash,
        })
    }

    pub(super) fn param(&self, name: &str) -> Option<u32> {
        self.params
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    }
}

fn params(text: &str) -> Option<Vec<(&str, u32)>> {
    let decimal = |value: &str| {
        let canonical = value.bytes().all(|b| b.is_ascii_digit()) && !value.starts_with('0');
        canonical.then(|| value.parse().ok()).flatten()
    };
    text.split(',')
        .map(|param| {
            param
                .split_once('=')
                .and_then(|(name, value)| Some((name, decimal(value)?)))
        })
        .collect()
}

/// Returns how many bytes a text in the PHC's base64 stands for: the standard alphabet, no padding, not empty.
fn b64_len(text: &str) -> Option<usize> {
    let standard = !text.is_empty() && !text.contains(['=', '-', '_']);
    standard
        .then(|| Encoding::Base64.decoded_len(text))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_string_apart() {
        let phc = Phc::parse("$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAA$AAAA").unwrap();
        assert_eq!(
            (phc.id, phc.version, phc.salt, phc.hash),
            ("argon2id", Some("19"), 6, 3)
        );
        assert_eq!(phc.params, [("m", 65536), ("t", 2), ("p", 1)]);
        assert_eq!((phc.param("t"), phc.param("x")), (Some(2), None));
        assert!(Phc::parse("$pbkdf2-sha1$AA$AA").unwrap().params.is_empty());
    }

    #[test]
    fn refuses_other_strings() {
        for bad in [
            "",
            "$",
            "x",
            "$id",
            "$id$AA",
            "id$AA$AA",
            "$id$m=1$AA$AA=",
            "$id$m$AA$AA",
            "$id$m=-1$AA$AA",
            "$id$m=01$AA$AA",
            "$id$m=99999999999$AA$AA",
            "$id$m=1$n=1$AA$AA",
            "$id$m=1$$AA",
            "$id$m=1$A-$AA",
            "$id$v=1$m=$AA$AA",
        ] {
            assert!(Phc::parse(bad).is_none(), "{bad}");
        }
    }
}
