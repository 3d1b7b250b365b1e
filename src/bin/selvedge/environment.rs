//! Environment variables: those that begin with `SELVEDGE_` must be known.

/// The accepted ones; their values are read where the arguments are.
const KNOWN: [&str; 5] = [
    "SELVEDGE_JOBS",
    "SELVEDGE_RUNS",
    "SELVEDGE_SEED",
    "SELVEDGE_STRATEGY",
    "SELVEDGE_TIME",
];

/// # Errors
///
/// If a variable begins with `SELVEDGE_` and is not known.
pub(crate) fn check() -> Result<(), String> {
    let mut unknown: Vec<String> = std::env::vars_os()
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .filter(|name| name.starts_with("SELVEDGE_") && !KNOWN.contains(&name.as_str()))
        .collect();
    unknown.sort();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(format!(
        "unknown environment variable {}; accepted are {}",
        unknown.join(", "),
        KNOWN.join(", ")
    ))
}
