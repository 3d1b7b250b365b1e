//! Short stable names for findings.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::program::Program;
use crate::property::Identity;
use crate::run::StatementId;

/// The ids of findings, in their order: the property and four hexadecimal digits, or eight where
/// four are the same.
///
/// What goes in are names and statement numbers within a worker, so that reformatting a program
/// changes nothing.
pub(super) fn ids(program: &Program, identities: &[&Identity]) -> Vec<String> {
    let statements = program.statements();
    let statement = |id: StatementId| {
        let numbered = statements[id.index()];
        let worker = &program.workers()[numbered.worker].name;
        format!("{worker}#{}", numbered.ordinal)
    };
    let hashes: Vec<u64> = identities
        .iter()
        .map(|identity| {
            let mut text = identity.property().to_string();
            for id in identity.semaphores() {
                text += &format!(" {}", program.semaphores()[id.index()].name);
            }
            for &id in identity.statements() {
                text += &format!(" {}", statement(id));
            }
            if let Identity::Leak { how, .. } = identity {
                text += &format!(" {how}");
            }
            xxh3_64(text.as_bytes())
        })
        .collect();
    let short = |i: usize| format!("{}-{:04x}", identities[i].property(), hashes[i] >> 48);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for i in 0..identities.len() {
        *counts.entry(short(i)).or_default() += 1;
    }
    (0..identities.len())
        .map(|i| {
            if counts[&short(i)] == 1 {
                short(i)
            } else {
                format!("{}-{:08x}", identities[i].property(), hashes[i] >> 32)
            }
        })
        .collect()
}
