//! The registry of operations: one record for each operation, with every fact that is decided by its name.
//!
//! The parser, the printer, the analyses, the steps, the graph, the tokenizer and the features of the cost model read the
//! record; none of them compares names. An operation without a record has [`UNKNOWN`]: it is opaque, and its
//! arithmetic, traffic and class are unknown.
//!
//! To add an operation, add one record to the table of its dialect. The builder's methods are in [`Record`]; a test walks
//! all records and checks that their facts agree.

mod affine;
mod arith;
mod control;
pub mod facts;
pub mod features;
mod gpu;
mod hlo;
mod linalg;
mod llvm;
mod math;
mod memref;
pub mod names;
mod record;
pub mod structure;
pub mod syntax;
mod tensor;
mod tosa;
mod vector;

use std::sync::LazyLock;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

pub use record::{OperationKind, Record};

const TABLES: &[&[Record]] = &[
    affine::RECORDS,
    arith::RECORDS,
    control::RECORDS,
    gpu::RECORDS,
    hlo::STABLEHLO,
    hlo::MHLO,
    hlo::CHLO,
    linalg::RECORDS,
    llvm::RECORDS,
    math::RECORDS,
    memref::RECORDS,
    tensor::RECORDS,
    tosa::RECORDS,
    vector::RECORDS,
];

/// Number of registered operations.
pub const COUNT: usize = {
    let (mut count, mut table) = (0, 0);
    while table < TABLES.len() {
        count += TABLES[table].len();
        table += 1;
    }
    count
};

static ALL: [Record; COUNT] = {
    let mut all = [TABLES[0][0]; COUNT];
    let (mut number, mut table) = (0, 0);
    while table < TABLES.len() {
        let mut at = 0;
        while at < TABLES[table].len() {
            all[number] = TABLES[table][at].numbered(number);
            number += 1;
            at += 1;
        }
        table += 1;
    }
    all
};

static BY_NAME: LazyLock<IndexMap<&'static str, &'static Record, FxBuildHasher>> =
    LazyLock::new(|| ALL.iter().map(|record| (record.name, record)).collect());

/// The record of every operation that is not registered: all facts are unknown.
pub static UNKNOWN: Record = Record::new(facts::Dialect::Unknown, "");

/// The record of an operation that is written out as the operations in its region: a call with the body of its callee, a
/// definition of several steps.
pub static COMPOSITE: Record = Record::COMPOSITE;

/// All records; [`Record::kind`] is the index.
#[must_use]
pub fn all() -> &'static [Record] {
    &ALL
}

/// The record of an operation by its full name; `None` if it is not registered.
#[must_use]
pub fn find(name: &str) -> Option<&'static Record> {
    // Names of attributes are looked up too; most have no dialect.
    name.as_bytes().contains(&b'.').then(|| BY_NAME.get(name).copied())?
}

/// Short names, with the records of their operations.
pub fn short_names() -> impl Iterator<Item = (syntax::ShortName, &'static Record)> {
    SHORT_NAMES.iter().filter_map(|&record| Some((record.short_name?, record)))
}

static SHORT_NAMES: LazyLock<Vec<&'static Record>> =
    LazyLock::new(|| ALL.iter().filter(|record| record.short_name.is_some()).collect());
