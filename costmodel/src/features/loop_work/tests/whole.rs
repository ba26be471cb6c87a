//! Operations on whole tensors.

use super::{WorkKind, of};

fn hlo(arguments: &str, operation: &str) -> Vec<super::LoopBody> {
    of(&format!("func.func @f({arguments}) {{\n  %0 = stablehlo.{operation}\n  return\n}}"))
}

#[test]
fn moves_are_loops_over_the_dimensions_of_their_result() {
    let transposed = hlo("%a: tensor<4x8xf32>", "transpose %a, dims = [1, 0] : (tensor<4x8xf32>) -> tensor<8x4xf32>");
    let inner = transposed.last().unwrap();
    assert_eq!((inner.entries, inner.iterations), (8.0, 32.0));
    assert_eq!((inner.of(WorkKind::StridedLoad), inner.of(WorkKind::Store)), (1.0, 1.0));
    let spread = hlo("%a: tensor<4xf32>", "broadcast_in_dim %a, dims = [0] : (tensor<4xf32>) -> tensor<4x8xf32>");
    let inner = spread.last().unwrap();
    assert_eq!((inner.of(WorkKind::Load), inner.of(WorkKind::Store)), (0.0, 1.0));
    let joined = hlo(
        "%a: tensor<4x8xf32>, %b: tensor<2x8xf32>",
        "concatenate %a, %b, dim = 0 : (tensor<4x8xf32>, tensor<2x8xf32>) -> tensor<6x8xf32>",
    );
    let inner = joined.last().unwrap();
    assert_eq!((inner.iterations, inner.of(WorkKind::Load), inner.of(WorkKind::Store)), (48.0, 1.0, 1.0));
}

#[test]
fn arithmetic_reads_its_arrays() {
    let types = ": tensor<4x8xf32>";
    for (name, kind) in [("add", WorkKind::Float), ("divide", WorkKind::Divide), ("maximum", WorkKind::MinMax)] {
        let bodies = hlo("%a: tensor<4x8xf32>", &format!("{name} %a, %a {types}"));
        let inner = bodies.last().unwrap();
        assert_eq!((inner.iterations, inner.entries), (32.0, 4.0), "{name}");
        assert_eq!((inner.of(WorkKind::Load), inner.of(WorkKind::Store), inner.of(kind)), (2.0, 1.0, 1.0), "{name}");
    }
}

#[test]
fn products_are_added_up_in_a_register() {
    let bodies = hlo(
        "%a: tensor<4x16xi8>, %b: tensor<16x8xi8>",
        "dot_general %a, %b, contracting_dims = [1] x [0] : (tensor<4x16xi8>, tensor<16x8xi8>) -> tensor<4x8xi32>",
    );
    let [.., around, inner] = &bodies[..] else { panic!("{bodies:?}") };
    assert_eq!((inner.iterations, inner.entries), (512.0, 32.0));
    assert_eq!((inner.of(WorkKind::Integer), inner.of(WorkKind::Load), inner.of(WorkKind::Store)), (2.0, 2.0, 0.0));
    assert_eq!(around.of(WorkKind::Store), 1.0);
}

#[test]
fn a_reduction_reads_each_element_once() {
    let sum = |dimension: u32, result: &str| {
        hlo(
            "%a: tensor<4x8xf32>, %z: tensor<f32>",
            &format!(
                "reduce(%a init: %z) applies stablehlo.add across dimensions = [{dimension}] : \
                 (tensor<4x8xf32>, tensor<f32>) -> tensor<{result}xf32>"
            ),
        )
    };
    let [rows, columns] = [sum(1, "4"), sum(0, "8")].map(|bodies| bodies.last().cloned().unwrap());
    assert_eq!((rows.iterations, rows.entries), (32.0, 4.0));
    assert_eq!((rows.of(WorkKind::Float), rows.of(WorkKind::Load)), (1.0, 1.0));
    assert_eq!((columns.iterations, columns.entries), (32.0, 8.0));
    assert_eq!(columns.of(WorkKind::StridedLoad), 1.0);
}
