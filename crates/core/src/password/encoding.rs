//! How bytes are written in a text: hex of either case, base64 with either alphabet and with or without padding, UTF-8.

use std::borrow::Cow;

use super::Flaw;

/// How a hash, key or salt is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Base64,
    Hex,
    Utf8,
}

impl Encoding {
    /// The names that an import may give.
    pub const NAMES: [&'static str; 3] = ["base64", "hex", "utf8"];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "base64" => Some(Self::Base64),
            "hex" => Some(Self::Hex),
            "utf8" => Some(Self::Utf8),
            _ => None,
        }
    }

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Utf8 => "utf8",
        }
    }

    /// Returns how many bytes a text stands for, or `None` when it is not written so.
    pub fn decoded_len(self, text: &str) -> Option<usize> {
        match self {
            Self::Utf8 => Some(text.len()),
            Self::Hex => {
                let fits =
                    text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit());
                fits.then_some(text.len() / 2)
            }
            Self::Base64 => base64_len(text),
        }
    }

    /// Returns a pattern that texts for `len` bytes match.
    pub(super) fn pattern(self, len: u64) -> String {
        match self {
            Self::Hex => format!("^[0-9A-Fa-f]{{{}}}$", len.saturating_mul(2)),
            _ => {
                let digits = len.saturating_mul(4).div_ceil(3);
                format!("^[A-Za-z0-9+/_-]{{{digits}}}={{0,2}}$")
            }
        }
    }
}

/// Returns how many bytes a base64 text stands for; the URL-safe alphabet is fine, padding must be whole if there is any.
fn base64_len(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    let padded_right = padding == 0 || (padding <= 2 && text.len().is_multiple_of(4));
    let fits = digits.len() % 4 != 1 && padded_right && digits.bytes().all(is_digit);
    fits.then_some(digits.len() / 4 * 3 + (digits.len() % 4).saturating_sub(1))
}

/// A key or salt and how it is written; a secret, hence without `Debug`.
#[derive(Clone)]
pub struct Encoded<'a> {
    pub value: Cow<'a, str>,
    pub encoding: Encoding,
}

impl Encoded<'_> {
    /// Returns the flaw of a value that is not written as its encoding says.
    pub(super) fn flaw(&self, part: &'static str) -> Option<Flaw> {
        if self.encoding.decoded_len(&self.value).is_some() {
            return None;
        }
        let pattern = match self.encoding {
            Encoding::Hex => "^([0-9A-Fa-f]{2})*$",
            _ => "^[A-Za-z0-9+/_-]*={0,2}$",
        };
        let hint = format!(
            "write the value in `{}`, or name the encoding that it has; the default is `utf8`",
            self.encoding.name()
        );
        Some(Flaw::pattern(part, pattern, hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_bytes_of_hex() {
        assert_eq!(Encoding::Hex.decoded_len("00fFAb"), Some(3));
        assert_eq!(Encoding::Hex.decoded_len("00f"), None);
        assert_eq!(Encoding::Hex.decoded_len("0g"), None);
    }

    #[test]
    fn counts_bytes_of_base64() {
        let base64 = |text| Encoding::Base64.decoded_len(text);
        assert_eq!(base64("AbuUujgF0pPPkJPSFRTpmA=="), Some(16));
        assert_eq!(base64("AbuUujgF0pPPkJPSFRTpmA"), Some(16));
        assert_eq!(base64("_-8="), Some(2));
        assert_eq!(base64("AAAA"), Some(3));
        assert_eq!(base64(""), Some(0));
        for bad in ["A", "AA=", "A===", "AA=A", "A A=", "AAAA====", "ä"] {
            assert_eq!(base64(bad), None, "{bad}");
        }
    }
}
