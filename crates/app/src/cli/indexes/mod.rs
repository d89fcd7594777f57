//! `purser indexes`: attributes by which users are found without reading every profile.

mod build;
mod create;
mod drop;
mod list;

use std::time::Instant;

use clap::Subcommand;
use purser_core::job::{Progress, Summary};
use purser_engine::{Engine, EngineError, Watch};

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupt::Interrupt;
use super::progress::Waiting;
use super::words;

/// What to do with indexes.
#[derive(Debug, Subcommand)]
pub(crate) enum IndexesCommand {
    Build(build::BuildArgs),
    Create(create::CreateArgs),
    Drop(drop::DropArgs),
    List(list::ListArgs),
}

/// Runs the command.
pub(crate) fn run(command: &IndexesCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        IndexesCommand::Build(args) => build::run(args, context),
        IndexesCommand::Create(args) => create::run(args, context),
        IndexesCommand::Drop(args) => drop::run(args, context),
        IndexesCommand::List(args) => list::run(args, context),
    }
}

/// Indexes all users who are not, shows how far that is, and says how many are indexed then.
fn build(engine: &Engine, context: &Context) -> Result<(), Failure> {
    let watch = Watch::default();
    let (start, interrupt) = (Instant::now(), Interrupt::listen(&watch)?);
    let waiting = Waiting {
        watch: &watch,
        interrupt: &interrupt,
        noun: "user",
        base: (Progress::default(), Summary::default()),
    };
    match waiting.run(context.output, || engine.build_indexes(&watch)) {
        Ok(_) => {}
        Err(EngineError::Canceled) => {
            let hint = "`purser indexes build`, or a running server, does the rest";
            return Err(Failure::failed("indexing was canceled; what is built stays").hinted(hint));
        }
        Err(error) => return Err(error.into()),
    }
    let indexed = engine.store().index_states()?.indexed;
    let (users, time) = (
        words::count(indexed, "user"),
        words::duration(start.elapsed()),
    );
    context.output.say(&format!("indexed {users} in {time}"));
    Ok(())
}
