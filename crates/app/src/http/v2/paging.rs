//! Parameters that several endpoints share: pages, the choice of fields, those that must be there.

use purser_core::api::Selection;

use crate::http::error::ApiError;
use crate::http::query::QueryParams;

const PAGE: &str = "Page index of the results to return. First page is 0";
const PER_PAGE: &str = "Number of results per page. Defaults to 50";
const FIELDS: &str = "true if the fields specified are to be included in the result, false otherwise. \
                      Defaults to true";
/// Past the end of any list, and a page of a hundred still does not overflow.
const LAST_PAGE: u64 = 1_000_000_000;
/// What lists have per page unless they are asked for more or fewer.
const DEFAULT_PER_PAGE: u64 = 50;

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) number: u64,
    pub(crate) size: u64,
}

impl Page {
    /// Reads `page` and `per_page`, which may be as low as `least`.
    pub(crate) fn read(params: &QueryParams, least: u64) -> Result<Self, ApiError> {
        let number = params.integer("page", (0, LAST_PAGE), PAGE)?.unwrap_or(0);
        let size = params
            .integer("per_page", (least, 100), PER_PAGE)?
            .unwrap_or(DEFAULT_PER_PAGE);
        Ok(Self { number, size })
    }

    /// Returns how many items lie before the page.
    pub(crate) fn start(self) -> u64 {
        self.number * self.size
    }

    /// Returns how many items lie before the page's end.
    pub(crate) fn end(self) -> u64 {
        self.start() + self.size
    }
}

/// Reads `take` of a checkpointed list.
pub(crate) fn take(params: &QueryParams, most: u64) -> Result<u64, ApiError> {
    Ok(params
        .integer("take", (1, most), PER_PAGE)?
        .unwrap_or(DEFAULT_PER_PAGE))
}

/// Reads `fields` and `include_fields`.
pub(crate) fn selection(params: &QueryParams) -> Result<Selection, ApiError> {
    let include = params.boolean("include_fields", FIELDS)?.unwrap_or(true);
    Ok(Selection::parse(params.text("fields"), include))
}

/// Returns a parameter that must be there.
pub(crate) fn required(params: &QueryParams, name: &str) -> Result<String, ApiError> {
    let missing = || {
        ApiError::invalid_query(format!(
            "Query validation error: 'Missing required property: {name}'."
        ))
    };
    params.text(name).map(str::to_owned).ok_or_else(missing)
}
