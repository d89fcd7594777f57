//! `GET /api/v2/connections`: an array with links, a page with totals, or a chunk up to a checkpoint.

use axum::extract::OriginalUri;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use purser_core::api::{ConnectionFilter, Selection, Shown};
use purser_core::json::RawJson;
use purser_core::limits::PAGING_WINDOW;
use purser_store::ConnectionRow;
use serde_json::json;

use super::shape::ConnectionList;
use super::{ALWAYS, cursor, shown};
use crate::http::answer::json_text;
use crate::http::auth::{ReadConnections, Requires};
use crate::http::base_url::BaseUrl;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::query::QueryParams;
use crate::http::v2::paging::{Page, selection, take};

/// Lists connections
///
/// In the order they were made. With `take` or `from` in chunks up to a checkpoint, with `include_totals` as a page,
/// otherwise as an array with a `Link` header. All three as recorded from Auth0.
#[utoipa::path(
    get,
    path = "/api/v2/connections",
    tag = "connections",
    operation_id = "list_connections",
    params(
        ("page" = Option<u64>, Query, description = "First page is 0"),
        ("per_page" = Option<u64>, Query, description = "From 1 to 100, 50 if not given"),
        ("include_totals" = Option<bool>, Query, description = "Answer a page with totals instead of an array"),
        ("take" = Option<u64>, Query, description = "From 1 to 100, 50 if not given: answer a chunk"),
        ("from" = Option<String>, Query, description = "`next` of the chunk before"),
        ("strategy" = Option<Vec<String>>, Query, description = "Only these strategies"),
        ("name" = Option<String>, Query, description = "Only the connection with this name"),
        ("fields" = Option<String>, Query, description = "Attributes wanted, separated by commas; `id` and \
            `is_domain_connection` come along"),
        ("include_fields" = Option<bool>, Query, description = "`false`: all but `fields`"),
    ),
    responses(
        (status = 200, description = "An array, a page, or a chunk", body = ConnectionList),
        (status = 400, description = "`invalid_query_string`, `invalid_paging`", body = ErrorBody),
        (status = 401, description = "No token, or one that is not good", body = ErrorBody),
        (status = 403, description = "`insufficient_scope`", body = ErrorBody),
    ),
    security(("bearer" = ["read:connections"]))
)]
pub(crate) async fn list(
    app: Requires<ReadConnections>,
    base: BaseUrl,
    OriginalUri(uri): OriginalUri,
    params: QueryParams,
) -> Result<Response, ApiError> {
    let form = Form::read(&params, app.auth0_limits())?;
    let filter = ConnectionFilter {
        strategies: params
            .list("strategy")
            .into_iter()
            .map(str::to_owned)
            .collect(),
        name: params.text("name").map(str::to_owned),
    };
    let selection = selection(&params)?.always(&ALWAYS);
    let mut found = app
        .blocking(|engine| Ok(engine.store().list_connections()?))
        .await?;
    found.retain(|row| filter.matches(&row.connection));
    let links = Links {
        address: format!("{}{}", base.as_str(), uri.path()),
        query: uri.query().unwrap_or_default(),
    };
    Ok(form.answer(&found, &selection, &links))
}

/// The form of the answer.
#[derive(Debug, Clone, Copy)]
enum Form {
    Chunk { after: Option<i64>, take: u64 },
    Page { page: Page, totals: bool },
}

const WINDOW: &str = "exceeds the allowed maximum of 1000 records. To fetch results beyond 1000, use the checkpoint \
                      pagination method.";
const TOTALS: &str = "Return results inside an object that contains the total result count (true) or as a direct \
                      array of results (false, default)";

impl Form {
    /// `take` decides even beside the parameters of pages, as recorded.
    fn read(params: &QueryParams, auth0_limits: bool) -> Result<Self, ApiError> {
        let after = cursor::read(params)?;
        if after.is_some() || params.text("take").is_some() {
            return Ok(Self::Chunk {
                after,
                take: take(params, 100)?,
            });
        }
        let page = Page::read(params, 1)?;
        if auth0_limits && page.end() > PAGING_WINDOW {
            let message = format!("Requesting page {} {WINDOW}", page.number);
            return Err(ApiError::bad_request(message, "invalid_paging"));
        }
        let totals = params.boolean("include_totals", TOTALS)?.unwrap_or(false);
        Ok(Self::Page { page, totals })
    }

    fn answer(self, found: &[ConnectionRow], selection: &Selection, links: &Links<'_>) -> Response {
        let total = found.len();
        let shown = |rows: &[&ConnectionRow]| {
            let texts = rows
                .iter()
                .map(|row| selection.apply(RawJson::trusted(&shown(&row.connection, Shown::Read))));
            format!("[{}]", texts.collect::<Vec<_>>().join(","))
        };
        match self {
            Self::Chunk { after, take } => {
                let rest: Vec<&ConnectionRow> = found
                    .iter()
                    .filter(|row| after.is_none_or(|after| row.pk > after))
                    .collect();
                let (chunk, more) = rest.split_at(rest.len().min(usize_of(take)));
                let next = chunk
                    .last()
                    .filter(|_| !more.is_empty())
                    .map(|last| cursor::encode(last.pk));
                let next = next
                    .map(|next| format!(",\"next\":{}", json!(next)))
                    .unwrap_or_default();
                json_text(
                    StatusCode::OK,
                    format!("{{\"connections\":{}{next}}}", shown(chunk)),
                )
            }
            Self::Page { page, totals } => {
                let rows: Vec<&ConnectionRow> = found
                    .iter()
                    .skip(usize_of(page.start()))
                    .take(usize_of(page.size))
                    .collect();
                let list = shown(&rows);
                if totals {
                    let (start, limit) = (page.start(), page.size);
                    let head = format!(r#""total":{total},"start":{start},"limit":{limit}"#);
                    return json_text(StatusCode::OK, format!("{{{head},\"connections\":{list}}}"));
                }
                let mut response = json_text(StatusCode::OK, list);
                if let Ok(value) = HeaderValue::from_str(&links.header(page, total as u64)) {
                    response.headers_mut().insert(header::LINK, value);
                }
                response
            }
        }
    }
}

/// Past `usize` there is nothing in memory anyway.
fn usize_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Makes links to other pages of the same list.
struct Links<'a> {
    address: String,
    query: &'a str,
}

impl Links<'_> {
    /// Returns the `Link` header: the first page, those beside this one, the last.
    fn header(&self, page: Page, total: u64) -> String {
        let last = total.saturating_sub(1) / page.size;
        let mut links = vec![self.link("first", 0, page)];
        if page.number > 0 {
            links.push(self.link("prev", (page.number - 1).min(last), page));
        }
        if page.number < last {
            links.push(self.link("next", page.number + 1, page));
        }
        links.push(self.link("last", last, page));
        links.join(", ")
    }

    fn link(&self, relation: &str, number: u64, page: Page) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let is_page = |name: &str| matches!(name, "page" | "per_page");
        query.extend_pairs(
            form_urlencoded::parse(self.query.as_bytes()).filter(|(name, _)| !is_page(name)),
        );
        query
            .append_pair("page", &number.to_string())
            .append_pair("per_page", &page.size.to_string());
        format!("<{}?{}>; rel=\"{relation}\"", self.address, query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from a real tenant.
    #[test]
    fn links_look_as_recorded() {
        let links = Links {
            address: "http://auth0-sdk-tests.auth0.com/api/v2/connections".to_owned(),
            query: "strategy=auth0&fields=name&include_fields=true",
        };
        assert_eq!(
            links.header(
                Page {
                    number: 0,
                    size: 50
                },
                3
            ),
            "<http://auth0-sdk-tests.auth0.com/api/v2/connections?strategy=auth0&fields=name&include_fields=true&page=0&per_page=50>; rel=\"first\", <http://auth0-sdk-tests.auth0.com/api/v2/connections?strategy=auth0&fields=name&include_fields=true&page=0&per_page=50>; rel=\"last\""
        );
    }

    #[test]
    fn links_lead_to_the_pages_beside() {
        let links = Links {
            address: "a".to_owned(),
            query: "page=1&per_page=2&name=x%20y",
        };
        assert_eq!(
            links.header(Page { number: 1, size: 2 }, 6),
            "<a?name=x+y&page=0&per_page=2>; rel=\"first\", <a?name=x+y&page=0&per_page=2>; rel=\"prev\", \
             <a?name=x+y&page=2&per_page=2>; rel=\"next\", <a?name=x+y&page=2&per_page=2>; rel=\"last\""
        );
    }
}
