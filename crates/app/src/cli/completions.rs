//! `purser completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  purser completions bash > ~/.local/share/bash-completion/completions/purser
  purser completions zsh > ~/.zfunc/_purser
  purser completions fish > ~/.config/fish/completions/purser.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Runs the command.
pub(super) fn run(args: &CompletionsArgs, context: &Context) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "purser", &mut script);
    context.output.bytes(&script)?;
    Ok(Exit::Success)
}
