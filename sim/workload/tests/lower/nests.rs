//! Products, statements and vectors, written as operations and as loop nests, have their closed forms; unrolling, tiling
//! and vectorisation keep the work.

use workload::{Lowered, Unplaced, WeightRule};

use super::{common, lowered, lowered_with};

/// A product of 4 x 64 with 64 x 32, the matrix passed with `attribute`.
fn matmul(attribute: &str) -> String {
    format!(
        "func.func @f(%a: tensor<4x64xf32>, %b: tensor<64x32xf32>{attribute}) -> tensor<4x32xf32> {{
           %z = arith.constant 0.0 : f32
           %e = tensor.empty() : tensor<4x32xf32>
           %f = linalg.fill ins(%z : f32) outs(%e : tensor<4x32xf32>) -> tensor<4x32xf32>
           %m = linalg.matmul ins(%a, %b : tensor<4x64xf32>, tensor<64x32xf32>) outs(%f : tensor<4x32xf32>) -> tensor<4x32xf32>
           return %m : tensor<4x32xf32>
         }}"
    )
}

#[test]
fn a_product_costs_its_closed_form() {
    // 64 inputs on 2 ports: 16 bits x 41 inputs per port, 1 level of counting and 7 registers; 4 rows in turn.
    let metal = lowered(&matmul(" {hardwire.weight}"));
    assert_eq!((metal.latency_cycles, metal.computing_cycles), (4 * 656 + 8, 4 * 656));
    assert!((metal.xpu_utilization - 4.0 * 656.0 / (4.0 * 656.0 + 8.0)).abs() < 1e-12);
    assert_eq!((metal.work.weights, metal.work.hn_macs), (64 * 32, 4 * 64 * 32));
    let account = |l: &Lowered| (l.latency_cycles, l.units.clone(), l.work);
    assert_eq!(account(&metal), account(&lowered(&matmul(""))), "an argument used as nothing but a matrix is one");
    // 64 vectors of 32 elements and 4 queries: 64 operations, 32 a cycle; 4 KB come in a cycle and 3 of latency.
    let vector = lowered_with(&matmul(""), &common::hnlpu(&[]), WeightRule::Marked);
    assert_eq!((vector.latency_cycles, vector.computing_cycles), (1 + 3, 2));
    assert_eq!((vector.work.vex_macs, vector.work.buffer_bytes), (4 * 64 * 32, 64 * 32 * 2));
    let none = lowered_with(&matmul(" {hardwire.weight}"), &common::hnlpu(&[]), WeightRule::None);
    assert_eq!(account(&vector), account(&none));
}

#[test]
fn a_nest_is_the_product_it_spells() {
    let nest = |body: &str| {
        format!("func.func @f(%a: memref<4x64xf32>, %b: memref<64x32xf32>, %c: memref<4x32xf32>) {{\n{body}\nreturn }}")
    };
    let plain = nest(
        "affine.for %i = 0 to 4 { affine.for %j = 0 to 32 { affine.for %k = 0 to 64 {
           %x = affine.load %a[%i, %k] : memref<4x64xf32>
           %y = affine.load %b[%k, %j] : memref<64x32xf32>
           %z = affine.load %c[%i, %j] : memref<4x32xf32>
           %p = arith.mulf %x, %y : f32
           %s = arith.addf %z, %p : f32
           affine.store %s, %c[%i, %j] : memref<4x32xf32>
         } } }",
    );
    let unrolled = nest(
        "affine.for %i = 0 to 4 { affine.for %j = 0 to 32 { affine.for %k = 0 to 64 step 2 {
           %x = affine.load %a[%i, %k] : memref<4x64xf32>
           %y = affine.load %b[%k, %j] : memref<64x32xf32>
           %z = affine.load %c[%i, %j] : memref<4x32xf32>
           %p = arith.mulf %x, %y : f32
           %s = arith.addf %z, %p : f32
           %x1 = affine.load %a[%i, %k + 1] : memref<4x64xf32>
           %y1 = affine.load %b[%k + 1, %j] : memref<64x32xf32>
           %p1 = arith.mulf %x1, %y1 : f32
           %s1 = arith.addf %s, %p1 : f32
           affine.store %s1, %c[%i, %j] : memref<4x32xf32>
         } } }",
    );
    let carried = nest(
        "%zero = arith.constant 0.0 : f32
         affine.for %i = 0 to 4 { affine.for %j = 0 to 32 {
           %r = affine.for %k = 0 to 64 iter_args(%z = %zero) -> (f32) {
             %x = affine.load %a[%i, %k] : memref<4x64xf32>
             %y = affine.load %b[%k, %j] : memref<64x32xf32>
             %p = arith.mulf %x, %y : f32
             %s = arith.addf %z, %p : f32
             affine.yield %s : f32
           }
           affine.store %r, %c[%i, %j] : memref<4x32xf32>
         } }",
    );
    let tiled = nest(
        "affine.for %i = 0 to 4 { affine.for %k0 = 0 to 64 step 16 { affine.for %j = 0 to 32 {
           affine.for %k = affine_map<(d0) -> (d0)>(%k0) to affine_map<(d0) -> (d0 + 16)>(%k0) {
             %x = affine.load %a[%i, %k] : memref<4x64xf32>
             %y = affine.load %b[%k, %j] : memref<64x32xf32>
             %z = affine.load %c[%i, %j] : memref<4x32xf32>
             %p = arith.mulf %x, %y : f32
             %s = arith.addf %z, %p : f32
             affine.store %s, %c[%i, %j] : memref<4x32xf32>
           } } } }",
    );
    // Two loops accumulate into one sum.
    let carried_twice = nest(
        "%zero = arith.constant 0.0 : f32
         affine.for %i = 0 to 4 { affine.for %j = 0 to 32 {
           %r = affine.for %k0 = 0 to 64 step 16 iter_args(%o = %zero) -> (f32) {
             %q = affine.for %k1 = 0 to 16 iter_args(%z = %o) -> (f32) {
               %x = affine.load %a[%i, %k0 + %k1] : memref<4x64xf32>
               %y = affine.load %b[%k0 + %k1, %j] : memref<64x32xf32>
               %s = math.fma %x, %y, %z : f32
               affine.yield %s : f32
             }
             affine.yield %q : f32
           }
           affine.store %r, %c[%i, %j] : memref<4x32xf32>
         } }",
    );
    let tensors = lowered(&matmul(""));
    for text in [plain, unrolled, carried, carried_twice, tiled] {
        let nest = lowered(&text);
        assert_eq!(nest.unplaced, []);
        assert_eq!((nest.work.weights, nest.work.hn_macs), (tensors.work.weights, tensors.work.hn_macs), "{text}");
        assert_eq!(nest.computing_cycles, tensors.computing_cycles, "{text}");
    }
}

#[test]
fn a_scaled_sum_without_a_sum_over_loops_is_element_wise() {
    let text = "func.func @axpy(%a: f32, %x: memref<4096xf32>, %y: memref<4096xf32>) {
        affine.for %i = 0 to 4096 {
          %0 = affine.load %x[%i] : memref<4096xf32>
          %1 = affine.load %y[%i] : memref<4096xf32>
          %2 = arith.mulf %a, %0 : f32
          %3 = arith.addf %1, %2 : f32
          affine.store %3, %y[%i] : memref<4096xf32>
        }
        return
      }";
    let lowered = lowered(text);
    // 4,096 elements on 2,048 lanes and 81 cycles of latency.
    assert_eq!((lowered.latency_cycles, lowered.computing_cycles), (2 + 81, 2));
    assert_eq!((lowered.work.nonlinear_elements, lowered.work.hn_macs), (4096, 0));
}

/// A function of element-wise statements over `%x`, `%y` and `%c`.
fn statements(body: &str) -> String {
    format!(
        "func.func @f(%x: memref<4096xf32>, %y: memref<4096xf32>, %c: memref<64x64xf32>, %s: memref<64xf32>) {{
           %zero = arith.constant 0.0 : f32
           {body}
           return
         }}"
    )
}

/// Copies of a statement for `by` iterations; `$` is the copy, `@` the one before.
fn copies(by: usize, statement: &str) -> String {
    (0..by).map(|i| statement.replace('$', &i.to_string()).replace('@', &(i as i64 - 1).to_string())).collect()
}

#[test]
fn unrolled_statements_keep_their_work() {
    for by in [1, 2, 8] {
        let map = copies(
            by,
            "%a$ = affine.load %x[%i + $] : memref<4096xf32>
             %e$ = math.exp %a$ : f32
             %q$ = arith.mulf %e$, %a$ : f32
             affine.store %q$, %y[%i + $] : memref<4096xf32>\n",
        );
        let carried =
            copies(by, "%a$ = affine.load %x[%i + $] : memref<4096xf32>\n%r$ = arith.maximumf %r@, %a$ : f32\n")
                .replace("%r-1", "%r");
        let in_memory = copies(
            by,
            "%a$ = affine.load %c[%i, %j + $] : memref<64x64xf32>
             %t$ = affine.load %s[%i] : memref<64xf32>
             %r$ = arith.addf %t$, %a$ : f32
             affine.store %r$, %s[%i] : memref<64xf32>\n",
        );
        let forwarded =
            copies(by, "%a$ = affine.load %c[%i, %j + $] : memref<64x64xf32>\n%r$ = arith.addf %r@, %a$ : f32\n")
                .replace("%r-1", "%t");
        let last = by - 1;
        let branches = copies(
            by,
            "%a$ = affine.load %x[%i + $] : memref<4096xf32>
             %b$ = arith.cmpf ogt, %a$, %zero : f32
             %n$ = scf.if %b$ -> (f32) {
               %e$ = math.exp %a$ : f32
               scf.yield %e$ : f32
             } else { scf.yield %a$ : f32 }
             affine.store %n$, %y[%i + $] : memref<4096xf32>\n",
        );
        for body in [
            format!("affine.for %i = 0 to 4096 step {by} {{ {map} }}"),
            format!(
                "%m = affine.for %i = 0 to 4096 step {by} iter_args(%r = %zero) -> (f32) {{
                   {carried} affine.yield %r{last} : f32
                 }}"
            ),
            format!("affine.for %i = 0 to 64 {{ affine.for %j = 0 to 64 step {by} {{ {in_memory} }} }}"),
            format!(
                "affine.for %i = 0 to 64 {{ affine.for %j = 0 to 64 step {by} {{
                   %t = affine.load %s[%i] : memref<64xf32>
                   {forwarded} affine.store %r{last}, %s[%i] : memref<64xf32>
                 }} }}"
            ),
            format!("affine.for %i = 0 to 4096 step {by} {{ {branches} }}"),
        ] {
            let lowered = lowered(&statements(&body));
            assert_eq!(lowered.unplaced, []);
            assert_eq!(lowered.work.nonlinear_elements, 4096, "{body}");
            assert_eq!((lowered.latency_cycles, lowered.computing_cycles), (2 + 81, 2), "{body}");
        }
    }
}

#[test]
fn vectors_of_a_nest_are_its_iterations() {
    let body = "affine.for %i0 = 0 to 4096 step 256 { affine.for %i1 = 0 to 256 step 16 {
        %p = ub.poison : f32
        %v = vector.transfer_read %x[%i1], %p : memref<4096xf32>, vector<16xf32>
        %e = math.exp %v : vector<16xf32>
        vector.transfer_write %e, %y[%i1] : vector<16xf32>, memref<4096xf32>
      } }";
    let lowered = lowered(&statements(body));
    assert_eq!((lowered.latency_cycles, lowered.computing_cycles), (2 + 81, 2));
    assert_eq!((lowered.work.nonlinear_elements, lowered.unplaced.len()), (4096, 0));
}

#[test]
fn filters_by_channel_are_metal() {
    let function = |body: &str, kind: &str| {
        format!(
            "func.func @f(%x: {kind}<1x18x18x32xf32>, %w: {kind}<3x3x32xf32>, %o: {kind}<1x16x16x32xf32>) {{ {body} return }}"
        )
    };
    let named = "linalg.depthwise_conv_2d_nhwc_hwc ins(%x, %w : memref<1x18x18x32xf32>, memref<3x3x32xf32>) outs(%o : memref<1x16x16x32xf32>)";
    let generic = "linalg.generic {
        indexing_maps = [affine_map<(n, h, w, c, i, j) -> (n, h + i, w + j, c)>, affine_map<(n, h, w, c, i, j) -> (i, j, c)>,
                         affine_map<(n, h, w, c, i, j) -> (n, h, w, c)>],
        iterator_types = [\"parallel\", \"parallel\", \"parallel\", \"parallel\", \"reduction\", \"reduction\"]
      } ins(%x, %w : memref<1x18x18x32xf32>, memref<3x3x32xf32>) outs(%o : memref<1x16x16x32xf32>) {
      ^bb0(%a: f32, %b: f32, %s: f32):
        %p = arith.mulf %a, %b : f32
        %t = arith.addf %s, %p : f32
        linalg.yield %t : f32
      }";
    let nest = |first: &str, second: &str| {
        format!(
            "affine.for %h = 0 to 16 {{ affine.for %v = 0 to 16 {{ affine.for %c = 0 to 32 {{
               affine.for %i = 0 to 3 {{ affine.for %j = 0 to 3 {{
                 {first} {second}
                 %s = affine.load %o[0, %h, %v, %c] : memref<1x16x16x32xf32>
                 %p = arith.mulf %a, %b : f32
                 %t = arith.addf %s, %p : f32
                 affine.store %t, %o[0, %h, %v, %c] : memref<1x16x16x32xf32>
               }} }} }} }} }}"
        )
    };
    let a = "%a = affine.load %x[0, %h + %i, %v + %j, %c] : memref<1x18x18x32xf32>\n";
    let b = "%b = affine.load %w[%i, %j, %c] : memref<3x3x32xf32>\n";
    // 9 inputs on one port: 16 bits each; 256 places in turn.
    let pass = sim::units::hn_array::Spec::new(&common::hnlpu(&[])).pass(9);
    for body in [named, generic, &nest(a, b), &nest(b, a)] {
        let lowered = lowered(&function(body, "memref"));
        assert_eq!(lowered.unplaced, []);
        assert_eq!((lowered.work.weights, lowered.work.hn_macs), (9 * 32, 9 * 256 * 32), "{body}");
        assert_eq!((lowered.work.vex_macs, lowered.work.nonlinear_elements), (0, 0));
        assert_eq!(lowered.computing_cycles, 256 * pass.serial, "{body}");
    }
}

#[test]
fn a_function_before_a_product_is_done_once_per_element() {
    let generic = "#a = affine_map<(m, n, k) -> (m, k)>
      #b = affine_map<(m, n, k) -> (k, n)>
      #c = affine_map<(m, n, k) -> (m, n)>
      func.func @f(%a: tensor<4x64xf32>, %b: tensor<64x32xf32>, %c: tensor<4x32xf32>) -> tensor<4x32xf32> {
        %m = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = [\"parallel\", \"parallel\", \"reduction\"]}
          ins(%a, %b : tensor<4x64xf32>, tensor<64x32xf32>) outs(%c : tensor<4x32xf32>) {
        ^bb0(%x: f32, %y: f32, %s: f32):
          %e = math.exp %x : f32
          %p = arith.mulf %e, %y : f32
          %t = arith.addf %s, %p : f32
          linalg.yield %t : f32
        } -> tensor<4x32xf32>
        return %m : tensor<4x32xf32>
      }";
    let nest = |first: &str, product: &str| {
        format!(
            "func.func @f(%a: memref<4x64xf32>, %b: memref<64x32xf32>, %c: memref<4x32xf32>, %d: memref<64xf32>, %alpha: f32) {{
               affine.for %i = 0 to 4 {{ affine.for %j = 0 to 32 {{ affine.for %k = 0 to 64 {{
                 %x = affine.load %a[%i, %k] : memref<4x64xf32>
                 %y = affine.load %b[%k, %j] : memref<64x32xf32>
                 %z = affine.load %c[%i, %j] : memref<4x32xf32>
                 {first}
                 {product}
                 %t = arith.addf %z, %p : f32
                 affine.store %t, %c[%i, %j] : memref<4x32xf32>
               }} }} }}
               return
             }}"
        )
    };
    let load = "%w = affine.load %d[%k] : memref<64xf32>\n";
    let texts = [
        generic.to_owned(),
        nest("%e = math.exp %x : f32", "%p = arith.mulf %e, %y : f32"),
        nest("%e = arith.mulf %x, %y : f32", "%p = arith.mulf %alpha, %e : f32"),
        nest(load, "%e = arith.mulf %x, %w : f32\n%p = arith.mulf %e, %y : f32"),
        nest(load, "%e = arith.subf %x, %w : f32\n%p = arith.mulf %e, %y : f32"),
    ];
    for text in texts {
        let lowered = lowered(&text);
        assert_eq!(lowered.unplaced, []);
        // 256 elements on the lanes, then the product of `a_product_costs_its_closed_form`.
        assert_eq!((lowered.work.nonlinear_elements, lowered.work.hn_macs), (4 * 64, 4 * 64 * 32), "{text}");
        assert_eq!((lowered.latency_cycles, lowered.computing_cycles), (1 + 81 + 4 * 656 + 8, 1 + 4 * 656), "{text}");
    }
}

#[test]
fn long_times_are_exact_or_refused() {
    // 2^52 points on 2^11 lanes.
    let nest = "affine.for %i = 0 to 67108864 { affine.for %j = 0 to 67108864 {
        %a = affine.load %x[0] : memref<4096xf32>
        %e = math.exp %a : f32
        affine.store %e, %y[0] : memref<4096xf32>
      } }";
    let long = lowered(&statements(nest));
    assert_eq!((long.latency_cycles, long.computing_cycles, long.unplaced.len()), ((1 << 41) + 81, 1 << 41, 0));
    let loops = |trips: u64| {
        format!(
            "func.func @f(%x: tensor<4096xf32>) -> tensor<4096xf32> {{
               %c0 = arith.constant 0 : index
               %c1 = arith.constant 1 : index
               %n = arith.constant {trips} : index
               %r = scf.for %i = %c0 to %n step %c1 iter_args(%t = %x) -> (tensor<4096xf32>) {{
                 %q = scf.for %j = %c0 to %n step %c1 iter_args(%u = %t) -> (tensor<4096xf32>) {{
                   %e = math.exp %u : tensor<4096xf32>
                   scf.yield %e : tensor<4096xf32>
                 }}
                 scf.yield %q : tensor<4096xf32>
               }}
               return %r : tensor<4096xf32>
             }}"
        )
    };
    let long = lowered(&loops(1 << 27));
    assert_eq!((long.latency_cycles, long.computing_cycles, long.unplaced.len()), (83 << 54, 2 << 54, 0));
    let endless = lowered(&loops(1 << 31));
    assert_eq!(endless.unplaced.iter().map(|m| m.reason).collect::<Vec<_>>(), [Unplaced::TooLarge]);
    assert_eq!((endless.latency_cycles, endless.computing_cycles), (83 << 31, 2 << 31), "the outer loop is taken once");
}
