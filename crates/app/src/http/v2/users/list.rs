//! `GET /api/v2/users`.

use std::time::Instant;

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::Selection;
use purser_core::limits::PAGING_WINDOW;
use purser_core::query::{Class, Query, Sort};
use purser_engine::Engine;
use purser_store::{SearchRequest, SearchResult};

use super::shape::UserList;
use crate::http::answer::json_text;
use crate::http::auth::{ReadUsers, Requires};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::query::QueryParams;
use crate::http::search;
use crate::http::state::App;
use crate::http::v2::paging::{Page, selection};

/// Lists or searches users
///
/// An array, or a page with totals; in the order in which the users were stored, or sorted by any attribute, those
/// without it last. `q` is Auth0's query language (Lucene). Shapes as recorded from Auth0.
///
/// Auth0: <https://auth0.com/docs/manage-users/user-search/user-search-query-syntax>
#[utoipa::path(
    get,
    path = "/api/v2/users",
    tag = "users",
    operation_id = "list_users",
    params(
        ("q" = Option<String>, Query, description = "Only users who match, such as `email:\"ann@example.com\"` or \
            `app_metadata.plan:gold AND NOT blocked:true`"),
        ("sort" = Option<String>, Query, description = "`created_at:-1`: an attribute, metadata included, and `1` \
            (ascending) or `-1` (descending)"),
        ("page" = Option<u64>, Query, description = "First page is 0"),
        ("per_page" = Option<u64>, Query, description = "From 0 to 100, 50 if not given"),
        ("include_totals" = Option<bool>, Query, description = "Answer a page with totals instead of an array"),
        ("connection" = Option<String>, Query, description = "Only users of the connection with this name"),
        ("fields" = Option<String>, Query, description = "Attributes wanted, separated by commas"),
        ("include_fields" = Option<bool>, Query, description = "`false`: all but `fields`"),
        ("primary_order" = Option<bool>, Query, description = "Means nothing here: the order is always the same"),
        ("search_engine" = Option<String>, Query, description = "`v2` or `v3`, which is what a query is read as either \
            way, or `v1`, which has no `q`"),
    ),
    responses(
        (status = 200, description = "An array, or with `include_totals` a page", body = UserList),
        (status = 400, description = "`invalid_query_string` (also of a query that cannot be read, with the place), \
            `invalid_paging`", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
    ),
    security(("bearer" = ["read:users"]))
)]
pub(crate) async fn list(
    app: Requires<ReadUsers>,
    params: QueryParams,
) -> Result<Response, ApiError> {
    let asked = Asked::read(&params, &app)?;
    let body = app.blocking(move |engine| asked.answer(engine)).await?;
    Ok(json_text(StatusCode::OK, body))
}

/// What a request asks for.
struct Asked {
    query: Option<Query>,
    sort: Option<Sort>,
    page: Page,
    totals: bool,
    connection: Option<String>,
    selection: Selection,
}

impl Asked {
    fn read(params: &QueryParams, app: &App) -> Result<Self, ApiError> {
        let page = Page::read(params, 0)?;
        let totals = params.boolean("include_totals", TOTALS)?.unwrap_or(false);
        params.boolean("primary_order", PRIMARY_ORDER)?;
        let engine = params.one_of("search_engine", &["v1", "v2", "v3"], SEARCH_ENGINE)?;
        let sort = params
            .text("sort")
            .map(|text| sort(text, app))
            .transpose()?;
        let q = params.text("q");
        if q.is_some() && engine == Some("v1") {
            return Err(ApiError::invalid_query(NEEDS_ENGINE));
        }
        let query = q.map(|q| Query::parse(q, app.query_limits())).transpose()?;
        if app.auth0_limits() && page.end() > PAGING_WINDOW {
            return Err(ApiError::bad_request(WINDOW, "invalid_paging"));
        }
        let connection = params.text("connection").map(str::to_owned);
        Ok(Self {
            query,
            sort,
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
        let request = SearchRequest {
            query: self.query.as_ref(),
            connection,
            sort: self.sort.as_ref(),
            offset: self.page.start(),
            limit: self.page.size,
            count: self.totals,
        };
        let started = Instant::now();
        let SearchResult { users, total } = store.search_users(&request)?;
        search::note_slow(engine, &request, started.elapsed());
        let users: Vec<String> = users
            .iter()
            .map(|profile| self.selection.apply(profile.raw()))
            .collect();
        Ok(self.body(&users, total.unwrap_or(0)))
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

fn sort(text: &str, app: &App) -> Result<Sort, ApiError> {
    let refused = |problem: &str| {
        ApiError::invalid_query(format!(
            "Query validation error: '{problem}' on property sort ({SORT})."
        ))
    };
    if app.auth0_limits() && !has_auth0s_shape(text) {
        return Err(refused(&format!(
            "String does not match pattern {SORT_PATTERN}"
        )));
    }
    let sort = Sort::parse(text).map_err(|error| refused(&error.to_string()))?;
    if app.auth0_limits() && sort.attribute.class() == Class::Metadata {
        // Auth0's words are not known; that it does not sort by metadata is documented.
        return Err(refused(&format!("Cannot sort by {}", sort.attribute)));
    }
    Ok(sort)
}

/// Returns whether a text matches [`SORT_PATTERN`].
fn has_auth0s_shape(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    text.rsplit_once(':').is_some_and(|(name, direction)| {
        !name.is_empty() && name.chars().all(is_plain) && matches!(direction, "1" | "-1")
    })
}

const TOTALS: &str = "Return results inside an object that contains the total result count (true) or as a direct \
                      array of results (false, default)";
const PRIMARY_ORDER: &str = "If true (default), results are returned in a deterministic order";
const SEARCH_ENGINE: &str = "The version of the search engine";
const NEEDS_ENGINE: &str =
    "The 'q' parameter is available only if you specify 'search_engine=v2|v3'";
const SORT: &str = "Field to sort by. Use <code>field:order</code> where order is <code>1</code> for ascending and \
                    <code>-1</code> for descending. e.g. <code>created_at:1</code>";
const SORT_PATTERN: &str = r"^(([a-zA-Z0-9_\.]+))\:(1|-1)$";
const WINDOW: &str = "You can only page through the first 1000 records. See \
                      https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation";
