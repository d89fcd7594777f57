//! `purser users search`

use clap::{Args, ValueEnum};
use purser_core::field::Field;
use purser_core::format::{CsvGuard, Encoder, OutputFormat};
use purser_core::job::ExportOptions;
use purser_core::user::Profile;
use purser_store::SearchRequest;

use super::{chosen, found};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::export;
use crate::cli::failure::Failure;
use crate::cli::query;

/// Search users
///
/// A query is what Auth0's `GET /api/v2/users?q=…` takes: conditions like `email:ann@example.com`, `name:ann*`,
/// `created_at:[2025-01 TO *]`, `app_metadata.plan:gold`, `_exists_:phone_number`, joined with `AND`, `OR`, `NOT` and
/// parentheses. A value must be equal as a whole; case counts except in addresses and names.
///
/// Every attribute can be asked for. Those of the profile are indexed; `purser indexes create` indexes others.
#[derive(Debug, Args)]
#[command(after_long_help = "Exit codes:
  0  the search was done, whether it found somebody or not
  1  the search failed
  2  the query cannot be read, or the command makes no sense as typed

Examples:
  purser users search 'email.domain:example.com AND NOT email_verified:true'
  purser users search 'app_metadata.plan:(gold OR silver)' --sort last_login:-1 --limit 10
  purser users search '_exists_:user_metadata.city' --field email --field user_metadata.city
  purser users search 'logins_count:[100 TO *]' --format ndjson | jq -r .email")]
pub(crate) struct SearchArgs {
    /// Whom to look for
    #[arg(value_name = "QUERY")]
    query: String,

    /// Sort by an attribute: `created_at:1` ascending, `created_at:-1` descending
    ///
    /// Those without it come last; those who are equal stay in the order in which they were stored.
    #[arg(long, value_name = "FIELD:1|-1", allow_hyphen_values = true)]
    sort: Option<String>,

    /// The users of this connection only
    #[arg(long, value_name = "NAME|ID")]
    connection: Option<String>,

    /// At most so many; for all, use `purser export`
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000))]
    limit: u64,

    /// Leave out so many before
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    offset: u64,

    /// Show this field, under its own name or the given title; any number of times
    #[arg(long = "field", value_name = "NAME[=TITLE]", value_parser = export::field)]
    fields: Vec<Field>,

    /// What to write; by default a table, with `--json` json
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<SearchFormat>,
}

/// What found users are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SearchFormat {
    /// A line for each user, aligned on a terminal
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Ndjson,
    /// RFC 4180, with a header line
    Csv,
}

/// Runs the command.
pub(super) fn run(args: &SearchArgs, context: &Context) -> Result<Exit, Failure> {
    let query = query::query(&args.query, context)?;
    let sort = args.sort.as_deref();
    let sort = sort.map(|text| query::sort(text, context)).transpose()?;
    let engine = context.open()?;
    let connection = chosen(engine.store(), args.connection.as_ref())?;
    let request = SearchRequest {
        query: Some(&query),
        connection: connection.map(|row| row.pk),
        sort: sort.as_ref(),
        offset: args.offset,
        // One more tells whether there are more, for less than a count costs.
        limit: args.limit + 1,
        count: false,
    };
    let mut users = query::search(&engine, &request, context)?.users;
    let shown = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let has_more = users.len() > shown;
    users.truncate(shown);
    print(args, &users, context)?;
    if has_more {
        context.output.say(&format!(
            "there are more than these {}: `--limit` and `--offset` show others, `purser users count` counts them",
            users.len()
        ));
    }
    Ok(Exit::Success)
}

fn print(args: &SearchArgs, users: &[Profile], context: &Context) -> Result<(), Failure> {
    let format = match (args.format, context.output.json) {
        (Some(format), _) => format,
        (None, true) => SearchFormat::Json,
        (None, false) => SearchFormat::Table,
    };
    let format = match format {
        SearchFormat::Table if args.fields.is_empty() => {
            return context.output.table(&found::default_table(users));
        }
        SearchFormat::Table => return context.output.table(&found::table(users, &args.fields)?),
        SearchFormat::Json => OutputFormat::Json,
        SearchFormat::Ndjson => OutputFormat::Ndjson,
        SearchFormat::Csv => OutputFormat::Csv,
    };
    let options = ExportOptions {
        fields: args.fields.clone(),
        format,
        csv_guard: CsvGuard::None,
        ..ExportOptions::default()
    };
    let mut encoder = Encoder::new(&options)?;
    let mut out = Vec::new();
    encoder.begin(&mut out);
    for (index, user) in users.iter().enumerate() {
        encoder.record(index == 0, user.raw(), &mut out);
    }
    encoder.end(users.len() as u64, &mut out);
    context.output.bytes(&out)
}
