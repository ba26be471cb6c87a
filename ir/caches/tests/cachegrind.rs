//! Misses against cachegrind's, on compiled code.
//!
//! `tests/validation/cachegrind` has kernels that `scripts/caches/draw.py` drew after the walker was finished, and the misses of
//! their compiled code under cachegrind; `make caches-reference` repeats them. Compared are misses of loads and stores together, as a
//! share of the larger number or of 500 lines: below that the driver's own lines count.

use std::path::Path;

use caches::{Hierarchy, Limits, Traffic};
use ir::analysis::{Analysis, Assumptions, Stated};

/// Difference as a share.
fn difference(ours: u64, theirs: u64) -> f64 {
    ours.abs_diff(theirs) as f64 / ours.max(theirs).max(500) as f64
}

fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/validation/cachegrind");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// Differences of the kernels' misses in both levels, for one kind of compiled code.
fn differences(code: &str) -> [Vec<f64>; 2] {
    let text = read("kernels.mlir");
    let hierarchy = Hierarchy::read(&read("hierarchy.toml")).unwrap();
    let tree = ir::parse(&text, &ir::Limits::default()).tree;
    let analysis = Analysis::of(&tree);
    let stated = Stated::of(analysis.tree(), &text, &Assumptions::NONE);
    let mut differences = [Vec::new(), Vec::new()];
    for line in read("misses.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[1] != code {
            continue;
        }
        let numbers: Vec<u64> = cells[2..].iter().map(|cell| cell.parse().unwrap()).collect();
        let theirs = [numbers[1] + numbers[2], numbers[3] + numbers[4]];
        let function = tree.functions().find(|&f| tree.symbol(f) == Some(cells[0])).unwrap();
        let limits = Limits { exact: u64::MAX, ..Limits::default() };
        let found = Traffic::of(&analysis, function, &stated, &hierarchy, limits).unwrap();
        for (at, level) in found.levels.iter().enumerate() {
            let ours = level.load_misses + level.store_misses;
            let share = difference(ours, theirs[at]);
            if share > 0.01 {
                println!("{} {}: {ours}, cachegrind {}: {:.1} %", cells[0], level.level, theirs[at], 100.0 * share);
            }
            differences[at].push(share);
        }
    }
    assert_eq!(differences[0].len(), 100);
    differences
}

/// Share of differences up to a limit.
fn within(all: &[f64], limit: f64) -> f64 {
    all.iter().filter(|share| **share <= limit).count() as f64 / all.len() as f64
}

#[test]
fn misses_agree_with_scalar_code() {
    for all in &differences("scalar") {
        assert!(within(all, 0.01) >= 0.98 && within(all, 0.05) == 1.0, "{all:?}");
    }
}

/// Cachegrind counts a vector load or store that spans two lines as one miss where both lines miss; the walker counts lines.
#[test]
fn misses_agree_with_vectorised_code() {
    for all in &differences("avx2") {
        assert!(within(all, 0.05) >= 0.97, "{all:?}");
    }
}
