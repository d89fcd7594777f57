//! `purser import`

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use purser_core::job::{ImportOptions, Progress, Summary};
use purser_engine::import::ImportRequest;
use purser_engine::{Engine, ImportObstacle, Input, Watch, import_obstacle};
use purser_store::ConnectionRow;

use super::bad_rows;
use super::context::{Context, choices, find_connection};
use super::ending::Ending;
use super::exit::Exit;
use super::failure::Failure;
use super::formats::InputFormatArg;
use super::interrupt::Interrupt;
use super::outfile::OutFile;
use super::progress::Waiting;

/// Import users from a file
///
/// Reads users and puts them into a connection. Every row is checked by Auth0's rules for bulk imports; a row that
/// breaks one fails by itself, with every reason, and the others are imported. Memory does not grow with the file.
///
/// The file is JSON, NDJSON or CSV, plain or compressed with gzip or zstd; which one is told from the content. What an
/// export wrote can be imported again.
///
/// Without `--upsert` a user that exists already is a failed row. Ctrl-C cancels: what was imported stays.
#[derive(Debug, Args)]
#[command(after_long_help = "Formats:
  json    an array of objects
  ndjson  an object a line
  csv     a header line, then a record for each user; dots in the header make
          objects: `user_metadata.city`

Attributes of a row:
  email, email_verified, user_id, username, phone_number, phone_verified,
  given_name, family_name, name, nickname, picture, blocked, user_metadata,
  app_metadata, password_hash, custom_password_hash, mfa_factors

Exit codes:
  0  every row was imported
  1  the import failed or was canceled; rows before that stay
  2  the command makes no sense as typed
  3  the import is complete, but some rows failed

Environment:
  PURSER_STORE, PURSER_TENANT, PURSER_AUTH0_LIMITS, PURSER_JSON and
  PURSER_QUIET stand for the global options; an option that is typed wins.

Examples:
  purser import users.json --connection Username-Password-Authentication
  purser import users.csv --connection staff --upsert --report failed.csv
  zstd -dc dump.zst | purser import - --connection staff
  purser import backup.ndjson.gz --restore")]
pub(crate) struct ImportArgs {
    /// The file to import; `-` reads standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,

    /// Import into this connection
    ///
    /// Required, except with `--restore`: then rows name their connections, and this one takes those that do not.
    #[arg(long, value_name = "NAME|ID")]
    connection: Option<String>,

    /// Update users that exist already, found by their e-mail address
    #[arg(long)]
    upsert: bool,

    /// What the file is written in
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = InputFormatArg::Auto)]
    format: InputFormatArg,

    /// Take full profiles, and keep them exactly as they are
    ///
    /// For moving users from one store to another: ids, dates, counters and identities stay, and connections that rows
    /// name are made where they are missing.
    #[arg(long)]
    restore: bool,

    /// Put the strategy before every id, also before one that has it (`auth0|auth0|1`), as Auth0 does
    #[arg(long, conflicts_with = "restore")]
    keep_prefix: bool,

    /// Write the failed rows to this file: CSV if it ends in .csv, JSON if in .json, else NDJSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Keep this text with the job, to find it again
    #[arg(long, value_name = "TEXT")]
    external_id: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &ImportArgs, context: &Context) -> Result<Exit, Failure> {
    require_connection(args, context)?;
    let report = report_file(args)?;
    let input = input(&args.file, context)?;
    let engine = context.open_or_create()?;
    let request = request(args, &engine, context)?;
    let watch = Watch::default();
    let (start, base) = (Instant::now(), (Progress::default(), Summary::default()));
    let interrupt = Interrupt::listen(&watch)?;
    let waiting = Waiting {
        watch: &watch,
        interrupt: &interrupt,
        noun: "row",
        base,
    };
    let job = waiting.run(context.output, || engine.import(&request, input, &watch))?;
    let elapsed = start.elapsed();
    let report = report.zip(args.report.as_deref());
    let report = report
        .map(|(file, path)| {
            bad_rows::write_report(engine.store(), &job.id, file, path).map(|()| path)
        })
        .transpose()?;
    Ending {
        job: &job,
        elapsed,
        before: 0,
        report,
    }
    .tell(&engine, context)
}

/// Returns the bytes to import.
pub(super) fn input(file: &Path, context: &Context) -> Result<Input, Failure> {
    if file != Path::new("-") {
        return Ok(Input::file(file)?);
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        context
            .output
            .say("reading users from the terminal; Ctrl-D ends them");
    }
    Ok(Input::stream(stdin))
}

/// An import without a connection would have nowhere to go; the store is looked at to say what there is.
fn require_connection(args: &ImportArgs, context: &Context) -> Result<(), Failure> {
    if args.connection.is_some() || args.restore {
        return Ok(());
    }
    let hint = match context.open_if_there()? {
        Some(engine) => choices(&engine.store().list_connections()?),
        None => {
            let name = purser_core::connection::DEFAULT_CONNECTION;
            format!("a new store has the connection `{name}`")
        }
    };
    Err(Failure::usage("an import needs a connection: `--connection NAME`").hinted(hint))
}

fn request(
    args: &ImportArgs,
    engine: &Engine,
    context: &Context,
) -> Result<ImportRequest, Failure> {
    let find = |name: &String| find_connection(engine.store(), name);
    let connection = args.connection.as_ref().map(find).transpose()?;
    if let Some(row) = &connection {
        check_obstacle(row)?;
    }
    Ok(ImportRequest {
        connection,
        options: ImportOptions {
            upsert: args.upsert,
            restore: args.restore,
            keep_prefix: args.keep_prefix,
            strict: context.settings.auth0_limits,
            format: args.format.into(),
        },
        external_id: args.external_id.clone(),
    })
}

fn check_obstacle(row: &ConnectionRow) -> Result<(), Failure> {
    let name = &row.connection.name;
    let Some(obstacle) = import_obstacle(&row.connection) else {
        return Ok(());
    };
    let hint = match obstacle {
        ImportObstacle::Disabled => {
            format!("`purser connections enable {name}` lets it take imports")
        }
        ImportObstacle::CustomDatabase => "its users live in another database".to_owned(),
    };
    Err(Failure::failed(format!(
        "users cannot be imported into `{name}`: {obstacle}"
    ))
    .hinted(hint))
}

/// Begins the report before the import, so that a place that cannot be written to costs nothing.
fn report_file(args: &ImportArgs) -> Result<Option<OutFile>, Failure> {
    let Some(path) = &args.report else {
        return Ok(None);
    };
    if let (Ok(report), Ok(input)) = (path.canonicalize(), args.file.canonicalize())
        && report == input
    {
        return Err(
            Failure::usage("the report would replace the file to import")
                .hinted("give `--report` another name"),
        );
    }
    OutFile::create(path).map(Some)
}
