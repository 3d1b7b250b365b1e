//! Short stable names for findings.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use super::subject::{Subject, name};
use crate::property::Identity;

/// The ids of findings, in their order: the property and four hexadecimal digits, or eight where
/// four are the same, or sixteen.
///
/// What goes in are names and statement numbers within a worker, so that reformatting a program
/// changes nothing.
pub(super) fn ids(subject: &dyn Subject, identities: &[&Identity]) -> Vec<String> {
    let semaphores = subject.semaphores();
    let hashes: Vec<u64> = identities
        .iter()
        .map(|identity| {
            let mut text = identity.property().to_string();
            for id in identity.semaphores() {
                text += &format!(" {}", name(&semaphores, id));
            }
            for &id in identity.statements() {
                text += &format!(" {}", subject.label(id));
            }
            if let Identity::Leak { how, .. } = identity {
                text += &format!(" {how}");
            }
            xxh3_64(text.as_bytes())
        })
        .collect();
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
