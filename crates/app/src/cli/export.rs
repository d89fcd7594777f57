//! `purser export`

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use purser_core::api::{Detail, job_body};
use purser_core::field::{Field, Path as FieldPath, default_fields};
use purser_core::format::OutputFormat;
use purser_core::job::{ExportOptions, Job, JobStatus, Progress, Summary};
use purser_core::limits::{CSV_FIELDS, FIELD_NAME_CHARS};
use purser_engine::export::ExportRequest;
use purser_engine::{Engine, Watch};
use serde_json::Value;

use super::context::{Context, find_connection};
use super::exit::Exit;
use super::failure::Failure;
use super::formats::{CsvGuardArg, OutputFormatArg, promised};
use super::interrupt::Interrupt;
use super::outfile::OutFile;
use super::progress::Waiting;
use super::{ending, query, words};

/// Export users to a file or to standard output
///
/// Writes the users of one connection, or of all, as they are at the moment when the export begins. Credentials
/// (password hashes, second factors) are never exported.
///
/// Without fields JSON and NDJSON have whole profiles, and CSV has the eleven fields of `--default-fields` under their
/// own names. A JSON export can be imported again.
///
/// A file appears when it is complete: an export that fails leaves no half file, and one that it would have replaced
/// stays.
#[derive(Debug, Args)]
#[command(after_long_help = "Exit codes:
  0  the export is complete
  1  the export failed or was canceled
  2  the command makes no sense as typed

Examples:
  purser export --connection staff -o staff.json
  purser export --default-fields --field user_metadata.plan=Plan -o users.csv
  purser export --format ndjson --gzip -o users.ndjson.gz
  purser export --query 'app_metadata.plan:pro AND blocked:true' --sort last_login:-1 -o blocked.csv
  purser export --format csv --field email | wc -l")]
pub(crate) struct ExportArgs {
    /// Export the users of this connection only
    #[arg(long, value_name = "NAME|ID")]
    connection: Option<String>,

    /// Export only users who match this search
    ///
    /// The language of searches is described in docs/reference/search.md.
    #[arg(long, value_name = "QUERY")]
    query: Option<String>,

    /// Sort by this attribute: `created_at:-1` is newest first
    ///
    /// Any attribute, also in the metadata. Users without it come last.
    #[arg(long, value_name = "FIELD[:1|:-1]")]
    sort: Option<String>,

    /// Write this field, under its own name or the given title; any number of times
    ///
    /// A field is a path into the profile: `email`, `user_metadata.address.city`, `identities[0].connection`. What
    /// follows the first `=` is its title.
    #[arg(long = "field", value_name = "NAME[=TITLE]", value_parser = field)]
    fields: Vec<Field>,

    /// Write the eleven usual fields with readable titles, before those of `--field`
    #[arg(long)]
    default_fields: bool,

    /// Write at most so many users
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,

    /// What to write; by default what FILE's name ends in, else json
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<OutputFormatArg>,

    /// Write to this file; `-` is standard output
    #[arg(
        short,
        long,
        value_name = "FILE|-",
        default_value = "-",
        hide_default_value = true
    )]
    output: PathBuf,

    /// Compress; also what a FILE that ends in .gz asks for
    #[arg(long)]
    gzip: bool,

    /// What stands before CSV cells that a spreadsheet might misread
    #[arg(long, value_name = "GUARD", value_enum, default_value_t = CsvGuardArg::None)]
    csv_guard: CsvGuardArg,
}

/// Runs the command.
pub(super) fn run(args: &ExportArgs, context: &Context) -> Result<Exit, Failure> {
    let options = options(args, context)?;
    let to_stdout = args.output == Path::new("-");
    if to_stdout && options.gzip && context.output.to_terminal() {
        return Err(
            Failure::usage("compressed data makes no sense on a terminal")
                .hinted("write it to a file: `-o users.json.gz`"),
        );
    }
    let engine = context.open()?;
    let find = |name: &String| find_connection(engine.store(), name);
    let connection = args.connection.as_ref().map(find).transpose()?;
    let request = ExportRequest {
        connection,
        options,
    };
    if to_stdout {
        to_pipe(&request, &engine, context)
    } else {
        to_file(args, &request, &engine, context)
    }
}

fn options(args: &ExportArgs, context: &Context) -> Result<ExportOptions, Failure> {
    let (promised_format, promised_gzip) = promised(&args.output);
    let format = args
        .format
        .map(OutputFormat::from)
        .or(promised_format)
        .unwrap_or(OutputFormat::Json);
    if let Some(text) = &args.query {
        query::query(text, context)?;
    }
    let sort = args.sort.as_ref();
    let sort = sort.map(|text| query::sort(text, context)).transpose()?;
    let mut fields = if args.default_fields {
        default_fields(true)
    } else {
        Vec::new()
    };
    fields.extend(args.fields.iter().cloned());
    if context.settings.auth0_limits && format == OutputFormat::Csv && fields.len() > CSV_FIELDS {
        let message = format!(
            "a CSV export has at most {CSV_FIELDS} fields, not {}",
            fields.len()
        );
        return Err(Failure::usage(message).hinted("leave `--auth0-limits` out, or export JSON"));
    }
    Ok(ExportOptions {
        fields,
        format,
        query: args.query.clone(),
        sort: sort.map(|sort| sort.to_string()),
        limit: args.limit,
        gzip: args.gzip || promised_gzip,
        csv_guard: args.csv_guard.into(),
    })
}

/// Reads `NAME` or `NAME=TITLE`.
pub(super) fn field(text: &str) -> Result<Field, String> {
    let (name, title) = match text.split_once('=') {
        Some((name, title)) => (name, Some(title)),
        None => (text, None),
    };
    FieldPath::parse(name).map_err(|error| error.to_string())?;
    let too_long = |text: &str| text.chars().count() > FIELD_NAME_CHARS;
    if too_long(name) || title.is_some_and(too_long) {
        return Err(format!(
            "names and titles have at most {FIELD_NAME_CHARS} characters"
        ));
    }
    if title.is_some_and(str::is_empty) {
        return Err("there is no title after `=`".to_owned());
    }
    Ok(Field {
        name: name.to_owned(),
        export_as: title.map(str::to_owned),
    })
}

fn to_file(
    args: &ExportArgs,
    request: &ExportRequest,
    engine: &Engine,
    context: &Context,
) -> Result<Exit, Failure> {
    let mut file = OutFile::create(&args.output)?;
    let start = Instant::now();
    let job = export(request, engine, &mut file, context, true)?;
    if context.output.json {
        context.output.json(&body(&job, engine))?;
    }
    completed(&job)?;
    let size = words::bytes(file.finish()?);
    let (users, time) = (
        words::count(job.summary.total, "user"),
        words::duration(start.elapsed()),
    );
    context.output.say(&format!(
        "exported {users} to {} ({size}) in {time}",
        args.output.display()
    ));
    Ok(Exit::Success)
}

fn to_pipe(request: &ExportRequest, engine: &Engine, context: &Context) -> Result<Exit, Failure> {
    let mut pipe = Pipe {
        out: io::stdout(),
        is_broken: false,
    };
    let start = Instant::now();
    // A bar between the lines of the data could be read by nobody.
    let job = export(
        request,
        engine,
        &mut pipe,
        context,
        !context.output.to_terminal(),
    )?;
    if pipe.is_broken {
        return Ok(Exit::Success);
    }
    if context.output.json {
        context.output.json_aside(&body(&job, engine));
    }
    completed(&job)?;
    let (users, time) = (
        words::count(job.summary.total, "user"),
        words::duration(start.elapsed()),
    );
    context.output.say(&format!("exported {users} in {time}"));
    Ok(Exit::Success)
}

fn export(
    request: &ExportRequest,
    engine: &Engine,
    out: &mut (dyn Write + Send),
    context: &Context,
    is_shown: bool,
) -> Result<Job, Failure> {
    let watch = Watch::default();
    let interrupt = Interrupt::listen(&watch)?;
    let base = (Progress::default(), Summary::default());
    let waiting = Waiting {
        watch: &watch,
        interrupt: &interrupt,
        noun: "user",
        base,
    };
    let mut work = || engine.export(request, out, &watch);
    let job = if is_shown {
        waiting.run(context.output, work)
    } else {
        work()
    };
    Ok(job?)
}

fn body(job: &Job, engine: &Engine) -> Value {
    Value::Object(job_body(job, engine.now(), None, Detail::Auth0))
}

fn completed(job: &Job) -> Result<(), Failure> {
    match job.status {
        JobStatus::Completed => Ok(()),
        JobStatus::Canceled => Err(Failure::failed("the export was canceled")),
        _ => Err(ending::failure(job)),
    }
}

/// Standard output, and whether its reader went away: that ends the export, but is no failure.
struct Pipe {
    out: io::Stdout,
    is_broken: bool,
}

impl Pipe {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.is_broken |= error.kind() == io::ErrorKind::BrokenPipe;
        }
        result
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.out.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.note(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_splits_a_field() {
        let read = |text: &str| field(text).map(|field| (field.name, field.export_as));
        assert_eq!(read("email"), Ok(("email".to_owned(), None)));
        assert_eq!(
            read("user_metadata.a.b=A = B"),
            Ok(("user_metadata.a.b".to_owned(), Some("A = B".to_owned())))
        );
        for bad in ["", "=Title", "email=", &"a".repeat(101), "a..b"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
