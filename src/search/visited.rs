//! The visited nodes, numbered in the order in which they were found.
//!
//! Nodes lie side by side in one arena; an open-addressing table of their numbers finds them. A
//! slot keeps a part of the hash beside the number, so that a node is compared only when it is
//! very likely the one. Nodes of a single word stand in the table themselves: one look at memory
//! tells whether such a node is there.

use std::collections::VecDeque;

use xxhash_rust::xxh3::xxh3_64;

/// Whether nodes are kept whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Every word of every node.
    #[default]
    Whole,
    /// 64 bits of a hash of every node: two nodes with the same hash count as one, so that a node
    /// can be missed (Wolper and Leroy: Reliable hashing without collision detection, 1993).
    Fingerprints,
}

/// Visited nodes of a fixed number of words.
pub(super) struct Visited {
    /// Words of what is kept of a node.
    words: usize,
    keep: Keep,
    /// With fingerprints: the nodes that were not taken yet, whole, and their number of words.
    frontier: VecDeque<u64>,
    node_words: usize,
    arena: Vec<u64>,
    parents: Vec<u32>,
    /// Nodes of one word: the word. Longer ones: node number + 1 in the low half, hash in the high
    /// half. Zero is free.
    slots: Vec<u64>,
    mask: usize,
    /// Whether the node of one word that is zero, and so cannot stand in a slot, was added.
    has_zero: bool,
}

/// The most nodes that can be numbered.
pub(super) const MOST_NODES: usize = u32::MAX as usize - 1;

impl Visited {
    pub(super) fn new(words: usize, keep: Keep) -> Visited {
        let slots = 1 << 10;
        Visited {
            words: match keep {
                Keep::Whole => words,
                Keep::Fingerprints => 1,
            },
            keep,
            frontier: VecDeque::new(),
            node_words: words,
            arena: Vec::new(),
            parents: Vec::new(),
            slots: vec![0; slots],
            mask: slots - 1,
            has_zero: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    fn kept(&self, index: usize) -> &[u64] {
        &self.arena[index * self.words..][..self.words]
    }

    /// Whether this is the node of that number, or has its fingerprint.
    pub(super) fn is(&self, index: usize, node: &[u64]) -> bool {
        match self.keep {
            Keep::Whole => self.kept(index) == node,
            Keep::Fingerprints => self.kept(index) == [hash_of(node)],
        }
    }

    /// Reads a node. With fingerprints that is possible once for each, in their order.
    #[inline]
    pub(super) fn take(&mut self, index: usize, node: &mut Vec<u64>) {
        node.clear();
        match self.keep {
            Keep::Whole => node.extend_from_slice(self.kept(index)),
            Keep::Fingerprints => node.extend(self.frontier.drain(..self.node_words)),
        }
    }

    pub(super) fn parent(&self, index: usize) -> usize {
        self.parents[index] as usize
    }

    /// Bytes in use, and those that so many more nodes will bring into use.
    pub(super) fn bytes(&self, more: usize) -> usize {
        let grown = |length: usize, capacity: usize, more: usize| {
            if length + more > capacity {
                (2 * capacity).max(length + more)
            } else {
                capacity
            }
        };
        let nodes = self.parents.len();
        let arena = grown(self.arena.len(), self.arena.capacity(), more * self.words);
        let parents = grown(nodes, self.parents.capacity(), more);
        let frontier = self.frontier.capacity();
        let slots = if (nodes + more) * 4 > self.slots.len() * 3 {
            2 * self.slots.len()
        } else {
            self.slots.len()
        };
        8 * (arena + frontier + slots) + 4 * parents
    }

    /// Reads the slot where a search for a hash begins, so that it is in the cache when it is
    /// needed.
    #[inline]
    pub(super) fn touch(&self, hash: u64) -> u64 {
        self.slots[hash as usize & self.mask]
    }

    /// Adds a node unless it is there: whether it was added.
    #[inline]
    pub(super) fn insert(&mut self, node: &[u64], hash: u64, parent: usize) -> bool {
        let kept = match self.keep {
            Keep::Whole => node,
            Keep::Fingerprints => &[hash],
        };
        let slot = match *kept {
            [word] => self.free_slot_for_word(word, hash),
            _ => self.free_slot(node, hash),
        };
        let Some((at, slot)) = slot else {
            return false;
        };
        self.slots[at] = slot;
        self.arena.extend_from_slice(kept);
        if self.keep == Keep::Fingerprints {
            self.frontier.extend(node);
        }
        self.parents.push(parent as u32);
        // three quarters full
        if self.parents.len() * 4 > self.slots.len() * 3 {
            self.grow();
        }
        true
    }

    /// Where a node of one word goes, and what is written there; `None` if it is there already.
    #[inline]
    fn free_slot_for_word(&mut self, word: u64, hash: u64) -> Option<(usize, u64)> {
        let mut at = hash as usize & self.mask;
        if word == 0 {
            // writing a zero leaves the slot as it is
            return (!std::mem::replace(&mut self.has_zero, true)).then(|| (at, self.slots[at]));
        }
        loop {
            match self.slots[at] {
                0 => return Some((at, word)),
                slot if slot == word => return None,
                _ => at = (at + 1) & self.mask,
            }
        }
    }

    /// Where a longer node goes, and what is written there; `None` if it is there already.
    #[inline]
    fn free_slot(&self, node: &[u64], hash: u64) -> Option<(usize, u64)> {
        let tag = hash & TAG;
        let mut at = hash as usize & self.mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return Some((at, tag | (self.parents.len() as u64 + 1)));
            }
            if slot & TAG == tag && self.kept((slot & !TAG) as usize - 1) == node {
                return None;
            }
            at = (at + 1) & self.mask;
        }
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        self.mask = size - 1;
        self.slots = Vec::new();
        self.slots.resize(size, 0);
        for index in 0..self.parents.len() {
            let node = &self.arena[index * self.words..][..self.words];
            let hash = match self.keep {
                Keep::Whole => hash_of(node),
                Keep::Fingerprints => node[0],
            };
            let slot = match *node {
                [word] => word,
                _ => (hash & TAG) | (index as u64 + 1),
            };
            let mut at = hash as usize & self.mask;
            while self.slots[at] != 0 && slot != 0 {
                at = (at + 1) & self.mask;
            }
            if slot != 0 {
                self.slots[at] = slot;
            }
        }
    }
}

/// The part of a slot that is hash.
const TAG: u64 = 0xffff_ffff_0000_0000;

/// The hash of a node. One word is mixed by a multiplication that folds both halves (as in
/// wyhash, Wang Yi 2019); more go through xxh3.
#[inline]
pub(super) fn hash_of(node: &[u64]) -> u64 {
    if let [word] = node {
        return fold(word ^ 0x9e37_79b9_7f4a_7c15);
    }
    if node.len() <= 4 {
        return node
            .iter()
            .fold(0x2545_f491_4f6c_dd1d, |hash, word| fold(hash ^ word));
    }
    let mut bytes = [0u8; 1024];
    if node.len() * 8 <= bytes.len() {
        for (to, word) in bytes.chunks_exact_mut(8).zip(node) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        return xxh3_64(&bytes[..node.len() * 8]);
    }
    let long: Vec<u8> = node.iter().flat_map(|word| word.to_le_bytes()).collect();
    xxh3_64(&long)
}

#[inline]
fn fold(word: u64) -> u64 {
    let product = u128::from(word ^ 0xa076_1d64_78bd_642f) * u128::from(0xe703_7ed1_a0b4_28db_u64);
    (product as u64) ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_each_node_once_and_in_order() {
        for words in [1, 3, 7, 200] {
            let mut visited = Visited::new(words, Keep::Whole);
            for round in 0..2 {
                for n in 0..5000u64 {
                    let node: Vec<u64> = (0..words as u64).map(|i| n / 2 * i + n / 2).collect();
                    let fresh = visited.insert(&node, hash_of(&node), n as usize);
                    assert_eq!(fresh, round == 0 && n % 2 == 0);
                }
            }
            assert_eq!(visited.len(), 2500);
            assert_eq!(visited.kept(7)[0], 7);
            assert_eq!(visited.parent(7), 14);
        }
    }
}
