//! `purser jobs list`

use clap::{Args, ValueEnum};
use purser_core::api::{Detail, job_body};
use purser_core::job::JobStatus;
use purser_store::JobFilter;
use serde_json::Value;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::table::Table;

/// List jobs, the newest first
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only those with this status
    #[arg(long, value_name = "STATUS", value_enum)]
    status: Option<StatusArg>,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
}

/// A job's status as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StatusArg {
    Pending,
    Processing,
    Completed,
    Failed,
    Canceled,
}

impl From<StatusArg> for JobStatus {
    fn from(status: StatusArg) -> Self {
        match status {
            StatusArg::Pending => Self::Pending,
            StatusArg::Processing => Self::Processing,
            StatusArg::Completed => Self::Completed,
            StatusArg::Failed => Self::Failed,
            StatusArg::Canceled => Self::Canceled,
        }
    }
}

/// Runs the command.
pub(super) fn run(args: &ListArgs, context: &Context) -> Result<Exit, Failure> {
    let engine = context.open()?;
    let filter = JobFilter {
        status: args.status.map(JobStatus::from),
        limit: Some(args.limit),
        ..JobFilter::default()
    };
    let jobs = engine.store().list_jobs(&filter)?;
    if context.output.json {
        let now = engine.now();
        let bodies = jobs
            .iter()
            .map(|job| job_body(job, now, None, Detail::Full));
        context.output.json(&bodies.map(Value::Object).collect())?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new(&[
        "ID",
        "TYPE",
        "STATUS",
        "TOTAL",
        "FAILED",
        "CREATED",
        "CONNECTION",
    ])
    .with_numbers(3)
    .with_numbers(4);
    for job in &jobs {
        table.push(vec![
            job.id.to_string(),
            job.kind.type_name().to_owned(),
            job.status.as_str().to_owned(),
            job.summary.total.to_string(),
            job.summary.failed.to_string(),
            job.created_at.to_string(),
            job.connection
                .as_ref()
                .map_or("-", |connection| &connection.name)
                .to_owned(),
        ]);
    }
    context.output.table(&table)?;
    Ok(Exit::Success)
}
