//! The one table of row-error codes: what Auth0 documents, what its API was seen to send, what is Purser's own.
//! The reference page of codes is generated from it. Messages live in `problem.rs`.

use std::fmt::Write as _;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Where a code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In Auth0's documented list.
    Documented,
    /// Not in that list, but sent by Auth0's API or by the schema validator behind it.
    Observed,
    /// Purser's own: Auth0 fails the whole job, or has no word for it.
    Purser,
}

impl Origin {
    fn title(self) -> &'static str {
        match self {
            Self::Documented => "Auth0, documented",
            Self::Observed => "Auth0, observed",
            Self::Purser => "Purser",
        }
    }
}

/// Says that a text is no code of the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown row-error code")]
pub struct UnknownCode;

macro_rules! codes {
    ($($variant:ident $text:literal $origin:ident $meaning:literal)+) => {
        /// A row error's public code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $meaning] $variant,)+ }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the code as it stands in a report.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Returns what the code means, for people.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }

            /// Returns where the code comes from.
            pub fn origin(self) -> Origin {
                match self { $(Self::$variant => Origin::$origin,)+ }
            }
        }
    };
}

codes! {
    AnyOfMissing "ANY_OF_MISSING" Documented "The value fits none of several schemas"
    ArrayLengthLong "ARRAY_LENGTH_LONG" Documented "An array has too many elements"
    ArrayLengthShort "ARRAY_LENGTH_SHORT" Documented "An array has too few elements"
    Conflict "CONFLICT" Documented "An identifier belongs to another user, or the user has a password hash already"
    ConflictEmail "CONFLICT_EMAIL" Documented "The e-mail address belongs to another user"
    ConflictUsername "CONFLICT_USERNAME" Documented "The username belongs to another user"
    ConnectionNotFound "CONNECTION_NOT_FOUND" Documented "The connection does not exist, or was deleted while the job ran"
    DuplicatedUser "DUPLICATED_USER" Documented "The user exists and `upsert` is false, or an earlier row of the file is the same user"
    EnumMismatch "ENUM_MISMATCH" Documented "The value is none of the allowed ones"
    Format "FORMAT" Documented "Auth0's documented name of `INVALID_FORMAT`; Purser reads it and never sends it"
    InvalidType "INVALID_TYPE" Documented "The value has the wrong JSON type"
    MaxLength "MAX_LENGTH" Documented "A text is too long"
    Maximum "MAXIMUM" Documented "A number is too large"
    MfaFactorsFailed "MFA_FACTORS_FAILED" Documented "The MFA factors could not be imported; the rest of the row was"
    MinLength "MIN_LENGTH" Documented "A text is too short"
    Minimum "MINIMUM" Documented "A number is too small"
    NotPassed "NOT_PASSED" Documented "The value has something that it must not have"
    ObjectRequired "OBJECT_REQUIRED" Documented "A required property is missing"
    Pattern "PATTERN" Documented "A text does not match the pattern"
    InvalidFormat "INVALID_FORMAT" Observed "A text is no e-mail address or URL where one is asked for"
    ObjectAdditionalProperties "OBJECT_ADDITIONAL_PROPERTIES" Observed "The row has properties that an import does not know"
    ObjectPropertiesMaximum "OBJECT_PROPERTIES_MAXIMUM" Observed "An object has too many properties"
    ObjectPropertiesMinimum "OBJECT_PROPERTIES_MINIMUM" Observed "An object has too few properties"
    OneOfMissing "ONE_OF_MISSING" Observed "The value fits none of several schemas, of which it must fit one"
    ProfileSizeExceeded "PROFILE_SIZE_EXCEEDED" Observed "The profile is too large"
    InvalidJson "INVALID_JSON" Purser "The row is no JSON"
    InvalidCsv "INVALID_CSV" Purser "The CSV record does not fit its header"
    InvalidUtf8 "INVALID_UTF8" Purser "The row is not encoded in UTF-8"
    InvalidValue "INVALID_VALUE" Purser "The row is JSON, but one of its values cannot be stored or contradicts another"
    OperationNotSupported "OPERATION_NOT_SUPPORTED" Purser "Users of this connection cannot be changed so (bulk edits)"
    RowTooLarge "ROW_TOO_LARGE" Purser "The row is longer than the limit for one row"
}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or(UnknownCode)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Returns the table of codes as Markdown, for the reference page of errors.
pub fn reference() -> String {
    let mut out = String::from("| Code | From | Meaning |\n|---|---|---|\n");
    for code in Code::ALL {
        let (text, origin, meaning) = (code.as_str(), code.origin().title(), code.meaning());
        // Writing to a String cannot fail.
        let _ = writeln!(out, "| `{text}` | {origin} | {meaning} |");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back_and_stands_once() {
        for code in Code::ALL {
            assert_eq!(Code::from_str(code.as_str()), Ok(*code));
        }
        assert_eq!(Code::from_str("invalid_type"), Err(UnknownCode));
        let documented = Code::ALL
            .iter()
            .filter(|code| code.origin() == Origin::Documented);
        assert_eq!(documented.count(), 19, "Auth0 documents 19 codes");
    }

    #[test]
    fn serializes_as_its_text() {
        assert_eq!(
            serde_json::to_string(&Code::MaxLength).unwrap(),
            "\"MAX_LENGTH\""
        );
    }

    #[test]
    fn the_reference_has_a_line_for_every_code() {
        let page = reference();
        assert_eq!(page.lines().count(), Code::ALL.len() + 2);
        let line = "| `ROW_TOO_LARGE` | Purser | The row is longer than the limit for one row |";
        assert!(page.lines().any(|l| l == line));
    }
}
