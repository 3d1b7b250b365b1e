//! The `selvedge` command: explores worker programs over counting semaphores.
//!
//! Exit status: 0 nothing found, 1 findings, 2 unusable input or arguments, 3 an internal fault.

mod args;
mod check;
mod fmt;
mod graph;
mod input;
mod output;
mod progress;
mod replay;
mod test;

use std::process::ExitCode;

use clap::CommandFactory;

use args::{Args, Command};
use output::{Output, Status, complain};

fn main() -> ExitCode {
    let result = std::panic::catch_unwind(|| {
        if let Err(problem) = selvedge::explore::settings::check_environment() {
            complain(&format!("error: {problem}"));
            return Status::Unusable;
        }
        run(Args::read())
    });
    match result {
        Ok(status) => status.into(),
        Err(_) => {
            complain(
                "selvedge: internal fault; please report it with the program that brought it about",
            );
            Status::Fault.into()
        }
    }
}

fn run(args: Args) -> Status {
    let mut output = Output::new(args.color);
    match args.command {
        Command::Check(args) => check::run(&args, &mut output),
        Command::Test(args) => test::run(&args, &mut output),
        Command::Replay(args) => replay::run(&args, &mut output),
        Command::Graph(args) => graph::run(&args, &mut output),
        Command::Fmt(args) => fmt::run(&args, &mut output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "selvedge", &mut script);
            output.print(&String::from_utf8_lossy(&script));
            Status::Clean
        }
    }
}
