//! The rules of `ARCHITECTURE.md` that a compiler does not know.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders of src/, from the ground floor up: each imports only from those before it.
const FLOORS: [&str; 13] = [
    "run",
    "semaphore",
    "program",
    "property",
    "schedule",
    "runtime",
    "machine",
    "strategy",
    "report",
    "search",
    "explore",
    "integration",
    "bin",
];

/// Pairs that the order of the floors would allow: (who, whom it must not know).
const STRANGERS: [(&str, &str); 3] = [
    ("strategy", "machine"),
    ("strategy", "runtime"),
    ("machine", "runtime"),
];

/// The features that there are, or will be.
const FEATURES: [&str; 10] = [
    "check",
    "threads",
    "cli",
    "proptest",
    "arbitrary",
    "insta",
    "serde",
    "tracing",
    "tokio",
    "async-lock",
];

/// The most lines of a file.
const LINES: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files under a folder of the package, with their text, in order.
fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// The folder of src/ in which a file lies; `None` for lib.rs.
fn floor_of(path: &Path) -> Option<String> {
    let mut parts = path.components().skip(1);
    let first = parts.next()?.as_os_str().to_str()?.to_owned();
    parts.next().map(|_| first)
}

/// The code of a file: without comments, texts and what is compiled for tests alone.
fn code(text: &str) -> String {
    let bare = without_texts(text);
    let mut code = String::new();
    let mut rest = bare.as_str();
    while let Some(at) = rest.find("#[cfg(test)]") {
        code.push_str(&rest[..at]);
        rest = after_item(&rest[at..]);
    }
    code + rest
}

/// What comes after the first item of a text: after its `;`, or after the `}` of its `{`.
fn after_item(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return &text[at + 1..],
            '}' => depth -= 1,
            ';' if depth == 0 => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// The text with comments and the contents of literals left out.
fn without_texts(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let raw = rest.strip_prefix('r').map(|r| r.trim_start_matches('#'));
        let starts_word = !bare.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if let Some(opened) = raw.filter(|r| starts_word && r.starts_with('"')) {
            let close = format!("\"{}", "#".repeat(rest.len() - opened.len() - 1));
            let inside = &opened[1..];
            bare.push_str("\"\"");
            rest = inside
                .find(&close)
                .map_or("", |end| &inside[end + close.len()..]);
        } else if c == '"' {
            bare.push_str("\"\"");
            rest = after_quote(&rest[1..]);
        } else if let Some(length) = char_literal(rest) {
            bare.push_str("' '");
            rest = &rest[length..];
        } else {
            bare.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    bare
}

fn after_quote(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// The length of the character literal that a text begins with; a lifetime is none.
fn char_literal(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    if let Some(escape) = inside.strip_prefix('\\') {
        let end = escape.char_indices().skip(1).find(|&(_, c)| c == '\'')?.0;
        return Some(2 + end + 1);
    }
    let first = inside.chars().next()?;
    let close = 1 + first.len_utf8();
    text[close..].starts_with('\'').then_some(close + 1)
}

/// The modules that code names right under a root such as `crate`.
fn named(code: &str, root: &str) -> BTreeSet<String> {
    let prefix = format!("{root}::");
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(&prefix) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => names.extend(word(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut first = true;
                for (at, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => first = true,
                        c if first && !c.is_whitespace() => {
                            names.extend(word(&group[at..]));
                            first = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names
}

fn word(text: &str) -> Option<String> {
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn imports_go_downstairs() {
    let height = |name: &str| FLOORS.iter().position(|&floor| floor == name);
    let mut problems = Vec::new();
    for (path, text) in files("src") {
        let Some(floor) = floor_of(&path) else {
            continue;
        };
        let Some(here) = height(&floor) else {
            problems.push(format!("{}: {floor} is no floor", path.display()));
            continue;
        };
        let root = if floor == "bin" { "selvedge" } else { "crate" };
        for name in named(&code(&text), root) {
            if height(&name).is_some_and(|there| there > here) {
                problems.push(format!(
                    "{}: {floor} imports {name}, which is above it",
                    path.display()
                ));
            }
            if STRANGERS.contains(&(floor.as_str(), name.as_str())) {
                problems.push(format!("{}: {floor} must not know {name}", path.display()));
            }
        }
    }
    report(&problems);
}

#[test]
fn only_one_folder_names_shuttle_and_the_semaphore_stands_alone() {
    let mut problems = Vec::new();
    for (path, text) in files("src") {
        let code = code(&text);
        let names_shuttle = ["shuttle", "shuttle_engine", "shuttle_std"]
            .iter()
            .any(|root| !named(&code, root).is_empty());
        if !path.starts_with("src/runtime/threads") && names_shuttle {
            problems.push(format!("{}: names shuttle", path.display()));
        }
        if path.starts_with("src/semaphore") {
            let others = named(&code, "crate");
            if others.iter().any(|name| name != "semaphore") {
                problems.push(format!("{}: imports {others:?}", path.display()));
            }
        }
    }
    report(&problems);
}

#[test]
fn the_semaphore_is_instrumented_in_one_place() {
    let mut problems = Vec::new();
    for (path, text) in files("src/semaphore") {
        let name = path.file_name().unwrap().to_str().unwrap();
        for (condition, home) in [("feature = ", "hook.rs"), ("loom", "sync.rs")] {
            // a declaration is none, and where the tray is kept nothing but that is told apart
            let declares = ["mod.rs", "kept.rs"].contains(&name) && condition == "feature = ";
            if name != home && !declares && code(&text).contains(condition) {
                problems.push(format!(
                    "{}: `{condition}` belongs in {home}",
                    path.display()
                ));
            }
        }
    }
    report(&problems);
}

#[test]
fn files_are_short() {
    let long = files("src").into_iter().filter_map(|(path, text)| {
        let lines = text.lines().count();
        (lines > LINES).then(|| format!("{}: {lines} lines, the limit is {LINES}", path.display()))
    });
    report(&long.collect::<Vec<_>>());
}

#[test]
fn lib_and_mod_hold_no_logic() {
    let mut problems = Vec::new();
    for (path, text) in files("src") {
        let name = path.file_name().unwrap();
        if name != "lib.rs" && name != "mod.rs" {
            continue;
        }
        for item in code(&text).split(';').map(str::trim) {
            // attributes stand before the item
            let item = item.rsplit(']').next().unwrap_or(item).trim();
            let declares = ["mod ", "pub mod ", "pub(crate) mod ", "pub(super) mod "];
            let imports = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "];
            let fine = |starts: &[&str]| starts.iter().any(|start| item.starts_with(start));
            let inline = item.contains('{') && !fine(&imports);
            if !item.is_empty() && (inline || !fine(&declares) && !fine(&imports)) {
                problems.push(format!("{}: `{item}`", path.display()));
            }
        }
    }
    report(&problems);
}

#[test]
fn only_known_features_are_used() {
    let mut problems = Vec::new();
    for (path, text) in files("src").into_iter().chain(files("tests")) {
        for (at, found) in text.match_indices("feature = \"") {
            let name = text[at + found.len()..].split('"').next().unwrap();
            let known = FEATURES.contains(&name);
            if !known && path != Path::new("tests/architecture.rs") {
                problems.push(format!("{}: feature {name}", path.display()));
            }
        }
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let features = section(&manifest, "[features]");
    for line in features.lines() {
        let Some((name, _)) = line.split_once(" = ") else {
            continue;
        };
        if name != "default" && !FEATURES.contains(&name) {
            problems.push(format!("Cargo.toml: feature {name}"));
        }
    }
    assert!(
        features.contains("default = []"),
        "the default feature set is empty"
    );
    report(&problems);
}

#[test]
fn no_code_is_unsafe() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let lints = section(&manifest, "[lints.rust]");
    assert!(
        lints.contains("unsafe_code = \"forbid\""),
        "the lint that forbids unsafe code is gone"
    );
}

#[test]
fn what_architecture_md_names_is_there() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut problems = Vec::new();
    for quoted in text.split('`').skip(1).step_by(2) {
        if let Some((file, function)) = quoted.split_once(".rs::") {
            let code = fs::read_to_string(root().join(format!("{file}.rs")));
            if !code.is_ok_and(|code| code.contains(&format!("fn {function}("))) {
                problems.push(format!("`{quoted}` is not there"));
            }
        }
    }
    let rooms: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let floors: Vec<&str> = FLOORS
        .into_iter()
        .filter(|floor| root().join("src").join(floor).is_dir())
        .collect();
    if rooms != floors {
        problems.push(format!("the rooms are {floors:?}, and not {rooms:?}"));
    }
    report(&problems);
}

/// A section of a manifest, up to the next one.
fn section<'a>(manifest: &'a str, header: &str) -> &'a str {
    let (_, section) = manifest.split_once(header).unwrap();
    section.split("\n[").next().unwrap()
}

#[test]
fn this_test_can_read_code() {
    let text = r##"
        //! See [`crate::comment`].
        use crate::{alone, deep::{er, crate_x}, last::*};
        use other_crate::no;
        const TEXT: &str = "crate::text \" crate::text"; /* crate::block */
        const RAW: &str = r#"crate::raw " crate::raw"#;
        fn f<'a>(c: char) -> &'a str { if c == '"' { crate::path::to() } else { '\'' } }
        #[cfg(test)]
        use crate::for_tests;
        #[cfg(test)]
        mod tests { use crate::{for_tests}; fn g() {} }
        fn h() { crate::after::x() }
    "##;
    let names: Vec<String> = named(&code(text), "crate").into_iter().collect();
    assert_eq!(names, ["after", "alone", "deep", "last", "path"]);
}
