//! The one binary: command line and server.

mod cli;
mod config;
mod http;

fn main() -> std::process::ExitCode {
    cli::main()
}
