//! Integer operations that are more, or fewer, than one machine instruction.

use super::{of, work};
use crate::features::loop_work::LoopBody;
use crate::features::table::WorkKind;

/// The loop over 64 elements `%x` of `%a` and `%y` of `%b` that stores `%r`.
fn text(ty: &str, body: &str) -> String {
    format!(
        "func.func @f(%a: memref<64x{ty}>, %b: memref<64x{ty}>) {{
  %c3 = arith.constant 3 : {ty}
  %c5 = arith.constant 5 : {ty}
  %c7 = arith.constant 7 : {ty}
  %c8 = arith.constant 8 : {ty}
  %c10 = arith.constant 10 : {ty}
  %c0 = arith.constant 0 : {ty}
  affine.for %i = 0 to 64 {{
    %x = affine.load %a[%i] : memref<64x{ty}>
    %y = affine.load %b[%i] : memref<64x{ty}>
    {body}
    affine.store %r, %b[%i] : memref<64x{ty}>
  }}
  return
}}"
    )
}

fn inner(ty: &str, body: &str) -> LoopBody {
    of(&text(ty, body)).remove(1)
}

/// Work of a kind on scalars, and on one vector.
fn both(ty: &str, body: &str, kind: WorkKind) -> (f64, f64) {
    let inner = inner(ty, body);
    (inner.of(kind), inner.vectorised(kind, 8.0))
}

#[test]
fn a_division_by_a_constant_is_a_product_and_shifts() {
    let divide = |ty: &str, by: &str| both(ty, &format!("%r = arith.{by} : {ty}"), WorkKind::ConstantDivide);
    // High half of the product and shift; vectors of 32 bits put the high half together from two products.
    assert_eq!(divide("i32", "divui %x, %c10"), (2.0, 4.0));
    assert_eq!(divide("i16", "divui %x, %c10"), (2.0, 2.0));
    // The inverse of 7 has 33 bits.
    assert_eq!(divide("i32", "divui %x, %c7"), (5.0, 7.0));
    assert_eq!(divide("i32", "divsi %x, %c10"), (4.0, 6.0));
}

#[test]
fn a_division_by_a_power_of_two_is_a_shift() {
    let divide = |by: &str| both("i32", &format!("%r = arith.{by}, %c8 : i32"), WorkKind::Integer).0;
    assert_eq!([divide("divui %x"), divide("remui %x"), divide("divsi %x"), divide("remsi %x")], [1.0, 1.0, 4.0, 5.0]);
}

#[test]
fn a_remainder_uses_the_quotient_of_the_same_operands() {
    let own = inner(
        "i32",
        "%q = arith.divui %x, %c10 : i32
         %m = arith.remui %x, %c10 : i32
         %r = arith.xori %q, %m : i32",
    );
    assert_eq!((own.of(WorkKind::ConstantDivide), own.of(WorkKind::Integer)), (2.0, 3.0));
}

#[test]
fn a_test_for_divisibility_needs_no_remainder() {
    let own = inner(
        "i32",
        "%m = arith.remui %x, %c10 : i32
         %c = arith.cmpi eq, %m, %c0 : i32
         %r = arith.select %c, %x, %y : i32",
    );
    assert_eq!((own.of(WorkKind::ConstantDivide), own.of(WorkKind::Integer)), (2.0, 0.0));
}

#[test]
fn divisions_that_some_processors_vectorise_are_counted_both_ways() {
    let variable = text("i32", "%r = arith.divui %x, %y : i32");
    assert_eq!((work(&variable, "dividing_integer_divide"), work(&variable, "divided_integer_divide")), (64.0, 8.0));
    let wide = text("i64", "%r = arith.divui %x, %c10 : i64");
    assert_eq!((work(&wide, "dividing_constant_divide"), work(&wide, "divided_constant_divide")), (128.0, 32.0));
    let narrow = text("i32", "%r = arith.divui %x, %c10 : i32");
    assert_eq!((work(&narrow, "dividing_constant_divide"), work(&narrow, "vector_constant_divide")), (0.0, 32.0));
}

#[test]
fn two_shifts_that_add_up_to_the_width_are_a_rotation() {
    let turned = |distance: &str, combine: &str| {
        let body = format!(
            "%p = arith.shli %x, %c3 : i8
             %q = arith.shrui %x, {distance} : i8
             %r = arith.{combine} %p, %q : i8"
        );
        both("i8", &body, WorkKind::Integer).0
    };
    assert_eq!((turned("%c5", "ori"), turned("%c5", "addi")), (1.0, 1.0));
    assert_eq!(turned("%c7", "ori"), 3.0);
}

#[test]
fn a_wide_product_of_64_bits_is_not_vectorised() {
    let product = |ty: &str| text(ty, &format!("%l, %r = arith.mului_extended %x, %y : {ty}"));
    assert_eq!((work(&product("i64"), "unvectorised_integer"), work(&product("i32"), "vector_integer")), (128.0, 40.0));
}

#[test]
fn conversions_of_scalars_are_parts_of_registers_and_of_loads() {
    let body = "%e = arith.extui %x : i16 to i32
        %s = arith.divui %e, %k : i32
        %r = arith.trunci %s : i32 to i16";
    let text = text("i16", body).replace("%c0 = ", "%k = arith.constant 1000 : i32\n  %c0 = ");
    let own = of(&text).remove(1);
    assert_eq!((own.of(WorkKind::Cast), own.vectorised(WorkKind::Cast, 8.0)), (0.0, 4.0));
}

/// Work of a kind on one vector of 16 integers that are extended from `%x` and `%y`, computed on as 32 bits and truncated.
fn narrow(extension: &str, body: &str, kind: WorkKind) -> f64 {
    let body = format!(
        "%e = arith.{extension} %x : i8 to i32
         %f = arith.{extension} %y : i8 to i32
         {body}
         %r = arith.trunci %s : i32 to i8"
    );
    let constants = "%c0 = arith.constant 0 : i8
  %zero = arith.constant 0 : i32
  %least = arith.constant -128 : i32
  %most = arith.constant 127 : i32
  %all = arith.constant 255 : i32";
    let text = text("i8", &body).replace("%c0 = arith.constant 0 : i8", constants);
    of(&text).remove(1).vectorised(kind, 32.0)
}

#[test]
fn extremes_that_no_value_of_the_range_needs_are_dropped() {
    let extremes = |body: &str| narrow("extui", body, WorkKind::Select);
    // A sum of two bytes is not negative, and at most 510.
    assert_eq!(extremes("%t = arith.addi %e, %f : i32\n %s = arith.maxsi %t, %zero : i32"), 0.0);
    assert_eq!(extremes("%t = arith.subi %e, %f : i32\n %s = arith.maxsi %t, %zero : i32"), 4.0);
    assert_eq!(extremes("%t = arith.andi %e, %f : i32\n %s = arith.minsi %t, %all : i32"), 0.0);
    // The comparison never holds.
    let never = "%t = arith.addi %e, %f : i32
         %c = arith.cmpi slt, %t, %zero : i32
         %s = arith.select %c, %e, %t : i32";
    assert_eq!(extremes(never), 0.0);
}

#[test]
fn a_truncation_saturates_to_the_limits_of_its_type() {
    let clamp = |low: &str, high: &str| {
        let body = format!(
            "%t = arith.muli %e, %f : i32
             %u = arith.minsi %t, {high} : i32
             %s = arith.maxsi %u, {low} : i32"
        );
        narrow("extsi", &body, WorkKind::Select)
    };
    // Vectors of 32 bits take four registers.
    assert_eq!((clamp("%least", "%most"), clamp("%zero", "%all"), clamp("%zero", "%most")), (0.0, 4.0, 4.0));
}

#[test]
fn an_extreme_of_a_number_and_its_negative_is_one_vector_instruction() {
    let body = "%n = arith.subi %c0, %x : i32\n %r = arith.maxsi %x, %n : i32";
    assert_eq!((both("i32", body, WorkKind::Integer), both("i32", body, WorkKind::Select)), ((1.0, 0.0), (2.0, 1.0)));
}

#[test]
fn bits_that_a_shift_drops_are_not_computed() {
    let body = "%p = arith.muli %x, %y : i8
         %q = arith.shli %p, %c5 : i8
         %r = arith.shli %q, %c3 : i8";
    let own = inner("i8", body);
    // Nothing is left of the value.
    assert_eq!((own.of(WorkKind::Integer), own.of(WorkKind::Load)), (0.0, 0.0));
}

#[test]
fn an_update_of_an_element_is_one_instruction() {
    let update = |combine: &str| {
        let text = format!(
            "func.func @f(%a: memref<64xi32>, %b: memref<64xi32>) {{
  %c1 = arith.constant 1 : i32
  affine.for %i = 0 to 64 {{
    %x = affine.load %a[%i] : memref<64xi32>
    %j = arith.index_cast %x : i32 to index
    %y = memref.load %b[%j] : memref<64xi32>
    %z = {combine} : i32
    memref.store %z, %b[%j] : memref<64xi32>
  }}
  return
}}"
        );
        ["folded_accesses", "conflict_indirect_load", "conflict_strided_store"].map(|name| work(&text, name))
    };
    assert_eq!(update("arith.addi %y, %c1"), [128.0, 0.0, 0.0]);
    // A comparison and a move take the loaded value twice.
    assert_eq!(update("arith.maxsi %y, %c1"), [0.0, 64.0, 64.0]);
}

#[test]
fn a_cast_of_an_index_is_an_instruction_if_it_extends_a_sign() {
    let casts = |body: &str| {
        let text = format!(
            "func.func @f(%a: memref<64xi32>, %b: memref<64xindex>) {{
  %c1 = arith.constant 1 : i32
  affine.for %i = 0 to 64 {{
    %x = affine.load %a[%i] : memref<64xi32>
    %y = arith.addi %x, %c1 : i32
    {body}
  }}
  return
}}"
        );
        of(&text)[1].of(WorkKind::Address)
    };
    let store = "affine.store %j, %b[%i] : memref<64xindex>";
    assert_eq!(casts(&format!("%j = arith.index_cast %y : i32 to index\n {store}")), 1.0);
    // The element is loaded with its sign extended.
    assert_eq!(casts(&format!("%j = arith.index_cast %x : i32 to index\n {store}")), 0.0);
    let narrow = "%j = arith.index_cast %i : index to i32\n affine.store %j, %a[%i] : memref<64xi32>";
    assert_eq!(casts(narrow), 0.0);
}

#[test]
fn a_quotient_that_grows_by_a_constant_is_an_index() {
    let text = |step: usize| {
        let copies: String = (0..step)
            .map(|k| {
                format!(
                    "%x{k} = affine.load %a[%i floordiv 2] : memref<32xf32>
                     affine.store %x{k}, %b[%i + {k}] : memref<64xf32>\n"
                )
            })
            .collect();
        format!(
            "func.func @f(%a: memref<32xf32>, %b: memref<64xf32>) {{
  affine.for %i = 0 to 64 step {step} {{
    {copies}
  }}
  return
}}"
        )
    };
    let kinds = |step| {
        let body = of(&text(step)).remove(1);
        (body.of(WorkKind::Load), body.of(WorkKind::StridedLoad), body.of(WorkKind::Address))
    };
    // Iterations read each element twice: a gather, whose index is shifted.
    assert_eq!(kinds(1), (0.0, 1.0, 1.0));
    // The quotient grows by 1. Stores to another buffer do not change what is loaded.
    assert_eq!(kinds(2), (1.0, 0.0, 0.0));
}
