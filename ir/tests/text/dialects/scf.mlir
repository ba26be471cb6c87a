func.func @control(%lb: index, %ub: index, %st: index, %f: f32, %c: i1, %m: memref<?xf32>, %t: tensor<64xf32>, %i32: i32) -> f32 {
  scf.for %i = %lb to %ub step %st {
    memref.store %f, %m[%i] : memref<?xf32>
  }
  scf.for %i = %i32 to %i32 step %i32 : i32 {
  } {tag}
  %0:2 = scf.for %i = %lb to %ub step %st iter_args(%x = %f, %k = %lb) -> (f32, index) {
    %y = arith.addf %x, %x : f32
    scf.yield %y, %i : f32, index
  }
  scf.if %c {
    memref.store %f, %m[%lb] : memref<?xf32>
  }
  %1 = scf.if %c -> (f32) {
    scf.yield %f : f32
  } else {
    scf.yield %0#0 : f32
  }
  scf.if %c {
  } else {
    memref.store %f, %m[%ub] : memref<?xf32>
  }
  %2 = scf.while (%x = %f) : (f32) -> f32 {
    %go = arith.cmpf olt, %x, %f : f32
    scf.condition(%go) %x : f32
  } do {
  ^bb0(%y: f32):
    scf.yield %y : f32
  }
  scf.while : () -> () {
    scf.condition(%c)
  } do {
    scf.yield
  } attributes {tag = 1 : i32}
  scf.parallel (%i, %j) = (%lb, %lb) to (%ub, %ub) step (%st, %st) {
    memref.store %f, %m[%i] : memref<?xf32>
    scf.reduce
  }
  scf.parallel (%i) = (%lb) to (%ub) step (%st) {
    memref.store %f, %m[%i] : memref<?xf32>
  }
  %3 = scf.parallel (%i) = (%lb) to (%ub) step (%st) init (%f) -> f32 {
    scf.reduce(%f : f32) {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      scf.reduce.return %s : f32
    }
  }
  %4 = scf.forall (%i) in (8) shared_outs(%o = %t) -> (tensor<64xf32>) {
    %off = arith.muli %i, %st : index
    %e = tensor.extract_slice %o[%off] [8] [1] : tensor<64xf32> to tensor<8xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %e into %o[%off] [8] [1] : tensor<8xf32> into tensor<64xf32>
    }
  } {mapping = [#gpu.block<x>]}
  scf.forall (%i, %j) = (0, %lb) to (%ub, 16) step (1, %st) {
    memref.store %f, %m[%i] : memref<?xf32>
  }
  %5 = scf.execute_region -> f32 {
    cf.cond_br %c, ^bb1, ^bb2
  ^bb1:
    scf.yield %f : f32
  ^bb2:
    scf.yield %1 : f32
  }
  %6 = scf.index_switch %lb -> f32
  case 2 {
    scf.yield %f : f32
  }
  case 5 {
    scf.yield %1 : f32
  }
  default {
    scf.yield %2 : f32
  }
  scf.index_switch %lb
  case 1 {
    scf.yield
  }
  default {
    scf.yield
  }
  return %6 : f32
}
