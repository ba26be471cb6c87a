//! Control units one by one: instructions are issued one after the other, and none waits while the unit is free.

use std::collections::BTreeMap;

use super::token::Token;
use super::violation::{Findings, Violation};

/// Checks the issues of all tokens; one takes `cycles`.
pub(super) fn check(tokens: &[Token], cycles: u64, findings: &mut Findings) {
    let mut by_chip: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for (at, issued) in tokens.iter().flat_map(|token| &token.issued) {
        by_chip.entry(at.chip).or_default().push(*issued);
    }
    for (&chip, turns) in &mut by_chip {
        turns.sort_unstable();
        for pair in turns.windows(2) {
            findings
                .expect(pair[1] - pair[0] >= cycles, || Violation::IssuedTogether { chip, turns: [pair[0], pair[1]] });
        }
    }
    for token in tokens {
        for (&at, &issued) in &token.issued {
            let reached = token.reached.get(&at).map(|times| times.0);
            let turns = &by_chip[&at.chip];
            let free = reached.is_none_or(|reached| issued < reached || idle_between(turns, cycles, reached, issued));
            findings.expect(!free, || Violation::IssuedLate { place: token.place(at), reached, issued });
        }
    }
}

/// Whether the unit was free in a cycle from `reached` up to its turn at `issued`.
fn idle_between(turns: &[u64], cycles: u64, reached: u64, issued: u64) -> bool {
    let mut turn = issued;
    while turn > reached {
        let earlier = turns.partition_point(|other| *other < turn);
        match earlier.checked_sub(1).map(|index| turns[index]) {
            Some(before) if before + cycles == turn => turn = before,
            _ => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::idle_between;

    #[test]
    fn a_turn_may_only_wait_for_a_busy_unit() {
        assert!(!idle_between(&[5], 1, 5, 5));
        assert!(!idle_between(&[5, 6, 7], 1, 5, 7));
        assert!(!idle_between(&[3, 6, 9], 3, 5, 9), "the unit is busy from 3 to 6");
        assert!(idle_between(&[5, 7], 1, 5, 7), "free in cycle 6");
        assert!(idle_between(&[9], 3, 5, 9));
    }
}
