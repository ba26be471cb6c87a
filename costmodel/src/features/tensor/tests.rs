use proptest::prelude::*;

use super::*;
use crate::features::declaration::{WORK, work_names};

/// A count by its name, of the first function of a text.
fn counts(text: &str) -> impl Fn(&str) -> f64 + use<> {
    let parsed = ir::parse(text, &ir::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}\n{text}", parsed.diagnostics);
    let tree = parsed.tree;
    let function = tree.functions().next().expect("a function");
    let mut all = vec![0.0; WORK];
    fill_counts(&Analysis::of(&tree), function, &mut all);
    move |name| all[work_names().position(|known| known == name).expect("a name")]
}

/// A function of `%x`, eight vectors of 48 elements, and two matrices that return `%r`, with this body.
fn body(body: &str) -> impl Fn(&str) -> f64 + use<> {
    counts(&format!(
        "func.func @f(%x: tensor<8x48xf32>, %v: tensor<48x48xf32>, %w: tensor<48x48xf32>, %o: tensor<8x48xf32>) -> tensor<8x48xf32> {{
           {body}
           return %r : tensor<8x48xf32>
         }}"
    ))
}

fn matmul(result: &str, vectors: &str, matrix: &str) -> String {
    format!(
        "{result} = linalg.matmul ins({vectors}, {matrix} : tensor<8x48xf32>, tensor<48x48xf32>) outs(%o : tensor<8x48xf32>) -> tensor<8x48xf32>\n"
    )
}

#[test]
fn the_longest_chain_of_dependent_steps_counts() {
    let exp = "%e = math.exp %x : tensor<8x48xf32>\n";
    let behind = body(&(exp.to_owned() + &matmul("%r", "%e", "%w")));
    assert_eq!(["step_chain", "function_chain", "functions", "function_elements"].map(&behind), [2.0, 1.0, 1.0, 384.0]);
    // 48 inputs are more than 32 and three quarters of 64.
    assert_eq!(["pass_chain_32", "pass_chain_64", "products", "moves"].map(&behind), [8.0, 6.0, 0.0, 0.0]);
    assert_eq!(behind("changing_elements"), 8.0 * 48.0);
    let beside = body(&(exp.to_owned() + &matmul("%r", "%x", "%w")));
    assert_eq!(["step_chain", "function_chain", "pass_chain_32"].map(&beside), [1.0, 1.0, 8.0]);
}

#[test]
fn steps_that_use_one_matrix_depend_on_each_other() {
    let sum = "%r = arith.addf %a, %b : tensor<8x48xf32>";
    let two = |matrix: &str| body(&(matmul("%a", "%x", "%v") + &matmul("%b", "%x", matrix) + sum));
    assert_eq!(two("%w")("pass_chain_32"), 8.0);
    assert_eq!(two("%v")("pass_chain_32"), 16.0);
}

#[test]
fn products_are_counted_by_their_stationary_side() {
    let scores = counts(
        "func.func @f(%q: tensor<4x64xf32>, %k: tensor<100x64xf32>, %o: tensor<4x100xf32>) -> tensor<4x100xf32> {
           %a = math.exp %k : tensor<100x64xf32>
           %b = math.exp %q : tensor<4x64xf32>
           %0 = linalg.matmul_transpose_b ins(%b, %a : tensor<4x64xf32>, tensor<100x64xf32>) outs(%o : tensor<4x100xf32>) -> tensor<4x100xf32>
           return %0 : tensor<4x100xf32>
         }",
    );
    let names = ["products", "kept_elements", "product_vectors", "product_macs", "pass_chain_64"];
    assert_eq!(names.map(&scores), [1.0, 6400.0, 400.0, 25_600.0, 0.0]);
}

#[test]
fn a_write_depends_on_earlier_reads_of_the_memory() {
    let nests = |target: &str| {
        counts(&format!(
            "func.func @f(%x: memref<8xf32>, %y: memref<8xf32>, %z: memref<8xf32>) {{
               affine.for %i = 0 to 8 {{
                 %0 = affine.load %x[%i] : memref<8xf32>
                 %1 = math.exp %0 : f32
                 affine.store %1, %y[%i] : memref<8xf32>
               }}
               affine.for %i = 0 to 8 {{
                 %0 = affine.load %z[%i] : memref<8xf32>
                 affine.store %0, {target}[%i] : memref<8xf32>
               }}
               return
             }}"
        ))
    };
    assert_eq!(["step_chain", "moves", "moved_elements"].map(nests("%x")), [2.0, 1.0, 8.0]);
    let reads_only = nests("%z");
    assert_eq!(["step_chain", "functions", "moves"].map(&reads_only), [1.0, 1.0, 1.0]);
}

#[test]
fn constants_count_for_nothing() {
    let folded = counts(
        "func.func @f() -> tensor<8xf32> {
           %c = arith.constant dense<2.0> : tensor<8xf32>
           %r = math.exp %c : tensor<8xf32>
           return %r : tensor<8xf32>
         }",
    );
    assert!(TensorCount::ALL.iter().all(|count| folded(count.name()) == 0.0));
}

proptest! {
    /// A step counts once for each iteration of all loops around it, and counts stay finite.
    #[test]
    fn loops_repeat_what_is_in_them(trips in prop::collection::vec(1u64..1 << 40, 1..8)) {
        let ty = "tensor<16xf32>";
        let mut text = format!("func.func @f(%x0: {ty}) -> {ty} {{\n%l = arith.constant 0 : index\n%s = arith.constant 1 : index\n");
        for (depth, trips) in trips.iter().enumerate() {
            text += &format!(
                "%n{depth} = arith.constant {trips} : index
                 %r{depth} = scf.for %i{depth} = %l to %n{depth} step %s iter_args(%x{} = %x{depth}) -> ({ty}) {{\n",
                depth + 1
            );
        }
        text += &format!("%e = math.exp %x{} : {ty}\nscf.yield %e : {ty}\n}}\n", trips.len());
        for depth in (1..trips.len()).rev() {
            text += &format!("scf.yield %r{depth} : {ty}\n}}\n");
        }
        text += &format!("return %r0 : {ty}\n}}");
        let of = counts(&text);
        let all = trips.iter().map(|&t| t as f64).product::<f64>();
        let (functions, chain) = (of("functions"), of("function_chain"));
        prop_assert!(functions.is_finite() && (functions - chain).abs() <= 1e-6 * functions);
        // The analysis does not count beyond 2^64 executions.
        if all < 1e19 {
            prop_assert!((functions / all - 1.0).abs() < 1e-6, "{functions} of {all}");
        }
    }
}
