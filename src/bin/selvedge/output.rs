//! What goes to standard output and standard error, and with which status it ends.

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use crate::args::Color;

/// How a command ended; the highest of several counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Clean = 0,
    Findings = 1,
    Unusable = 2,
    Fault = 3,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}

pub(crate) struct Output {
    /// Whether reports are coloured.
    pub(crate) color: bool,
    /// Whether diagnostics are.
    pub(crate) error_color: bool,
    /// Whether the reader of standard output has gone.
    gone: bool,
}

impl Output {
    pub(crate) fn new(color: Color) -> Output {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        let wanted = |terminal: bool| match color {
            Color::Auto => terminal && !plain,
            Color::Always => true,
            Color::Never => false,
        };
        Output {
            color: wanted(std::io::stdout().is_terminal()),
            error_color: wanted(std::io::stderr().is_terminal()),
            gone: false,
        }
    }

    /// Prints to standard output. When its reader has gone, as `head` does, nothing more is printed;
    /// the command goes on, since its exit status is still to be known.
    pub(crate) fn print(&mut self, text: &str) {
        if self.gone {
            return;
        }
        let mut out = std::io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if let Err(error) = written {
            if error.kind() == ErrorKind::BrokenPipe {
                self.gone = true;
                return;
            }
            complain(&format!("error: cannot write to standard output: {error}"));
            std::process::exit(Status::Fault as i32);
        }
    }

    /// Prints an error to standard error.
    pub(crate) fn error(&mut self, text: &str) {
        let text = text.trim_end();
        if self.error_color {
            complain(&format!("\x1b[1;31merror\x1b[0m: {text}"));
        } else {
            complain(&format!("error: {text}"));
        }
    }

    /// Prints diagnostics that say themselves that they are errors.
    pub(crate) fn diagnostics(&mut self, text: &str) {
        complain(text.trim_end());
    }
}

/// Prints a line to standard error. Where nobody reads that, nobody can be told so either.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
