//! What a check is called: schedules and files of regressions carry the name, so two checks that are
//! not the same must not share it.
//!
//! The type of a closure says in which function it stands. Where that is the test itself, the type is
//! the name. A check in a helper is called by the test that runs it and by its type,
//! `TARGET::TEST/TYPE`: several tests may call the helper, at once.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::report::shell_quoted;

thread_local! {
    /// How many checks this thread has made under each name.
    static CHECKS: RefCell<BTreeMap<String, u32>> = const { RefCell::new(BTreeMap::new()) };
}

/// Between the test and the type of a check.
const IN_TEST: char = '/';

/// The name of a check of a closure of this type, made by the test that runs in this thread; an
/// ordinal tells it from others of that type in the same thread.
pub(super) fn name_of<F>() -> String {
    let of = std::any::type_name::<F>();
    let of = of.strip_suffix("::{{closure}}").unwrap_or(of);
    let name = name_in(test_name().as_deref(), of, || target(of));
    let nth = CHECKS.with(|checks| {
        let mut checks = checks.borrow_mut();
        let count = checks.entry(name.clone()).or_insert(0);
        *count += 1;
        *count
    });
    match nth {
        1 => name,
        n => format!("{name}#{n}"),
    }
}

fn name_in(test: Option<&str>, of: &str, target: impl FnOnce() -> String) -> String {
    match test {
        Some(test) if !stands_in(test, of) => format!("{}::{test}{IN_TEST}{of}", target()),
        _ => of.to_owned(),
    }
}

/// Whether a type is one of a test, or of a function inside of it.
fn stands_in(test: &str, of: &str) -> bool {
    let path = of.split_once("::").map_or(of, |(_, path)| path);
    let rest = path.strip_prefix(test);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// What the check was called before tests that share a helper were told apart, if that is another
/// name.
pub(super) fn former_name(name: &str) -> Option<&str> {
    name.split_once(IN_TEST).map(|(_, of)| of)
}

/// The name of the test that this thread runs, where the harness gives it to the thread: a path.
#[allow(clippy::disallowed_methods)] // it is the same in each process
fn test_name() -> Option<String> {
    let thread = std::thread::current();
    let name = thread.name().filter(|&name| name != "main")?;
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '#');
    let is_path = name
        .split("::")
        .all(|s| !s.is_empty() && s.chars().all(word));
    is_path.then(|| name.to_owned())
}

/// The crate of the test: Cargo calls its program by it, and adds a hash. Tests of two crates may be
/// called alike, and share a helper of a third.
fn target(of: &str) -> String {
    let program = std::env::current_exe().ok();
    let stem = program
        .as_deref()
        .and_then(|path| path.file_stem()?.to_str());
    let Some(stem) = stem else {
        return of.split("::").next().unwrap_or(of).to_owned();
    };
    let is_hash = |hash: &str| hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit());
    match stem.rsplit_once('-') {
        Some((name, hash)) if is_hash(hash) => name.to_owned(),
        _ => stem.to_owned(),
    }
}

/// What runs this test again: its thread has its name.
#[allow(clippy::disallowed_methods)] // it is for people, and no finding depends on it
pub(super) fn command() -> String {
    match std::thread::current().name() {
        Some(name) if name != "main" => format!("cargo test {}", shell_quoted(name)),
        _ => "cargo test".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(test: Option<&str>, of: &str) -> String {
        name_in(test, of, || "it".to_owned())
    }

    #[test]
    fn a_check_in_a_test_is_called_by_its_type() {
        for of in [
            "it::pool::leaks",
            "it::pool::leaks::{{closure}}",
            "it::pool::leaks::subject",
        ] {
            assert_eq!(named(Some("pool::leaks"), of), of);
            assert_eq!(named(None, of), of);
        }
    }

    #[test]
    fn a_check_in_a_helper_is_called_by_its_test_too() {
        let name = named(Some("pool::leaks"), "it::helper");
        assert_eq!(name, "it::pool::leaks/it::helper");
        assert_eq!(former_name(&name), Some("it::helper"));
        assert_eq!(named(Some("pool"), "it::pooled"), "it::pool/it::pooled");
        assert_eq!(named(Some("a"), "fn()"), "it::a/fn()");
        assert_eq!(former_name("it::pool::leaks"), None);
    }
}
