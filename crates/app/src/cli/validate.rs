//! `purser validate`

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use purser_core::connection::{Strategy, UsernameRules};
use purser_core::import::Rules;
use purser_core::job::{ImportOptions, JobFailure, Progress, Summary};
use purser_engine::validate::{Checked, check};
use purser_engine::{EngineError, Watch};
use purser_store::FailedRow;
use serde_json::json;

use super::context::{Context, find_connection};
use super::exit::Exit;
use super::failure::Failure;
use super::formats::InputFormatArg;
use super::interrupt::Interrupt;
use super::progress::Waiting;
use super::{bad_rows, import, words};

/// Check a file without importing it
///
/// Tells every problem of every row, by the rules of an import, and identifiers that stand twice in the file. Nothing
/// is written. What only the store knows (users that exist already) is not checked.
#[derive(Debug, Args)]
#[command(after_long_help = "Exit codes:
  0  every row could be imported
  1  the file could not be read to its end
  2  the command makes no sense as typed
  3  some rows could not be imported

Examples:
  purser validate users.json
  purser validate users.csv --connection staff --limit-errors 20
  purser --json validate users.ndjson > problems.json")]
pub(crate) struct ValidateArgs {
    /// The file to check; `-` reads standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,

    /// Check by the rules of this connection; by default by those of a new database connection
    #[arg(long, value_name = "NAME|ID")]
    connection: Option<String>,

    /// Without a connection: check for this strategy
    #[arg(
        long,
        value_name = "STRATEGY",
        default_value = "auth0",
        conflicts_with = "connection"
    )]
    strategy: String,

    /// Without a connection: users have usernames
    #[arg(long, conflicts_with = "connection")]
    requires_username: bool,

    /// What the file is written in
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = InputFormatArg::Auto)]
    format: InputFormatArg,

    /// Check as for `purser import --upsert`
    #[arg(long)]
    upsert: bool,

    /// Check as for `purser import --restore`
    #[arg(long)]
    restore: bool,

    /// Check as for `purser import --keep-prefix`
    #[arg(long, conflicts_with = "restore")]
    keep_prefix: bool,

    /// Show at most so many bad rows; all are counted
    #[arg(long, value_name = "N")]
    limit_errors: Option<u64>,
}

/// Runs the command.
pub(super) fn run(args: &ValidateArgs, context: &Context) -> Result<Exit, Failure> {
    let rules = rules(args, context)?;
    let options = ImportOptions {
        upsert: args.upsert,
        restore: args.restore,
        keep_prefix: args.keep_prefix,
        strict: context.settings.auth0_limits,
        format: args.format.into(),
    };
    let input = import::input(&args.file, context)?;
    let watch = Watch::default();
    let interrupt = Interrupt::listen(&watch)?;
    let base = (Progress::default(), Summary::default());
    let waiting = Waiting {
        watch: &watch,
        interrupt: &interrupt,
        noun: "row",
        base,
    };
    let most = args.limit_errors.unwrap_or(u64::MAX);
    let mut printer = Printer {
        json: context.output.json,
        most,
        seen: 0,
        out: io::stdout(),
    };
    let checked = waiting.run(context.output, || {
        check(input, &rules, &options, &watch, &mut |row| {
            printer.print(row)
        })
    })?;
    printer.end(&checked)?;
    tell(&checked, printer.seen.saturating_sub(most), context)
}

fn rules(args: &ValidateArgs, context: &Context) -> Result<Rules, Failure> {
    let (strategy, username) = match &args.connection {
        Some(name) => {
            let engine = context.open()?;
            let connection = find_connection(engine.store(), name)?.connection;
            (connection.strategy.clone(), connection.username_rules())
        }
        None => {
            let username = UsernameRules {
                allowed: args.requires_username,
                min: 1,
                max: 15,
            };
            (Strategy::new(args.strategy.as_str()), username)
        }
    };
    let strict = context.settings.auth0_limits;
    Ok(Rules {
        strategy,
        username,
        keep_prefix: args.keep_prefix,
        strict,
    })
}

fn tell(checked: &Checked, hidden: u64, context: &Context) -> Result<Exit, Failure> {
    let Checked {
        rows,
        invalid,
        broken,
        notes,
    } = checked;
    if hidden > 0 {
        context
            .output
            .say(&format!("… and {}", words::count(hidden, "more bad row")));
    }
    for note in notes {
        context.output.say(&format!("note: {note}"));
    }
    let rows = words::count(*rows, "row");
    if let Some(JobFailure { reason, hint, .. }) = broken {
        context.output.say(&format!(
            "checked {rows}, {} bad, up to a place that cannot be read",
            words::number(*invalid)
        ));
        let failure = Failure::failed(reason.as_str());
        return Err(match hint {
            Some(hint) => failure.hinted(hint.as_str()),
            None => failure,
        });
    }
    if *invalid > 0 {
        context.output.say(&format!(
            "checked {rows}: {} cannot be imported",
            words::number(*invalid)
        ));
        return Ok(Exit::RowsFailed);
    }
    context
        .output
        .say(&format!("checked {rows}: all can be imported"));
    Ok(Exit::Success)
}

/// Prints bad rows as they come, so that memory does not grow with their number.
struct Printer {
    json: bool,
    most: u64,
    seen: u64,
    out: io::Stdout,
}

impl Printer {
    fn print(&mut self, row: &FailedRow) -> Result<(), EngineError> {
        self.seen += 1;
        if self.seen > self.most {
            return Ok(());
        }
        let text = if self.json {
            let before = if self.seen == 1 {
                r#"{"errors":["#
            } else {
                ","
            };
            format!("{before}{}", bad_rows::json(row))
        } else {
            format!("{}\n", bad_rows::text(row))
        };
        self.out
            .write_all(text.as_bytes())
            .map_err(EngineError::Output)
    }

    /// Prints what follows the last row.
    fn end(&mut self, checked: &Checked) -> Result<(), Failure> {
        if self.json {
            let Checked {
                rows,
                invalid,
                broken,
                notes,
            } = checked;
            let began = self.seen.min(self.most) > 0;
            let before = if began { "]," } else { r#"{"errors":[],"# };
            let rest = json!({"rows": rows, "invalid": invalid, "broken": broken, "notes": notes});
            let rest = rest.to_string();
            let rest = rest.strip_prefix('{').unwrap_or(&rest);
            self.out.write_all(format!("{before}{rest}\n").as_bytes())?;
        }
        Ok(self.out.flush()?)
    }
}
