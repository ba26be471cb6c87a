//! Overrides that change nothing.

use designs::Override;

/// One sentence for each override without which `answer` is the same. `answer` gives everything that a command prints, as text;
/// `None` where it cannot be computed.
#[must_use]
pub fn idle(overrides: &[Override], answer: &dyn Fn(&[Override]) -> Option<String>) -> Vec<String> {
    if overrides.is_empty() {
        return Vec::new();
    }
    let Some(all) = answer(overrides) else { return Vec::new() };
    let same = |index: usize| {
        let mut rest = overrides.to_vec();
        rest.remove(index);
        answer(&rest).as_ref() == Some(&all)
    };
    let note = |change: &Override| {
        let path = change.path();
        let mode = designs::mode::acts(&path).map_or(String::new(), |mode| format!(": it acts {mode}"));
        format!("`{path}` changes nothing here{mode}")
    };
    overrides.iter().enumerate().filter(|(index, _)| same(*index)).map(|(_, change)| note(change)).collect()
}
