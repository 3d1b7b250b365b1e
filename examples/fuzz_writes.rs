//! Writes a file over and over, and says after each time how often: for `fuzz/kill.sh`, which kills it
//! and looks at what is left.
//!
//! `cargo run --features check --example fuzz_writes -- FILE [BYTES]`

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use selvedge::explore::regressions::write;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(file) = args.next().map(PathBuf::from) else {
        eprintln!("usage: fuzz_writes FILE [BYTES]");
        return ExitCode::from(2);
    };
    let bytes = args.next().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    for number in 1.. {
        // the last line says that all before it is there
        let text = format!("{number}\n{}\n{number} end\n", "x".repeat(bytes));
        if let Err(error) = write(&file, &text) {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
        println!("{number}");
        std::io::stdout().flush().expect("a standard output");
    }
    ExitCode::SUCCESS
}
