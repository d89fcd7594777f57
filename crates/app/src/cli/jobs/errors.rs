//! `purser jobs errors`

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use purser_core::format::OutputFormat;
use purser_core::id::JobId;
use purser_engine::report;

use crate::cli::bad_rows;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::formats::{OutputFormatArg, promised};
use crate::cli::outfile::OutFile;
use crate::cli::words;

/// Show the failed rows of an import, or the users whom an edit could not change, with every reason
///
/// On a terminal in words; otherwise each row is `{"row", "line", "byte", "errors", "user"}`, with the secrets of the
/// user masked.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  purser jobs errors job_6nNLiwFZksN0YmRR
  purser jobs errors job_6nNLiwFZksN0YmRR -o failed.csv
  purser jobs errors job_6nNLiwFZksN0YmRR --format ndjson | jq -r .errors[].code | sort | uniq -c")]
pub(crate) struct ErrorsArgs {
    /// The job's id
    #[arg(value_name = "ID", value_parser = super::job_id)]
    id: JobId,

    /// What to write; by default what FILE's name ends in, else ndjson
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
}

/// Runs the command.
pub(super) fn run(args: &ErrorsArgs, context: &Context) -> Result<Exit, Failure> {
    let engine = context.open()?;
    let (store, id) = (engine.store(), &super::find(engine.store(), &args.id)?.id);
    let to_stdout = args.output == Path::new("-");
    let asked = args
        .format
        .map(OutputFormat::from)
        .or(promised(&args.output).0);
    let asked = asked.or(context.output.json.then_some(OutputFormat::Json));
    if asked.is_none() && to_stdout && context.output.to_terminal() {
        store.scan_row_errors(id, |row| context.output.line(&bad_rows::text(&row)))?;
        return Ok(Exit::Success);
    }
    let format = asked.unwrap_or(OutputFormat::Ndjson);
    if to_stdout {
        let mut out = BufWriter::new(io::stdout().lock());
        report::write(store, id, format, &mut out)?;
        out.flush()?;
        return Ok(Exit::Success);
    }
    let mut out = BufWriter::new(OutFile::create(&args.output)?);
    let rows = report::write(store, id, format, &mut out)?;
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .finish()?;
    let rows = words::count(rows, "failed row");
    context
        .output
        .say(&format!("wrote {rows} to {}", args.output.display()));
    Ok(Exit::Success)
}
