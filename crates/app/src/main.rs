//! The one binary: command line and server.

mod cli;
mod http;

fn main() -> std::process::ExitCode {
    cli::main()
}
