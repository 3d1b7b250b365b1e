//! The two parts of an input.

/// What a fuzzer's bytes say: what the subject is given, and by which decisions it runs.
///
/// The first two bytes are the length of the first part, the low byte first; what is said beyond the
/// end ends there. Any bytes are an input. The length comes first so that a change of one part
/// leaves the other as it was.
///
/// ```
/// use selvedge::integration::fuzz::Input;
///
/// let bytes = Input { given: b"ab", decisions: &[0, 1] }.join();
/// assert_eq!(bytes, [2, 0, b'a', b'b', 0, 1]);
/// assert_eq!(Input::split(&bytes).decisions, [0, 1]);
/// assert!(Input::split(&[9]).given.is_empty());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input<'a> {
    /// What the subject is given.
    pub given: &'a [u8],
    /// The decisions of its run.
    pub decisions: &'a [u8],
}

/// Bytes of the length.
pub(super) const HEAD: usize = 2;

impl<'a> Input<'a> {
    /// Takes bytes apart.
    pub fn split(bytes: &'a [u8]) -> Input<'a> {
        let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else {
            return Input {
                given: &[],
                decisions: &[],
            };
        };
        let length = usize::from(u16::from_le_bytes(*head)).min(rest.len());
        let (given, decisions) = rest.split_at(length);
        Input { given, decisions }
    }

    /// Puts the parts together; of what is given, at most 65,535 bytes.
    pub fn join(&self) -> Vec<u8> {
        let length = u16::try_from(self.given.len()).unwrap_or(u16::MAX);
        let given = &self.given[..usize::from(length)];
        [&length.to_le_bytes(), given, self.decisions].concat()
    }
}
