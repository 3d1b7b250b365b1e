//! Short stable names for findings.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use super::subject::{Subject, name};
use crate::property::Identity;
use crate::report::Written;

/// What makes a finding the same finding, in words: names, and statement numbers within a worker, so
/// that reformatting a program changes nothing.
pub(super) fn words(subject: &dyn Subject, identity: &Identity) -> String {
    let semaphores = subject.semaphore_labels();
    let mut text = identity.property().to_string();
    let names = identity.semaphores().into_iter();
    let mut names: Vec<String> = names.map(|id| name(&semaphores, id)).collect();
    let labels = identity.statements().iter();
    let mut labels: Vec<String> = labels.map(|&id| subject.label(id)).collect();
    if subject.written() != Written::Program {
        // ids come in the order in which runs have met what they stand for; how many workers there
        // are of a kind makes no difference
        labels.sort();
        labels.dedup();
        if !matches!(identity, Identity::LockOrder { .. }) {
            names.sort();
        }
    }
    for name in names {
        text += &format!(" {name}");
    }
    for label in labels {
        text += &format!(" {label}");
    }
    match identity {
        Identity::Leak { how, .. } => text += &format!(" {how}"),
        Identity::TimedRequest { .. } => text += " timed",
        Identity::TakenOutside { .. } => text += " outside",
        _ => {}
    }
    text
}

/// The ids of findings, in their order: the property and four hexadecimal digits, or eight where
/// four are the same, or sixteen.
pub(super) fn ids(subject: &dyn Subject, identities: &[&Identity]) -> Vec<String> {
    let hash = |identity: &&Identity| xxh3_64(words(subject, identity).as_bytes());
    let hashes: Vec<u64> = identities.iter().map(hash).collect();
    named(identities, &hashes)
}

/// An id for each hash: as few digits as tell it from all others of its property that have as many.
fn named(identities: &[&Identity], hashes: &[u64]) -> Vec<String> {
    let with = |i: usize, digits: usize| {
        let hash = hashes[i] >> (64 - 4 * digits);
        format!("{}-{hash:0digits$x}", identities[i].property())
    };
    let mut ids = vec![String::new(); identities.len()];
    let mut left: Vec<usize> = (0..identities.len()).collect();
    for digits in [4, 8, 16] {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for &i in &left {
            ids[i] = with(i, digits);
            *counts.entry(ids[i].clone()).or_default() += 1;
        }
        left.retain(|&i| counts[&ids[i]] > 1);
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::SemaphoreId;

    #[test]
    fn digits_are_added_until_ids_differ() {
        let identity = Identity::OverAdmission {
            semaphore: SemaphoreId(0),
        };
        let hashes = [
            0x1234_5678_0000_0001,
            0x1234_5678_0000_0002,
            0x1234_ffff_0000_0003,
            0xabcd_0000_0000_0004,
        ];
        let ids = named(&[&identity; 4], &hashes);
        let digits: Vec<&str> = ids.iter().filter_map(|id| id.rsplit('-').next()).collect();
        let expected = ["1234567800000001", "1234567800000002", "1234ffff", "abcd"];
        assert_eq!(digits, expected);
    }
}
