//! Which operations of upstream dialects are registered.

use std::collections::BTreeMap;

use ir::registry;

/// Written by `scripts/mlir-operations.py`.
const UPSTREAM: &str = include_str!("mlir-22-operations.txt");

/// Operations that are not registered, by dialect. A number here must not grow; dialects without a number are covered.
const MISSING: [(&str, usize); 4] = [("quant", 3), ("shape", 40), ("shard", 22), ("sparse_tensor", 37)];

#[test]
fn every_operation_of_the_dialects_in_use_is_registered() {
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in UPSTREAM.lines().filter(|line| !line.starts_with('#')) {
        if registry::find(name).is_none() {
            let (dialect, _) = registry::names::split(name).expect("names have a dialect");
            missing.entry(dialect).or_default().push(name);
        }
    }
    println!("not registered: {missing:#?}");
    let counts: Vec<(&str, usize)> = missing.iter().map(|(dialect, names)| (*dialect, names.len())).collect();
    assert_eq!(counts, MISSING);
}
