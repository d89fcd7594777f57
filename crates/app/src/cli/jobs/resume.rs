//! `purser jobs resume`

use std::time::Instant;

use clap::Args;
use purser_core::id::JobId;
use purser_core::job::{Job, JobKind, Runner};
use purser_engine::Watch;

use crate::cli::context::Context;
use crate::cli::ending::Ending;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt::Interrupt;
use crate::cli::progress::Waiting;

/// Go on with an import or an edit that was interrupted
///
/// An import of a file that was killed, or whose machine stopped, goes on behind the last row that was written; no row
/// is imported twice. The file must be where it was, unchanged. An edit of users goes on behind the last user
/// it met. Jobs of the server need no help: the server goes on with them by itself.
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The job's id
    #[arg(value_name = "ID", value_parser = super::job_id)]
    id: JobId,
}

/// Runs the command.
pub(super) fn run(args: &ResumeArgs, context: &Context) -> Result<Exit, Failure> {
    let engine = context.open()?;
    let job = super::find(engine.store(), &args.id)?;
    check(&job)?;
    let is_edit = matches!(job.kind, JobKind::UsersEdit(_));
    let watch = Watch::default();
    let interrupt = Interrupt::listen(&watch)?;
    let base = (job.progress, job.summary);
    let waiting = Waiting {
        watch: &watch,
        interrupt: &interrupt,
        noun: if is_edit { "user" } else { "row" },
        base,
    };
    let start = Instant::now();
    let resumed = waiting.run(context.output, || {
        if is_edit {
            engine.resume_edit(&args.id, &watch)
        } else {
            engine.resume_import(&args.id, &watch)
        }
    })?;
    let Some(ended) = resumed else {
        return Err(busy(&job));
    };
    Ending {
        job: &ended,
        elapsed: start.elapsed(),
        before: job.summary.total,
        report: None,
    }
    .tell(&engine, context)
}

/// Says why a job cannot go on, if it cannot.
fn check(job: &Job) -> Result<(), Failure> {
    let (id, status) = (&job.id, job.status);
    if status.is_final() {
        return Err(Failure::failed(format!(
            "the job `{id}` has ended: it is {}",
            status.as_str()
        ))
        .hinted(match &job.kind {
            JobKind::UsersEdit(_) => "run the command again; who is as he shall be stays so",
            _ => "import the file again; with `--upsert`, users that exist are no errors",
        }));
    }
    let reason = match (&job.kind, job.runner, &job.file) {
        (JobKind::UsersExport(_), ..) => "it is an export, of which nothing is kept",
        (JobKind::UsersEdit(_), Runner::Caller, _) => return Ok(()),
        (_, Runner::Queue, _) => "the server goes on with it by itself",
        (_, Runner::Caller, None) => "it read a stream, which cannot be read again",
        (JobKind::UsersImport(_), Runner::Caller, Some(_)) => return Ok(()),
    };
    Err(Failure::failed(format!(
        "the job `{id}` cannot be resumed: {reason}"
    )))
}

fn busy(job: &Job) -> Failure {
    Failure::failed(format!(
        "another process works on the job `{}`, or did a moment ago",
        job.id
    ))
    .hinted("a process that was killed holds its job for 20 seconds: try again then")
}
