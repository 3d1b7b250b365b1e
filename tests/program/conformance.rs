//! Every program of the conformance set can be read, printed and formatted.

use std::path::Path;

use selvedge::program::Program;

#[test]
fn all_files_are_read_printed_and_formatted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "sem"))
        .collect();
    files.sort();
    assert_eq!(files.len(), 300);
    for file in files {
        let name = file.display().to_string();
        let read = |text: &str| {
            Program::parse(text).unwrap_or_else(|e| panic!("{}", e.render(&name, false)))
        };
        let program = read(&std::fs::read_to_string(&file).unwrap());
        let printed = program.to_string();
        assert_eq!(read(&printed), program, "{name}, printed");
        assert_eq!(read(&printed).to_string(), printed, "{name}, printed twice");
        let formatted = program.format();
        assert_eq!(read(&formatted), program, "{name}, formatted");
        assert_eq!(
            read(&formatted).format(),
            formatted,
            "{name}, formatted twice"
        );
    }
}
