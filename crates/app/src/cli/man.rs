//! `purser man`

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use serde_json::json;

use super::Cli;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Write the manual pages, a file for each command
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  purser man ~/.local/share/man/man1 && man purser-import")]
pub(crate) struct ManArgs {
    /// The folder to write them to; it is made if it does not exist
    #[arg(value_name = "DIR", required_unless_present = "markdown")]
    folder: Option<PathBuf>,

    /// Print one Markdown page with all commands instead
    #[arg(long, conflicts_with = "folder")]
    markdown: bool,
}

/// Runs the command.
pub(super) fn run(args: &ManArgs, context: &Context) -> Result<Exit, Failure> {
    let Some(folder) = &args.folder else {
        context.output.bytes(markdown().as_bytes())?;
        return Ok(Exit::Success);
    };
    let shown = folder.display().to_string();
    write_pages(folder)
        .map_err(|error| Failure::from(error).while_doing(format!("could not write to {shown}")))?;
    context
        .output
        .say(&format!("wrote the manual pages to {shown}"));
    if context.output.json {
        context.output.json(&json!({"folder": shown}))?;
    }
    Ok(Exit::Success)
}

fn write_pages(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    write_page(&root, folder)
}

fn write_page(command: &Command, folder: &Path) -> io::Result<()> {
    let man = clap_mangen::Man::new(command.clone());
    let mut page = Vec::new();
    man.render(&mut page)?;
    // What follows the options are exit codes and examples.
    let page = String::from_utf8_lossy(&page).replace("\n.SH EXTRA\n", "\n.SH NOTES\n");
    std::fs::write(folder.join(man.get_filename()), page)?;
    let subcommands = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    for subcommand in subcommands {
        write_page(subcommand, folder)?;
    }
    Ok(())
}

/// Returns the reference of all commands: the help of each as it is printed.
fn markdown() -> String {
    let mut page = String::from(
        "# Command line\n\nWritten by `purser man --markdown`; every text stands in the program.\n",
    );
    let mut root = Cli::command().disable_help_subcommand(true).term_width(100);
    root.build();
    section(&mut root, &mut page);
    page
}

fn section(command: &mut Command, page: &mut String) {
    let name = command
        .get_bin_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned();
    let help = command.render_long_help().to_string();
    let help = help
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n");
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## {name}\n\n```text\n{}\n```\n", help.trim_end());
    for subcommand in command
        .get_subcommands_mut()
        .filter(|command| !command.is_hide_set())
    {
        section(subcommand, page);
    }
}
