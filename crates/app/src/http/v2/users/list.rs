//! `GET /api/v2/users`.

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::Selection;
use purser_core::limits::PAGING_WINDOW;
use purser_engine::Engine;

use super::shape::UserList;
use crate::http::answer::json_text;
use crate::http::auth::{ReadUsers, Requires};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::query::QueryParams;
use crate::http::v2::paging::{Page, selection};

/// Lists users
///
/// In the order they were stored: an array, or a page with totals. Searching (`q`) and sorting (`sort`) are refused,
/// never ignored. Shapes as recorded from Auth0.
#[utoipa::path(
    get,
    path = "/api/v2/users",
    tag = "users",
    operation_id = "list_users",
    params(
        ("page" = Option<u64>, Query, description = "First page is 0"),
        ("per_page" = Option<u64>, Query, description = "From 0 to 100, 50 if not given"),
        ("include_totals" = Option<bool>, Query, description = "Answer a page with totals instead of an array"),
        ("connection" = Option<String>, Query, description = "Only users of the connection with this name"),
        ("fields" = Option<String>, Query, description = "Attributes wanted, separated by commas"),
        ("include_fields" = Option<bool>, Query, description = "`false`: all but `fields`"),
        ("primary_order" = Option<bool>, Query, description = "Means nothing here: the order is always the same"),
        ("search_engine" = Option<String>, Query, description = "`v1`, `v2` or `v3`"),
    ),
    responses(
        (status = 200, description = "An array, or with `include_totals` a page", body = UserList),
        (status = 400, description = "`invalid_query_string`, `invalid_paging`", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
    ),
    security(("bearer" = ["read:users"]))
)]
pub(crate) async fn list(
    app: Requires<ReadUsers>,
    params: QueryParams,
) -> Result<Response, ApiError> {
    let asked = Asked::read(&params, app.auth0_limits())?;
    let body = app.blocking(move |engine| asked.answer(engine)).await?;
    Ok(json_text(StatusCode::OK, body))
}

/// What a request asks for.
struct Asked {
    page: Page,
    totals: bool,
    connection: Option<String>,
    selection: Selection,
}

impl Asked {
    fn read(params: &QueryParams, auth0_limits: bool) -> Result<Self, ApiError> {
        let page = Page::read(params, 0)?;
        let totals = params.boolean("include_totals", TOTALS)?.unwrap_or(false);
        params.boolean("primary_order", PRIMARY_ORDER)?;
        params.one_of("search_engine", &["v1", "v2", "v3"], SEARCH_ENGINE)?;
        for (name, what) in [("q", "Searching users"), ("sort", "Sorting users")] {
            if params.text(name).is_some() {
                return Err(not_yet(name, what));
            }
        }
        if auth0_limits && page.end() > PAGING_WINDOW {
            return Err(ApiError::bad_request(WINDOW, "invalid_paging"));
        }
        let connection = params.text("connection").map(str::to_owned);
        Ok(Self {
            page,
            totals,
            connection,
            selection: selection(params)?,
        })
    }

    fn answer(&self, engine: &Engine) -> Result<String, ApiError> {
        let store = engine.store();
        let connection = match &self.connection {
            None => None,
            Some(name) => match store.find_connection_by_name(name)? {
                Some(found) => Some(found.pk),
                None => return Ok(self.body(&[], 0)),
            },
        };
        let profiles = store.list_users(connection, self.page.start(), self.page.size)?;
        let users: Vec<String> = profiles
            .iter()
            .map(|profile| self.selection.apply(profile.raw()))
            .collect();
        let total = if self.totals {
            store.count_users(connection)?
        } else {
            0
        };
        Ok(self.body(&users, total))
    }

    /// Keys in the order recorded.
    fn body(&self, users: &[String], total: u64) -> String {
        let list = format!("[{}]", users.join(","));
        if !self.totals {
            return list;
        }
        let (start, limit, length) = (self.page.start(), self.page.size, users.len());
        format!(
            r#"{{"start":{start},"limit":{limit},"length":{length},"users":{list},"total":{total}}}"#
        )
    }
}

const TOTALS: &str = "Return results inside an object that contains the total result count (true) or as a direct \
                      array of results (false, default)";
const PRIMARY_ORDER: &str = "If true (default), results are returned in a deterministic order";
const SEARCH_ENGINE: &str = "The version of the search engine";
const WINDOW: &str = "You can only page through the first 1000 records. See \
                      https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation";

fn not_yet(name: &str, what: &str) -> ApiError {
    let problem = format!("{what} is not available yet; leave the parameter out");
    ApiError::invalid_query(format!(
        "Query validation error: '{problem}' on property {name}."
    ))
}
