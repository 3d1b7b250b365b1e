//! Packs small numbers into 64-bit words.
//!
//! **Invariants**
//!
//! 1. No field straddles a word, and no two overlap.
//! 2. A field of no bits reads zero and stores nothing but zero.

/// A number of a few bits in a packed state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    word: u32,
    shift: u32,
    mask: u64,
}

impl Field {
    /// Its value in a state.
    #[inline(always)]
    pub(crate) fn get(self, state: &[u64]) -> u64 {
        (state[self.word as usize] >> self.shift) & self.mask
    }

    /// Stores a value, which must fit.
    #[inline(always)]
    pub(crate) fn set(self, state: &mut [u64], value: u64) {
        debug_assert!(
            value <= self.mask,
            "invariant 2: {value} does not fit in {:#x}",
            self.mask
        );
        let word = &mut state[self.word as usize];
        *word = (*word & !(self.mask << self.shift)) | (value << self.shift);
    }

    /// Adds to the value.
    #[inline(always)]
    pub(crate) fn add(self, state: &mut [u64], value: u64) {
        self.set(state, self.get(state) + value);
    }

    /// Takes from the value, which must be large enough.
    #[inline(always)]
    pub(crate) fn sub(self, state: &mut [u64], value: u64) {
        self.set(state, self.get(state) - value);
    }

    /// Whether it has no bits.
    pub(crate) fn is_empty(self) -> bool {
        self.mask == 0
    }
}

/// Hands out fields; first fit, so that small states stay in few words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    /// Bits used in each word.
    used: Vec<u32>,
    /// Words before this one are full.
    open: usize,
}

impl Layout {
    /// Words of a state, at least one.
    pub(crate) fn words(&self) -> usize {
        self.used.len().max(1)
    }

    /// A field that can hold every value up to `max`.
    pub(crate) fn field(&mut self, max: u64) -> Field {
        let bits = 64 - max.leading_zeros();
        if bits == 0 {
            return Field {
                word: 0,
                shift: 0,
                mask: 0,
            };
        }
        let (word, shift) = self.reserve(bits);
        Field {
            word,
            shift,
            mask: u64::MAX >> (64 - bits),
        }
    }

    /// Fields that lie side by side in one word where they fit in one, and then what they are
    /// together.
    pub(crate) fn block(&mut self, maxima: &[u64]) -> (Vec<Field>, Option<Field>) {
        let bits: u64 = maxima
            .iter()
            .map(|m| u64::from(64 - m.leading_zeros()))
            .sum();
        if bits == 0 || bits > 64 {
            let fields = maxima.iter().map(|&max| self.field(max)).collect();
            return (fields, None);
        }
        let (word, mut shift) = self.reserve(bits as u32);
        let whole = Field {
            word,
            shift,
            mask: u64::MAX >> (64 - bits),
        };
        let mut fields = Vec::with_capacity(maxima.len());
        for &max in maxima {
            let bits = 64 - max.leading_zeros();
            let mask = if bits == 0 {
                0
            } else {
                u64::MAX >> (64 - bits)
            };
            // a field of no bits at the end of a word must not be shifted by 64
            fields.push(Field {
                word,
                shift: if bits == 0 { 0 } else { shift },
                mask,
            });
            shift += bits;
        }
        (fields, Some(whole))
    }

    fn reserve(&mut self, bits: u32) -> (u32, u32) {
        while self.used.get(self.open) == Some(&64) {
            self.open += 1;
        }
        // looking back over a few words only keeps huge programs linear
        let first = self.open.max(self.used.len().saturating_sub(16));
        let found = (first..self.used.len()).find(|&w| self.used[w] + bits <= 64);
        let word = found.unwrap_or_else(|| {
            self.used.push(0);
            self.used.len() - 1
        });
        let shift = self.used[word];
        self.used[word] += bits;
        (word as u32, shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_disturb_each_other() {
        let mut layout = Layout::default();
        let maxima = [1, 0, 3, 200, u64::MAX, 7, u64::from(u32::MAX), 5, 1 << 40];
        let fields: Vec<Field> = maxima.iter().map(|&m| layout.field(m)).collect();
        let (block, whole) = layout.block(&maxima[..4]);
        assert!(whole.is_some());
        let mut state = vec![0; layout.words()];
        let all: Vec<(Field, u64)> = fields
            .into_iter()
            .zip(maxima)
            .chain(block.into_iter().zip(maxima))
            .collect();
        for (field, max) in &all {
            field.set(&mut state, *max);
        }
        for (field, max) in &all {
            assert_eq!(field.get(&state), *max);
        }
        for (i, (field, _)) in all.iter().enumerate() {
            field.set(&mut state, 0);
            for (j, (other, max)) in all.iter().enumerate() {
                assert_eq!(other.get(&state), if j <= i { 0 } else { *max });
            }
        }
    }
}
