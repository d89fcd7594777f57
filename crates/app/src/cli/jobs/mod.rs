//! `purser jobs`: imports, exports and edits, running and past.

mod errors;
mod list;
mod resume;
mod show;

use clap::Subcommand;
use purser_core::id::JobId;
use purser_core::job::Job;
use purser_store::Store;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    Errors(errors::ErrorsArgs),
    List(list::ListArgs),
    Resume(resume::ResumeArgs),
    Show(show::ShowArgs),
}

/// Runs the command.
pub(crate) fn run(command: &JobsCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        JobsCommand::Errors(args) => errors::run(args, context),
        JobsCommand::List(args) => list::run(args, context),
        JobsCommand::Resume(args) => resume::run(args, context),
        JobsCommand::Show(args) => show::run(args, context),
    }
}

/// Reads a job's id.
fn job_id(text: &str) -> Result<JobId, String> {
    JobId::parse(text).ok_or_else(|| "a job's id is `job_` and 16 letters or digits".to_owned())
}

fn find(store: &Store, id: &JobId) -> Result<Job, Failure> {
    store.find_job(id)?.ok_or_else(|| {
        Failure::failed(format!("there is no job `{id}`"))
            .hinted("`purser jobs list` shows the jobs")
    })
}
