//! Where a checkpointed list goes on: opaque to callers.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::http::error::ApiError;
use crate::http::query::QueryParams;

/// Keeps texts that are no cursor of ours from being read as one.
const PREFIX: &str = "after:";

/// Returns the text for what comes after the item numbered `last`.
pub(super) fn encode(last: i64) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{PREFIX}{last}"))
}

/// Reads `from`; nothing means from the start.
pub(super) fn read(params: &QueryParams) -> Result<Option<i64>, ApiError> {
    let Some(text) = params.text("from") else {
        return Ok(None);
    };
    let refused = || {
        let about = "Optional Id from which to start selection";
        let sentence = "'Invalid checkpoint'";
        ApiError::invalid_query(format!(
            "Query validation error: {sentence} on property from ({about})."
        ))
    };
    decode(text).map(Some).ok_or_else(refused)
}

fn decode(text: &str) -> Option<i64> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    std::str::from_utf8(&bytes)
        .ok()?
        .strip_prefix(PREFIX)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_there_and_back() {
        assert_eq!(decode(&encode(42)), Some(42));
        for bad in ["", "42", "YWZ0ZXI6", "!"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
