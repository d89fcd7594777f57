//! `purser users block`, `unblock` and `update`, and what `purser users delete` does with a query.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use purser_core::edit::{Edit, EditError, read_setting};
use purser_core::job::{EditAction, EditOptions, Progress, Setting, Summary};
use purser_engine::edit::EditRequest;
use purser_engine::{Engine, Watch};

use super::{chosen, preview};
use crate::cli::context::Context;
use crate::cli::ending::Ending;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt::Interrupt;
use crate::cli::outfile::OutFile;
use crate::cli::progress::Waiting;
use crate::cli::{bad_rows, query, words};

/// Block users: they stay, but may not log in
///
/// Says how many users match, and asks before it goes on. Ctrl-C cancels: who was blocked stays so. A run that was killed
/// goes on with `purser jobs resume`.
#[derive(Debug, Args)]
#[command(after_long_help = "Exit codes:
  0  every user who matches is blocked
  1  the work failed or was canceled; users before that stay blocked
  2  the command makes no sense as typed, or nobody could be asked
  3  the work is complete, but some users could not be changed

Examples:
  purser users block --query='email.domain:spam.example' --dry-run
  purser users block --query='email.domain:spam.example' --yes
  purser users block --all --connection staff")]
pub(crate) struct BlockArgs {
    #[command(flatten)]
    whom: WhomArgs,
    #[command(flatten)]
    how: HowArgs,
}

/// Unblock users
///
/// Says how many users match, and asks before it goes on. Who is not blocked stays as he is.
#[derive(Debug, Args)]
#[command(after_long_help = "Exit codes:
  0  no user who matches is blocked
  1  the work failed or was canceled; users before that stay unblocked
  2  the command makes no sense as typed, or nobody could be asked
  3  the work is complete, but some users could not be changed

Examples:
  purser users unblock --query='blocked:true AND email.domain:example.com'")]
pub(crate) struct UnblockArgs {
    #[command(flatten)]
    whom: WhomArgs,
    #[command(flatten)]
    how: HowArgs,
}

/// Set and remove attributes of users
///
/// The rules are those of `PATCH /api/v2/users/{id}`. What can be changed: blocked, email_verified, phone_verified,
/// given_name, family_name, name, nickname, picture, and everything below user_metadata and app_metadata. A path changes
/// what it names and nothing beside it; `user_metadata={…}` as a whole is merged with what is there.
///
/// Says how many users match, and asks before it goes on. Who has the values already stays as he is.
#[derive(Debug, Args)]
#[command(after_long_help = "Exit codes:
  0  every user who matches has the values
  1  the work failed or was canceled; users before that stay changed
  2  the command makes no sense as typed, or nobody could be asked
  3  the work is complete, but some users could not be changed

Examples:
  purser users update --query='app_metadata.plan:trial' --set app_metadata.plan=free --dry-run
  purser users update --all --set 'app_metadata.limits={\"seats\":5}' --unset user_metadata.coupon
  purser users update --query='email.domain:example.com' --set email_verified=true --yes")]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    whom: WhomArgs,

    /// Set an attribute; any number of times
    ///
    /// What is JSON is what it says: `true`, `12`, `\"12\"`, `[\"a\"]`; any other VALUE is a text, and `null` removes. In a
    /// key a dot has a `\\` before it.
    #[arg(long, value_name = "PATH=VALUE", value_parser = setting)]
    #[arg(required_unless_present = "unset")]
    set: Vec<Setting>,

    /// Remove an attribute; any number of times
    #[arg(long, value_name = "PATH")]
    unset: Vec<String>,

    #[command(flatten)]
    how: HowArgs,
}

/// Which users are meant.
#[derive(Debug, Args)]
struct WhomArgs {
    /// Change who matches; `purser help users search` tells how a query is written
    #[arg(long, value_name = "QUERY", required_unless_present = "all")]
    query: Option<String>,

    /// Change everybody
    // Not from the environment, like the query and the connection: whom to change must have been typed.
    #[arg(long, conflicts_with = "query")]
    all: bool,

    /// The users of this connection only
    #[arg(long, value_name = "NAME|ID")]
    connection: Option<String>,
}

/// How it is done.
#[derive(Debug, Args)]
pub(super) struct HowArgs {
    /// Change nothing; tell what would change, of the first ten users field by field
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Do not ask
    #[arg(short, long)]
    pub(super) yes: bool,

    /// Write the users who could not be changed to this file: CSV if it ends in .csv, JSON if in .json, else NDJSON
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(super) report: Option<PathBuf>,
}

fn setting(text: &str) -> Result<Setting, String> {
    read_setting(text).map_err(|EditError { message, hint }| match hint {
        Some(hint) => format!("{message}; {hint}"),
        None => message,
    })
}

impl BlockArgs {
    /// Runs the command.
    pub(super) fn run(&self, context: &Context) -> Result<Exit, Failure> {
        plain(EditAction::Block, &self.whom, &self.how).run(context)
    }
}

impl UnblockArgs {
    /// Runs the command.
    pub(super) fn run(&self, context: &Context) -> Result<Exit, Failure> {
        plain(EditAction::Unblock, &self.whom, &self.how).run(context)
    }
}

impl UpdateArgs {
    /// Runs the command.
    pub(super) fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let mut asked = plain(EditAction::Update, &self.whom, &self.how);
        asked.options.set.clone_from(&self.set);
        asked.options.unset.clone_from(&self.unset);
        asked.run(context)
    }
}

fn plain<'a>(action: EditAction, whom: &'a WhomArgs, how: &'a HowArgs) -> Asked<'a> {
    Asked {
        options: EditOptions {
            query: whom.query.clone(),
            action,
            set: vec![],
            unset: vec![],
        },
        connection: whom.connection.as_ref(),
        how,
    }
}

/// What is to be done to whom.
pub(super) struct Asked<'a> {
    pub(super) options: EditOptions,
    pub(super) connection: Option<&'a String>,
    pub(super) how: &'a HowArgs,
}

impl Asked<'_> {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Self {
            options,
            connection,
            how,
        } = self;
        Edit::new(&options).map_err(|EditError { message, hint }| {
            let failure = Failure::usage(message);
            match hint {
                Some(hint) => failure.hinted(hint),
                None => failure,
            }
        })?;
        let wanted = options.query.as_deref();
        let wanted = wanted.map(|text| query::query(text, context)).transpose()?;
        let engine = context.open()?;
        let connection = chosen(engine.store(), connection)?;
        let number = connection.as_ref().map(|row| row.pk);
        let users = engine.store().count_matching(wanted.as_ref(), number)?;
        let action = options.action;
        let request = EditRequest {
            connection,
            options,
            limits: query::limits(context),
        };
        let verb = if users == 1 { "matches" } else { "match" };
        context
            .output
            .say(&format!("{} {verb}", words::count(users, "user")));
        if how.dry_run {
            return preview::run(&request, &engine, context);
        }
        if users > 0 && !how.yes {
            confirm(action, users, context)?;
        }
        edit(&request, how, &engine, context)
    }
}

fn confirm(action: EditAction, users: u64, context: &Context) -> Result<(), Failure> {
    let action = action.as_str();
    let mut question = format!("{action} {}?", words::count(users, "user"));
    question[..1].make_ascii_uppercase();
    match context.output.confirm(&question)? {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::failed("nothing was changed")),
        None => Err(Failure::usage(format!(
            "to {action} users needs `--yes` where nobody can be asked"
        ))
        .hinted("look at what would change with `--dry-run`, then add `--yes`")),
    }
}

fn edit(
    request: &EditRequest,
    how: &HowArgs,
    engine: &Engine,
    context: &Context,
) -> Result<Exit, Failure> {
    // Begun before the work, so that a place that cannot be written to costs nothing.
    let report = how.report.as_deref();
    let report = report
        .map(|path| Ok::<_, Failure>((OutFile::create(path)?, path)))
        .transpose()?;
    let watch = Watch::default();
    let interrupt = Interrupt::listen(&watch)?;
    let start = Instant::now();
    let waiting = Waiting {
        watch: &watch,
        interrupt: &interrupt,
        noun: "user",
        base: (Progress::default(), Summary::default()),
    };
    let job = waiting.run(context.output, || engine.edit(request, &watch))?;
    let elapsed = start.elapsed();
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
    .tell(engine, context)
}
