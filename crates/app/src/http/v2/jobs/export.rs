//! `POST /api/v2/jobs/users-exports`

use axum::http::StatusCode;
use axum::response::Response;
use purser_core::api::{Detail, Property, Rule, Schema, violation};
use purser_core::field::{Field, default_fields};
use purser_core::format::{CsvGuard, OutputFormat};
use purser_core::id::ConnectionId;
use purser_core::job::{ExportOptions, Job};
use purser_core::limits::{CSV_FIELDS, FIELD_NAME_CHARS};
use purser_core::query::{Limits, Query, Sort};
use purser_engine::Engine;
use purser_engine::export::ExportRequest;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{JobBody, shown};
use crate::http::answer;
use crate::http::auth::{ReadUsers, Requires};
use crate::http::base_url::BaseUrl;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::payload::Payload;
use crate::http::state::App;

/// What to export.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ExportBody {
    /// `connection_id` of the connection from which users will be exported; all users by default.
    #[schema(example = "con_0000000000000001")]
    connection_id: Option<String>,
    /// Format of the file: `csv` or `json` (one object a line). Defaults to `csv`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    format: ExportFormat,
    /// Limit the number of records.
    limit: Option<f64>,
    /// What each record has; eleven fields of the profile by default.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ExportField>>)]
    fields: Vec<Field>,
    /// Purser's own: only users who match this search; not under `--auth0-limits`.
    #[schema(example = "app_metadata.plan:pro")]
    query: Option<String>,
    /// Purser's own: the order, `field:1` or `field:-1`; not under `--auth0-limits`.
    #[schema(example = "created_at:-1")]
    sort: Option<String>,
}

/// A field and, if it is to differ, its title.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the shape of a core type")]
pub(crate) struct ExportField {
    /// A path into the profile.
    #[schema(example = "identities[0].connection", max_length = 100)]
    name: String,
    /// The title of the CSV column, the key in JSON.
    #[schema(max_length = 100)]
    export_as: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ExportFormat {
    #[default]
    Csv,
    Json,
}

const FIELD: Schema = Schema {
    properties: &[
        Property::new("name", TITLE, "Name of the field in the profile"),
        Property::new(
            "export_as",
            TITLE,
            "Title of the column in the exported CSV",
        ),
    ],
    required: &["name"],
    advice: "",
};
const TITLE: Rule = Rule::Text {
    min: 0,
    max: FIELD_NAME_CHARS,
};
const FIELDS: &str =
    "List of fields to be included in the CSV. Defaults to a predefined set of fields";
/// Auth0's members, then ours.
const PROPERTIES: (&[Property], &[Property]) = ALL.split_at(4);
const ALL: &[Property] = &[
    Property::new(
        "connection_id",
        Rule::Pattern {
            pattern: ConnectionId::PATTERN,
            test: |text| ConnectionId::parse(text).is_some(),
            max: usize::MAX,
        },
        "connection_id of the connection from which users will be exported",
    ),
    Property::new(
        "format",
        Rule::Choice(&["json", "csv"]),
        "Format of the file. Must be `json` or `csv`",
    ),
    Property::new(
        "limit",
        Rule::Integer {
            min: 1,
            max: i64::MAX,
        },
        "Limit the number of records",
    ),
    Property::new(
        "fields",
        Rule::Array {
            min: 0,
            max: usize::MAX,
            of: &Rule::Record(&FIELD),
        },
        FIELDS,
    ),
    Property::new("query", TEXT, "A search; only users who match are exported"),
    Property::new("sort", TEXT, "The order, as `field:1` or `field:-1`"),
];
const TEXT: Rule = Rule::Text {
    min: 1,
    max: usize::MAX,
};
const SCHEMA: Schema = Schema {
    properties: ALL,
    required: &[],
    advice: "",
};
const AUTH0_SCHEMA: Schema = Schema {
    properties: PROPERTIES.0,
    required: &[],
    advice: "",
};

/// Starts an export of users.
///
/// Poll the job until it is `completed`; its `location` then is where the file can be had, gzipped, for a minute.
///
/// Auth0: <https://auth0.com/docs/api/management/v2/jobs/post-users-exports>
#[utoipa::path(
    post,
    path = "/api/v2/jobs/users-exports",
    tag = "Jobs",
    security(("bearer" = ["read:users"])),
    request_body(content = Option<ExportBody>, description = "All users, the default fields, CSV by default"),
    responses(
        (status = 200, description = "The job, queued", body = JobBody),
        (status = 400, description = "invalid_body, inexistent_connection", body = ErrorBody),
        (status = 401, description = "No token, or a bad one", body = ErrorBody),
        (status = 403, description = "insufficient_scope", body = ErrorBody),
        (status = 413, description = "The body is larger than 1 MB", body = ErrorBody),
        (status = 429, description = "too_many_requests", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    app: Requires<ReadUsers>,
    base: BaseUrl,
    payload: Payload,
) -> Result<Response, ApiError> {
    let schema = if app.auth0_limits() {
        &AUTH0_SCHEMA
    } else {
        &SCHEMA
    };
    let body: ExportBody =
        serde_json::from_value(payload.checked(schema)?).map_err(ApiError::internal)?;
    check_search(&body)?;
    check_limits(&app, body.format, &body.fields)?;
    let connection_id = body.connection_id.as_deref().and_then(ConnectionId::parse);
    let options = body.into_options();
    let job = app
        .blocking(move |engine| queue(engine, connection_id.as_ref(), options))
        .await?;
    app.wake_workers();
    Ok(answer::json(
        StatusCode::OK,
        &shown(&app, &base, &job, Detail::Auth0),
    ))
}

impl ExportBody {
    fn into_options(self) -> ExportOptions {
        let Self {
            connection_id: _,
            format,
            limit,
            fields,
            query,
            sort,
        } = self;
        ExportOptions {
            fields: if fields.is_empty() {
                default_fields(false)
            } else {
                fields
            },
            format: match format {
                ExportFormat::Csv => OutputFormat::Csv,
                ExportFormat::Json => OutputFormat::Ndjson,
            },
            query,
            sort,
            // To JavaScript 5.0 is an integer, too.
            limit: limit.map(|limit| limit as u64),
            gzip: true,
            csv_guard: CsvGuard::Auth0,
        }
    }
}

fn queue(
    engine: &Engine,
    id: Option<&ConnectionId>,
    options: ExportOptions,
) -> Result<Job, ApiError> {
    let find = |id| {
        let missing =
            || ApiError::bad_request("The connection does not exist", "inexistent_connection");
        engine.store().find_connection(id)?.ok_or_else(missing)
    };
    let connection = id.map(find).transpose()?;
    Ok(engine.queue_export(&ExportRequest {
        connection,
        options,
    })?)
}

/// A search and an order are checked before there is a job.
fn check_search(body: &ExportBody) -> Result<(), ApiError> {
    if let Some(query) = &body.query {
        Query::parse(query, Limits::None)
            .map_err(|error| ApiError::bad_request(error.to_string(), "invalid_query_string"))?;
    }
    if let Some(sort) = &body.sort {
        let refuse = |problem: String| ApiError::invalid_body(violation(&problem, "sort", ""));
        Sort::parse(sort).map_err(|error| refuse(error.to_string()))?;
    }
    Ok(())
}

/// What Auth0's CSV exports cannot have; ours can.
fn check_limits(app: &App, format: ExportFormat, fields: &[Field]) -> Result<(), ApiError> {
    if !app.auth0_limits() || format != ExportFormat::Csv {
        return Ok(());
    }
    let refuse = |problem: &str, path: &str, about| {
        Err(ApiError::invalid_body(violation(problem, path, about)))
    };
    if fields.len() > CSV_FIELDS {
        let problem = format!("Array is too long ({}), maximum {CSV_FIELDS}", fields.len());
        return refuse(&problem, "fields", FIELDS);
    }
    let is_whole = |field: &Field| matches!(field.name.as_str(), "user_metadata" | "app_metadata");
    if let Some(index) = fields.iter().position(is_whole) {
        let problem = format!(
            "Objects cannot be exported to CSV, name its members: {}",
            fields[index].name
        );
        return refuse(&problem, &format!("fields[{index}].name"), "");
    }
    Ok(())
}
