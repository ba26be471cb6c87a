//! Facts of one record agree with each other and with what consumers of the registry expect.

use std::collections::BTreeMap;

use ir::analysis::{Analysis, Reason};
use ir::registry::facts::{
    Aliasing, Arithmetic, Dialect, Drawing, Evaluation, Expansion, IndexedAccess, MemoryEffect, ProductForm,
    RegionExecution, StepClass, SumTerm, TrafficRule, ViewForm,
};
use ir::registry::features::InstructionClass;
use ir::registry::syntax::Syntax;
use ir::registry::{self, Record};
use ir::tree::Form;

fn names(wanted: impl Fn(&Record) -> bool) -> Vec<&'static str> {
    registry::all().iter().filter(|record| wanted(record)).map(|record| record.name).collect()
}

fn none(wanted: impl Fn(&Record) -> bool) {
    assert_eq!(names(wanted), [""; 0]);
}

#[test]
fn names_are_unique_and_lead_to_their_records() {
    let mut prefixes: BTreeMap<Dialect, &str> = BTreeMap::new();
    for (number, record) in registry::all().iter().enumerate() {
        assert_eq!(record.kind.index(), number);
        assert_eq!(registry::find(record.name).map(|found| found.kind), Some(record.kind), "{}", record.name);
        let (prefix, _) = registry::names::split(record.name).expect("names have a dialect");
        assert_eq!(*prefixes.entry(record.dialect).or_insert(prefix), prefix, "{}", record.name);
    }
    assert_eq!(prefixes.values().collect::<std::collections::BTreeSet<_>>().len(), prefixes.len());
    assert!(registry::find("arith.").is_none() && registry::find("addf").is_none() && registry::find("").is_none());
}

#[test]
fn the_parser_hands_out_the_record_of_every_operation() {
    for record in registry::all() {
        let text = format!("\"{}\"() : () -> ()", record.name);
        let tree = ir::parse(&text, &ir::Limits::default()).tree;
        let operation = tree.walk().next().expect("one operation");
        assert_eq!(tree.record(operation).kind, record.kind, "{}", record.name);
    }
}

#[test]
fn terminators_do_no_work() {
    let idle = |record: &Record| {
        matches!(record.arithmetic, Arithmetic::None) && matches!(record.traffic, TrafficRule::None)
            || matches!(record.dialect, Dialect::Llvm | Dialect::Chlo | Dialect::MlProgram)
            || record.name == "linalg.yield"
    };
    none(|record| record.is_terminator && !idle(record));
    none(|record| {
        record.is_terminator
            && !matches!(
                record.features.class,
                InstructionClass::Free
                    | InstructionClass::Branch
                    | InstructionClass::Reshape
                    | InstructionClass::Unknown
            )
    });
    // What a block hands on is found by the class, so a terminator of a body must have it.
    none(|record| record.steps == StepClass::Branch && !record.is_terminator);
}

#[test]
fn views_of_memrefs_share_memory_and_move_nothing() {
    let is_view = |record: &Record| record.view != ViewForm::None;
    none(|record| is_view(record) && !matches!(record.traffic, TrafficRule::None));
    none(|record| is_view(record) && !matches!(record.aliasing, Aliasing::MemRefView));
}

#[test]
fn accesses_are_counted_as_traffic() {
    none(|record| {
        let counted = match record.access {
            IndexedAccess::None => return false,
            IndexedAccess::Load => record.traffic == TrafficRule::Load,
            IndexedAccess::Store => record.traffic == TrafficRule::Store,
        };
        !counted
    });
    let loads = |record: &Record| record.traffic == TrafficRule::Load;
    let stores = |record: &Record| matches!(record.traffic, TrafficRule::Store | TrafficRule::StoreLast);
    none(|record| loads(record) != (record.features.class == InstructionClass::Load));
    none(|record| stores(record) != (record.features.class == InstructionClass::Store));
    none(|record| loads(record) && record.dialect != Dialect::Tensor && record.effect != MemoryEffect::Read);
    none(|record| stores(record) && record.dialect != Dialect::Tensor && record.effect != MemoryEffect::Write);
    none(|record| record.aliasing != Aliasing::None && loads(record));
    none(|record| record.traffic == TrafficRule::Structured && record.effect != MemoryEffect::Structured);
}

#[test]
fn contractions_know_their_loops() {
    for record in registry::all() {
        let name = record.name;
        if let ProductForm::Nest = record.contraction {
            let nest = record.nest.expect(name);
            assert_eq!(nest.operands.len(), 3, "{name}");
            for operand in 0..3 {
                let written = nest.operands[operand].split(',').filter(|letters| !letters.is_empty()).count();
                assert_eq!(nest.dimensions(operand).count(), written, "{name}: every subscript is one loop");
            }
            let summed = |operand: usize| nest.dimensions(operand).any(|d| nest.dimensions(2).all(|out| out != d));
            assert!(summed(0) && summed(1), "{name} sums nothing");
        }
        if let ProductForm::Convolution(filter) = record.contraction {
            assert!(filter.letters.chars().any(|letter| !filter.keeps(letter)), "{name}: the window is summed");
        }
        let is_named = record.expansion == Expansion::Structured;
        assert!(record.nest.is_none() || !is_named, "{name}: one definition");
        if let Some(nest) = record.nest {
            let letters = nest.operands.iter().flat_map(|operand| operand.chars()).filter(|&c| c != ',');
            letters.for_each(|letter| assert!(nest.loops.contains(letter), "{name}: {letter} is no loop"));
        }
        if record.contraction != ProductForm::None {
            assert_eq!(record.steps, StepClass::Contraction, "{name}");
            assert_eq!(record.drawing, Drawing::Contraction, "{name}");
        }
    }
}

#[test]
fn loops_and_branches_are_the_same_to_all() {
    none(|record| {
        let looped = matches!(record.regions, RegionExecution::Loop(_));
        looped != (record.features.class == InstructionClass::Loop) && record.dialect != Dialect::Mhlo
    });
    none(|record| record.steps == StepClass::Loop && !matches!(record.regions, RegionExecution::Loop(_)));
    none(|record| (record.regions == RegionExecution::Structured) != (record.dialect == Dialect::Linalg));
    none(|record| record.is_function && !record.is_isolated);
}

#[test]
fn conversions_and_constants_do_no_arithmetic() {
    none(|record| record.sum == SumTerm::Conversion && record.arithmetic != Arithmetic::None);
    none(|record| record.evaluation == Evaluation::Constant && record.arithmetic != Arithmetic::None);
    none(|record| record.calculates && !matches!(record.dialect, Dialect::Arith | Dialect::Math | Dialect::Vector));
}

/// Records whose arithmetic is not counted. A list: an operation must not get here by a field that was forgotten.
#[test]
fn arithmetic_is_unknown_for_listed_operations_only() {
    let unknown = |record: &Record| {
        record.arithmetic == Arithmetic::Unknown
            && !matches!(record.dialect, Dialect::Llvm | Dialect::Gpu | Dialect::Spirv | Dialect::Chlo | Dialect::Mhlo)
            && !(record.dialect == Dialect::Tosa && record.name.ends_with("_shape"))
    };
    let expected = include_str!("unknown-arithmetic.txt");
    assert_eq!(names(unknown).join("\n"), expected.trim_end());
}

#[test]
fn every_record_answers_for_traffic_steps_and_features() {
    let outside = |record: &Record| {
        matches!(record.dialect, Dialect::Llvm | Dialect::Gpu | Dialect::Spirv | Dialect::MlProgram | Dialect::Complex)
    };
    none(|record| matches!(record.traffic, TrafficRule::Unknown | TrafficRule::UnknownIfShaped) && !outside(record));
    none(|record| record.features.class == InstructionClass::Unknown && !outside(record));
    let unplaced = names(|record| record.steps == StepClass::Unknown && !outside(record));
    assert_eq!(unplaced.join("\n"), include_str!("unknown-steps.txt").trim_end());
}

#[test]
fn what_is_not_registered_is_unknown_to_all() {
    let text = "func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tosa.no_such_operation %a : (tensor<4xf32>) -> tensor<4xf32>
  %1 = arith.no_such_operation %0 : tensor<4xf32>
  %2 = scf.no_such_operation %1 : tensor<4xf32>
  return %2 : tensor<4xf32>
}";
    let parsed = ir::parse(text, &ir::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let tree = &parsed.tree;
    let function = tree.functions().next().expect("a function");
    let whole = Analysis::of(tree);
    let analysis = whole.function(function).expect("it has a body");
    let unregistered: Vec<_> = tree.walk().filter(|&op| !tree.record(op).is_registered()).collect();
    assert_eq!(unregistered.len(), 3);
    for operation in unregistered {
        assert_eq!(tree.operation(operation).form, Form::Guessed);
        assert_eq!(tree.record(operation).syntax, Syntax::Guessed);
        assert_eq!(tree.record(operation).features.class, InstructionClass::Unknown);
        assert!(analysis.operation(operation).work.total().high.is_none());
        assert!(analysis.operation(operation).traffic.bytes().high.is_none());
        assert!(analysis.unknowns.iter().any(|u| u.operation == operation && u.reason == Reason::Operation));
    }
    let steps = ir::steps::Steps::of(&whole, function);
    assert!(steps.all().iter().filter(|step| matches!(step, ir::steps::Step::Unplaced { .. })).count() == 3);
}
