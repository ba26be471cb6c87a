//! Traffic of functions against closed forms, and why it is not known.

use caches::{Hierarchy, Limits, Method, Reason, Traffic, Unknown};
use ir::analysis::{Analysis, Assumptions, Stated};
use ir::labels::Target;

fn assuming(text: &str, assumptions: &[&str], limits: Limits) -> Result<Traffic, Unknown> {
    let parsed = ir::parse(text, &ir::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let assumptions: Assumptions = assumptions.iter().map(|a| a.parse().unwrap()).collect();
    let analysis = Analysis::assuming(&parsed.tree, text, &assumptions);
    let stated = Stated::of(analysis.tree(), text, &assumptions);
    let function = parsed.tree.functions().next().expect("a function");
    Traffic::of(&analysis, function, &stated, &Hierarchy::of(Target::SkylakeAvx512), limits)
}

fn traffic(text: &str) -> Traffic {
    assuming(text, &[], Limits::default()).unwrap()
}

/// Load and store misses, write-backs, of a level.
fn level(traffic: &Traffic, at: usize) -> [u64; 3] {
    let level = &traffic.levels[at];
    [level.load_misses, level.store_misses, level.write_backs]
}

fn reason(text: &str) -> Reason {
    assuming(text, &[], Limits::default()).unwrap_err().reason
}

#[test]
fn a_copy_misses_once_a_line() {
    let found = traffic(
        "func.func @copy(%a: memref<16384xf32>, %b: memref<16384xf32>) {
           affine.for %i = 0 to 16384 {
             %x = affine.load %a[%i] : memref<16384xf32>
             affine.store %x, %b[%i] : memref<16384xf32>
           }
           return
         }",
    );
    // 64 KiB each: 1024 lines. The first cache keeps 512 lines, half of them written.
    assert_eq!(level(&found, 0), [1024, 1024, 1024 - 256]);
    assert_eq!(level(&found, 2), [1024, 1024, 0]);
    assert_eq!(found.levels[0].bytes, 64 * (2048 + 768));
    assert_eq!(found.footprint_bytes, Some(128 << 10));
    assert_eq!(found.method, Method::Exact);
    assert!(found.levels[0].streamed_share.unwrap() > 0.99);
    let cycles = found.cycles.unwrap();
    // 64 bytes stored a cycle; loads are faster.
    assert_eq!(cycles.ports, 1024.0);
    assert_eq!(cycles.transfers[0], found.levels[0].bytes as f64 / 48.0);
    assert_eq!(cycles.memory, cycles.ports + cycles.transfers.iter().sum::<f64>());
}

#[test]
fn what_an_innermost_loop_does_not_move_is_in_a_register() {
    let sum = |at: &str| {
        format!(
            "func.func @f(%a: memref<64x64xf32>, %b: memref<64xf32>) {{
               affine.for %i = 0 to 64 {{
                 affine.for %j = 0 to 64 {{
                   %x = affine.load %a[%i, %j] : memref<64x64xf32>
                   %y = affine.load %b[{at}] : memref<64xf32>
                   %s = arith.addf %x, %y : f32
                   affine.store %s, %b[{at}] : memref<64xf32>
                 }}
               }}
               return
             }}"
        )
    };
    let executions = |text: &str| -> Vec<u64> { traffic(text).accesses.iter().map(|a| a.executions).collect() };
    assert_eq!(executions(&sum("%i")), [4096, 64, 64]);
    assert_eq!(executions(&sum("%j")), [4096, 4096, 4096]);
    // A moving store to the same memory may alias.
    let alias = "func.func @f(%b: memref<65xf32>) {
      affine.for %j = 0 to 64 {
        %y = affine.load %b[0] : memref<65xf32>
        affine.store %y, %b[%j + 1] : memref<65xf32>
      }
      return
    }";
    assert_eq!(executions(alias), [64, 64]);
}

#[test]
fn columns_of_a_power_of_two_thrash() {
    let column = |width: u64| {
        format!(
            "func.func @f(%a: memref<64x{width}xf32>, %b: memref<64x{width}xf32>) {{
               affine.for %j = 0 to 16 {{
                 affine.for %i = 0 to 64 {{
                   %x = affine.load %a[%i, %j] : memref<64x{width}xf32>
                   affine.store %x, %b[%i, %j] : memref<64x{width}xf32>
                 }}
               }}
               return
             }}"
        )
    };
    // Rows 4 KiB apart share one set of 8 lines; rows of 4160 bytes use all sets.
    assert_eq!(level(&traffic(&column(1024)), 0)[0], 1024);
    assert_eq!(level(&traffic(&column(1040)), 0)[0], 64);
}

#[test]
fn structured_operations_are_their_loops() {
    let named = "func.func @f(%a: memref<48x40xf32>, %b: memref<40x56xf32>, %c: memref<48x56xf32>) {
      linalg.matmul ins(%a, %b : memref<48x40xf32>, memref<40x56xf32>) outs(%c : memref<48x56xf32>)
      return
    }";
    let loops = "func.func @f(%a: memref<48x40xf32>, %b: memref<40x56xf32>, %c: memref<48x56xf32>) {
      affine.for %i = 0 to 48 { affine.for %j = 0 to 56 { affine.for %k = 0 to 40 {
        %x = affine.load %a[%i, %k] : memref<48x40xf32>
        %y = affine.load %b[%k, %j] : memref<40x56xf32>
        %z = affine.load %c[%i, %j] : memref<48x56xf32>
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        affine.store %s, %c[%i, %j] : memref<48x56xf32>
      } } }
      return
    }";
    let (named, loops) = (traffic(named), traffic(loops));
    assert_eq!(named.levels, loops.levels);
    assert_eq!(named.cycles, loops.cycles);
}

#[test]
fn vectors_views_branches_and_calls_are_followed() {
    let vectors = "func.func @f(%a: memref<64x64xf32>) {
      %p = arith.constant 0.0 : f32
      affine.for %i = 0 to 64 step 4 { affine.for %j = 0 to 64 step 16 {
        %x = vector.transfer_read %a[%i, %j], %p {in_bounds = [true, true]} : memref<64x64xf32>, vector<4x16xf32>
        vector.transfer_write %x, %a[%i, %j] {in_bounds = [true, true]} : vector<4x16xf32>, memref<64x64xf32>
      } }
      return
    }";
    let found = traffic(vectors);
    assert_eq!((level(&found, 0), found.accesses[0].bytes), ([256, 0, 0], 256));
    // Only lanes inside the memory are accessed: 6 lines of 96 elements.
    let clamped = "func.func @f(%a: memref<90xf32>) {
      %p = arith.constant 0.0 : f32
      affine.for %j = 0 to 90 step 16 {
        %x = vector.transfer_read %a[%j], %p : memref<90xf32>, vector<16xf32>
      }
      return
    }";
    assert_eq!(level(&traffic(clamped), 0), [6, 0, 0]);
    let view = "func.func @f(%a: memref<64x64xf32>) {
      %v = memref.subview %a[8, 16] [4, 16] [2, 1] : memref<64x64xf32> to memref<4x16xf32, strided<[128, 1], offset: 528>>
      call @g(%v) : (memref<4x16xf32, strided<[128, 1], offset: 528>>) -> ()
      return
    }
    func.func private @g(%v: memref<4x16xf32, strided<[128, 1], offset: 528>>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c4 = arith.constant 4 : index
      %c16 = arith.constant 16 : index
      scf.for %i = %c0 to %c4 step %c1 { scf.for %j = %c0 to %c16 step %c1 {
        %low = arith.cmpi slt, %i, %c2 : index
        scf.if %low {
          %x = memref.load %v[%i, %j] : memref<4x16xf32, strided<[128, 1], offset: 528>>
        }
      } }
      return
    }";
    assert_eq!(level(&traffic(view), 0), [2, 0, 0]);
    let copy = "func.func @f(%a: memref<32x32xf32>, %b: memref<32x32xf32>) {
      memref.copy %a, %b : memref<32x32xf32> to memref<32x32xf32>
      return
    }";
    assert_eq!(level(&traffic(copy), 0), [64, 64, 0]);
}

#[test]
fn what_is_not_known_has_a_reason() {
    let body = |lines: &str| {
        format!(
            "func.func @f(%a: memref<64xf32>, %k: memref<64xindex>, %n: index) {{
               %c0 = arith.constant 0 : index
               %c1 = arith.constant 1 : index
               {lines}
               return
             }}"
        )
    };
    let gather = "%i = memref.load %k[%c0] : memref<64xindex>
                  %x = memref.load %a[%i] : memref<64xf32>";
    assert_eq!(reason(&body(gather)), Reason::DataSubscript);
    assert_eq!(reason(&body("%x = memref.load %a[%n] : memref<64xf32>")), Reason::RunTimeSubscript);
    let open = "scf.for %i = %c0 to %n step %c1 { %x = memref.load %a[%i] : memref<64xf32> }";
    assert_eq!(reason(&body(open)), Reason::Count(ir::analysis::Reason::Bounds));
    let stated = assuming(&body(open), &["trip=%n:64"], Limits::default()).unwrap();
    assert_eq!(level(&stated, 0), [4, 0, 0]);
    let outside = "%c64 = arith.constant 64 : index
                   %x = memref.load %a[%c64] : memref<64xf32>";
    assert_eq!(reason(&body(outside)), Reason::Outside);
    assert_eq!(reason(&body("\"x.y\"(%a) : (memref<64xf32>) -> ()")), Reason::Operation);
    let branch = "%x = memref.load %a[%c0] : memref<64xf32>
                  %t = arith.cmpf olt, %x, %x : f32
                  scf.if %t { memref.store %x, %a[%c1] : memref<64xf32> }";
    assert_eq!(reason(&body(branch)), Reason::Count(ir::analysis::Reason::Branch));
    let dynamic = "func.func @f(%a: memref<?xf32>) { return }";
    assert_eq!(reason(dynamic), Reason::Count(ir::analysis::Reason::Shape));
    assert!(assuming(dynamic, &["shape=?:8"], Limits::default()).is_ok());
    let huge = "func.func @f(%a: memref<4611686018427387904x4xf32>) { return }";
    assert_eq!(reason(huge), Reason::Size);
    let tensor = "func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
      %s = arith.addf %a, %a : tensor<4xf32>
      return %s : tensor<4xf32>
    }";
    assert_eq!(reason(tensor), Reason::Tensor);
    let layout = "func.func @f(%a: memref<4xf32, strided<[?], offset: ?>>) { return }";
    assert_eq!(reason(layout), Reason::Layout);
    let triangle = "affine.for %i = 0 to 9000000000000000000 { affine.for %j = 0 to affine_map<(d0) -> (d0)>(%i) {
      %x = affine.load %a[%j mod 64] : memref<64xf32> } }";
    let few = Limits { exact: 1000, sets: 1000, window: 1000 };
    assert_eq!(assuming(&body(triangle), &[], few).unwrap_err().reason, Reason::Touches);
    // The same accesses in every iteration: the first ones tell of all.
    let constant = "affine.for %i = 0 to 9000000000000000000 { affine.for %j = 0 to 64 {
      %x = affine.load %a[%j] : memref<64xf32> } }";
    let found = assuming(&body(constant), &[], few).unwrap();
    assert_eq!((found.method, level(&found, 0)), (Method::Window, [4, 0, 0]));
}

#[test]
fn shortcuts_agree_with_the_exact_walk() {
    let columns = "func.func @f(%a: memref<700x900xf32>, %v: memref<900xf32>) {
      affine.for %j = 0 to 900 { affine.for %i = 0 to 700 {
        %x = affine.load %a[%i, %j] : memref<700x900xf32>
        %y = affine.load %v[%j] : memref<900xf32>
        %s = arith.addf %x, %y : f32
        affine.store %s, %v[%j] : memref<900xf32>
      } }
      return
    }";
    let long = "func.func @f(%a: memref<3000000xf32>, %b: memref<3000000xf32>) {
      affine.for %i = 0 to 187500 { affine.for %j = 0 to 16 {
        %x = affine.load %a[%i * 16 + %j] : memref<3000000xf32>
        affine.store %x, %b[%i * 16 + %j] : memref<3000000xf32>
      } }
      return
    }";
    let few = |exact, sets, window| Limits { exact, sets, window };
    let sets = assuming(columns, &[], few(1000, 1_000_000, 0)).unwrap();
    // A window needs full caches: the third level has 630,784 lines, the function 375,000, so that nothing is written back from it.
    let window = assuming(long, &[], few(1000, 1000, 200_000)).map(|t| t.method);
    assert_eq!(sets.method, Method::Sets);
    let exact = traffic(columns);
    for (near, exact) in sets.levels.iter().zip(&exact.levels) {
        let (near, exact) = (near.load_misses as f64, exact.load_misses as f64);
        assert!((near / exact - 1.0).abs() < 0.05, "{near} {exact}");
    }
    assert_eq!(window, Ok(Method::Window));
    let near = assuming(long, &[], few(1000, 1000, 200_000)).unwrap();
    let exact = traffic(long);
    for (near, exact) in near.levels.iter().zip(&exact.levels) {
        for (near, exact) in [(near.load_misses, exact.load_misses), (near.write_backs, exact.write_backs)] {
            assert!((near as f64 - exact as f64).abs() <= 0.05 * exact as f64, "{near} {exact}");
        }
    }
}
