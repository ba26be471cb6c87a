//! Selection of the words that are counted.

use costmodel::columns::{Columns, MAX_WORDS, Numbered};
use costmodel::input::Scheme;

use crate::dataset::Dataset;

/// All numbers of the data if `features`, and the `most` words that occur in most of the rows, of those that occur
/// in at least `in_rows` of them.
///
/// # Panics
/// If `most` exceeds [`MAX_WORDS`].
#[must_use]
pub(crate) fn choose(
    data: &Dataset,
    rows: &[usize],
    scheme: Scheme,
    features: bool,
    most: usize,
    in_rows: usize,
) -> Columns {
    assert!(most <= MAX_WORDS, "columns are numbered by 16 bits");
    let mut occurs = vec![0usize; data.vocabulary(scheme)];
    let mut last = vec![usize::MAX; occurs.len()];
    for (index, &row) in rows.iter().enumerate() {
        for &word in data.samples()[row].input.tokens.of(scheme) {
            if std::mem::replace(&mut last[usize::from(word)], index) != index {
                occurs[usize::from(word)] += 1;
            }
        }
    }
    let mut words: Vec<u16> =
        (0..=u16::MAX).take(occurs.len()).filter(|&w| occurs[usize::from(w)] >= in_rows.max(1)).collect();
    words.sort_by_key(|&w| (std::cmp::Reverse(occurs[usize::from(w)]), w));
    words.truncate(most);
    words.sort_unstable();
    let numbers = match (features, data.is_of_gpus()) {
        (false, _) => Numbered::No,
        (true, false) => Numbered::Function,
        (true, true) => Numbered::Kernels,
    };
    Columns::from_words(numbers, scheme, words, occurs.len())
}
