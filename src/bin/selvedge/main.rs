//! The `selvedge` command.
use selvedge::explore::Explorer;
use selvedge::program::Program;
fn main() {
    for file in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&file).expect("readable");
        match Program::parse(&text) {
            Err(e) => eprintln!("{}", e.render(&file, false)),
            Ok(program) => {
                let report = Explorer::default().explore(&program, &file, &());
                println!("{file} complete={} {:?}", report.complete, report.stats);
                for f in &report.findings {
                    println!(
                        "  {} {} {:?} {:?} {:?} | {}\n     {} steps={} switches={} faults={} cheapest={} {:?}",
                        f.id,
                        f.severity.as_str(),
                        f.semaphores,
                        f.workers,
                        f.place,
                        f.detail,
                        f.schedule,
                        f.steps,
                        f.switches,
                        f.faults,
                        f.cheapest,
                        f.available
                    );
                }
            }
        }
    }
}
