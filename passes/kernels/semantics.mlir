// Small kernels whose candidates are all run against the original: `make test-passes`. What matters about each one is said
// above it. Sizes are small and do not divide evenly, unless vectors are to be possible.

// A dependence of distance (1, -1): tiling and unroll-and-jam change the result, and upstream does both.
func.func @skew(%a: memref<13x17xf32>) {
  %c = arith.constant 5.000000e-01 : f32
  affine.for %i = 1 to 13 {
    affine.for %j = 0 to 16 {
      %0 = affine.load %a[%i - 1, %j + 1] : memref<13x17xf32>
      %1 = arith.mulf %0, %c : f32
      %2 = affine.load %a[%i, %j] : memref<13x17xf32>
      %3 = arith.addf %1, %2 : f32
      affine.store %3, %a[%i, %j] : memref<13x17xf32>
    }
  }
  return
}

// A dependence of distance (2, -3): factors of 2 are legal for unroll-and-jam, 4 is not.
func.func @skew_far(%a: memref<20x24xf32>) {
  %c = arith.constant 2.500000e-01 : f32
  affine.for %i = 2 to 20 {
    affine.for %j = 0 to 21 {
      %0 = affine.load %a[%i - 2, %j + 3] : memref<20x24xf32>
      %1 = arith.mulf %0, %c : f32
      affine.store %1, %a[%i, %j] : memref<20x24xf32>
    }
  }
  return
}

// Gauss-Seidel in two dimensions: distances (0, 1), (1, 0), (1, -1).
func.func @seidel(%a: memref<14x15xf64>) {
  %c = arith.constant 2.500000e-01 : f64
  affine.for %i = 1 to 13 {
    affine.for %j = 1 to 14 {
      %0 = affine.load %a[%i - 1, %j] : memref<14x15xf64>
      %1 = affine.load %a[%i, %j - 1] : memref<14x15xf64>
      %2 = affine.load %a[%i - 1, %j + 1] : memref<14x15xf64>
      %3 = affine.load %a[%i, %j + 1] : memref<14x15xf64>
      %4 = arith.addf %0, %1 : f64
      %5 = arith.addf %2, %3 : f64
      %6 = arith.addf %4, %5 : f64
      %7 = arith.mulf %6, %c : f64
      affine.store %7, %a[%i, %j] : memref<14x15xf64>
    }
  }
  return
}

// Time steps over one buffer: permutable in space, not in time.
func.func @time_steps(%a: memref<19xf32>, %b: memref<19xf32>) {
  %c = arith.constant 3.300000e-01 : f32
  affine.for %t = 0 to 5 {
    affine.for %i = 1 to 18 {
      %0 = affine.load %a[%i - 1] : memref<19xf32>
      %1 = affine.load %a[%i] : memref<19xf32>
      %2 = affine.load %a[%i + 1] : memref<19xf32>
      %3 = arith.addf %0, %1 : f32
      %4 = arith.addf %3, %2 : f32
      %5 = arith.mulf %4, %c : f32
      affine.store %5, %b[%i] : memref<19xf32>
    }
    affine.for %i = 1 to 18 {
      %0 = affine.load %b[%i] : memref<19xf32>
      affine.store %0, %a[%i] : memref<19xf32>
    }
  }
  return
}

// A triangle: bounds of the inner loop depend on the outer one.
func.func @triangle(%l: memref<17x17xf32>, %x: memref<17xf32>, %y: memref<17xf32>) {
  affine.for %i = 0 to 17 {
    affine.for %j = 0 to affine_map<(d0) -> (d0 + 1)>(%i) {
      %0 = affine.load %l[%i, %j] : memref<17x17xf32>
      %1 = affine.load %x[%j] : memref<17xf32>
      %2 = affine.load %y[%i] : memref<17xf32>
      %3 = arith.mulf %0, %1 : f32
      %4 = arith.addf %2, %3 : f32
      affine.store %4, %y[%i] : memref<17xf32>
    }
  }
  return
}

// A triangular solve: each row needs those before it.
func.func @solve(%l: memref<12x12xf64>, %b: memref<12xf64>, %x: memref<12xf64>) {
  affine.for %i = 0 to 12 {
    %0 = affine.load %b[%i] : memref<12xf64>
    affine.store %0, %x[%i] : memref<12xf64>
    affine.for %j = 0 to affine_map<(d0) -> (d0)>(%i) {
      %1 = affine.load %l[%i, %j] : memref<12x12xf64>
      %2 = affine.load %x[%j] : memref<12xf64>
      %3 = affine.load %x[%i] : memref<12xf64>
      %4 = arith.mulf %1, %2 : f64
      %5 = arith.subf %3, %4 : f64
      affine.store %5, %x[%i] : memref<12xf64>
    }
    %6 = affine.load %l[%i, %i] : memref<12x12xf64>
    %7 = affine.load %x[%i] : memref<12xf64>
    %8 = arith.addf %6, %7 : f64
    affine.store %8, %x[%i] : memref<12xf64>
  }
  return
}

// A bound that is the minimum of two.
func.func @minimum(%a: memref<21x21xf32>, %b: memref<21x21xf32>) {
  affine.for %i = 0 to 21 {
    affine.for %j = max affine_map<(d0) -> (d0 - 3, 0)>(%i) to min affine_map<(d0) -> (d0 + 4, 21)>(%i) {
      %0 = affine.load %a[%i, %j] : memref<21x21xf32>
      %1 = arith.addf %0, %0 : f32
      affine.store %1, %b[%i, %j] : memref<21x21xf32>
    }
  }
  return
}

// Backwards: the subscript falls as the loop runs, and the recurrence with it.
func.func @backwards(%a: memref<32xf32>, %b: memref<32xf32>) {
  affine.for %i = 0 to 31 {
    %0 = affine.load %a[-%i + 31] : memref<32xf32>
    %1 = affine.load %b[-%i + 30] : memref<32xf32>
    %2 = arith.addf %0, %1 : f32
    affine.store %2, %a[-%i + 30] : memref<32xf32>
  }
  return
}

// Backwards without a recurrence: not contiguous in the direction of the loop.
func.func @reverse(%a: memref<32xf32>, %b: memref<32xf32>) {
  affine.for %i = 0 to 32 {
    %0 = affine.load %a[-%i + 31] : memref<32xf32>
    affine.store %0, %b[%i] : memref<32xf32>
  }
  return
}

// In place and backwards over two loops: distances change their sign in the middle.
func.func @mirror(%a: memref<16x16xi32>) {
  affine.for %i = 0 to 16 {
    affine.for %j = 0 to 16 {
      %0 = affine.load %a[-%i + 15, %j] : memref<16x16xi32>
      %1 = affine.load %a[%i, %j] : memref<16x16xi32>
      %2 = arith.addi %0, %1 : i32
      affine.store %2, %a[%i, %j] : memref<16x16xi32>
    }
  }
  return
}

// A step that is not 1, and a bound that it does not divide.
func.func @stride(%a: memref<40xf32>, %b: memref<40xf32>) {
  affine.for %i = 1 to 39 step 3 {
    %0 = affine.load %a[%i] : memref<40xf32>
    %1 = affine.load %a[%i + 1] : memref<40xf32>
    %2 = arith.mulf %0, %1 : f32
    affine.store %2, %b[%i] : memref<40xf32>
  }
  return
}

// Every second element: upstream's vectors would read neighbours.
func.func @every_second(%a: memref<64xf32>, %b: memref<32xf32>) {
  affine.for %i = 0 to 32 {
    %0 = affine.load %a[%i * 2] : memref<64xf32>
    affine.store %0, %b[%i] : memref<32xf32>
  }
  return
}

// The loop ends inside the buffer: a vector over its end would write more.
func.func @inside(%a: memref<64xf32>, %b: memref<64xf32>) {
  affine.for %i = 3 to 21 {
    %0 = affine.load %a[%i] : memref<64xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %b[%i] : memref<64xf32>
  }
  return
}

// Contiguous and independent: all widths are legal.
func.func @vectors(%s: f32, %a: memref<64xf32>, %b: memref<64xf32>) {
  affine.for %i = 0 to 48 {
    %0 = affine.load %a[%i + 5] : memref<64xf32>
    %1 = affine.load %b[%i] : memref<64xf32>
    %2 = arith.mulf %0, %s : f32
    %3 = arith.addf %1, %2 : f32
    affine.store %3, %b[%i] : memref<64xf32>
  }
  return
}

// A distance of 4 along the loop: not independent.
func.func @distance(%a: memref<64xf32>) {
  affine.for %i = 0 to 48 {
    %0 = affine.load %a[%i] : memref<64xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %a[%i + 4] : memref<64xf32>
  }
  return
}

// The loop's variable is a value.
func.func @counter(%a: memref<32xi64>) {
  affine.for %i = 0 to 32 {
    %0 = arith.index_cast %i : index to i64
    %1 = affine.load %a[%i] : memref<32xi64>
    %2 = arith.addi %0, %1 : i64
    affine.store %2, %a[%i] : memref<32xi64>
  }
  return
}

// Reductions as values: an integer one may be reordered, a float one may not.
func.func @sum_integer(%a: memref<64xi32>) -> i32 {
  %z = arith.constant 0 : i32
  %s = affine.for %i = 0 to 64 iter_args(%t = %z) -> (i32) {
    %0 = affine.load %a[%i] : memref<64xi32>
    %1 = arith.addi %t, %0 : i32
    affine.yield %1 : i32
  }
  return %s : i32
}

func.func @sum_float(%a: memref<64xf32>) -> f32 {
  %z = arith.constant 0.000000e+00 : f32
  %s = affine.for %i = 0 to 64 iter_args(%t = %z) -> (f32) {
    %0 = affine.load %a[%i] : memref<64xf32>
    %1 = arith.addf %t, %0 : f32
    affine.yield %1 : f32
  }
  return %s : f32
}

// A recurrence that is no reduction.
func.func @horner(%a: memref<32xf32>, %x: f32) -> f32 {
  %z = arith.constant 1.000000e+00 : f32
  %s = affine.for %i = 0 to 32 iter_args(%t = %z) -> (f32) {
    %0 = affine.load %a[%i] : memref<32xf32>
    %1 = arith.mulf %t, %x : f32
    %2 = arith.addf %1, %0 : f32
    affine.yield %2 : f32
  }
  return %s : f32
}

// Three permutable loops.
func.func @matmul(%a: memref<9x10xf32>, %b: memref<10x8xf32>, %c: memref<9x8xf32>) {
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 8 {
      affine.for %k = 0 to 10 {
        %0 = affine.load %a[%i, %k] : memref<9x10xf32>
        %1 = affine.load %b[%k, %j] : memref<10x8xf32>
        %2 = affine.load %c[%i, %j] : memref<9x8xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %c[%i, %j] : memref<9x8xf32>
      }
    }
  }
  return
}

// The same with the sum as a value: a row, an inner loop that carries it, a store.
func.func @matmul_values(%a: memref<9x10xf32>, %b: memref<10x8xf32>, %c: memref<9x8xf32>) {
  %z = arith.constant 0.000000e+00 : f32
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 8 {
      %s = affine.for %k = 0 to 10 iter_args(%t = %z) -> (f32) {
        %0 = affine.load %a[%i, %k] : memref<9x10xf32>
        %1 = affine.load %b[%k, %j] : memref<10x8xf32>
        %2 = arith.mulf %0, %1 : f32
        %3 = arith.addf %t, %2 : f32
        affine.yield %3 : f32
      }
      affine.store %s, %c[%i, %j] : memref<9x8xf32>
    }
  }
  return
}

// Two sums that start alike. Ten iterations by four leave a remainder.
func.func @two_sums(%a: memref<10xf32>, %b: memref<10xf32>, %r: memref<3x2xf32>) {
  %z = arith.constant 0.000000e+00 : f32
  affine.for %p = 0 to 3 {
    %s:2 = affine.for %i = 0 to 10 iter_args(%t = %z, %u = %z) -> (f32, f32) {
      %0 = affine.load %a[%i] : memref<10xf32>
      %1 = affine.load %b[%i] : memref<10xf32>
      %2 = arith.addf %t, %0 : f32
      %3 = arith.addf %u, %1 : f32
      affine.yield %2, %3 : f32, f32
    }
    affine.store %s#0, %r[%p, 0] : memref<3x2xf32>
    affine.store %s#1, %r[%p, 1] : memref<3x2xf32>
  }
  return
}

// A later part of the body feeds an earlier part of the next iteration.
func.func @parts(%a: memref<12x11xf32>, %r: memref<13xf32>) {
  affine.for %i = 0 to 12 {
    %0 = affine.load %r[%i] : memref<13xf32>
    affine.for %j = 0 to 11 {
      %1 = affine.load %a[%i, %j] : memref<12x11xf32>
      %2 = arith.addf %1, %0 : f32
      affine.store %2, %a[%i, %j] : memref<12x11xf32>
    }
    %3 = affine.load %a[%i, 10] : memref<12x11xf32>
    affine.store %3, %r[%i + 1] : memref<13xf32>
  }
  return
}

// Two inner loops, the second needs the first.
func.func @two_loops(%a: memref<10x12xf32>, %s: memref<10xf32>) {
  affine.for %i = 0 to 10 {
    affine.for %j = 0 to 12 {
      %0 = affine.load %a[%i, %j] : memref<10x12xf32>
      %1 = affine.load %s[%i] : memref<10xf32>
      %2 = arith.addf %0, %1 : f32
      affine.store %2, %s[%i] : memref<10xf32>
    }
    affine.for %j = 0 to 12 {
      %0 = affine.load %a[%i, %j] : memref<10x12xf32>
      %1 = affine.load %s[%i] : memref<10xf32>
      %2 = arith.mulf %0, %1 : f32
      affine.store %2, %a[%i, %j] : memref<10x12xf32>
    }
  }
  return
}

// A transposition in place: distances of both signs.
func.func @transpose_in_place(%a: memref<12x12xf32>) {
  affine.for %i = 0 to 12 {
    affine.for %j = 0 to 12 {
      %0 = affine.load %a[%j, %i] : memref<12x12xf32>
      %1 = arith.addf %0, %0 : f32
      affine.store %1, %a[%i, %j] : memref<12x12xf32>
    }
  }
  return
}

// A subscript with a division.
func.func @folded(%a: memref<32xf32>, %b: memref<8xf32>) {
  affine.for %i = 0 to 32 {
    %0 = affine.load %a[%i] : memref<32xf32>
    %1 = affine.load %b[%i floordiv 4] : memref<8xf32>
    %2 = arith.addf %0, %1 : f32
    affine.store %2, %b[%i mod 8] : memref<8xf32>
  }
  return
}

// Accesses under a condition.
func.func @guarded(%a: memref<16x16xf32>, %b: memref<16x16xf32>) {
  affine.for %i = 0 to 16 {
    affine.for %j = 0 to 16 {
      affine.if affine_set<(d0, d1) : (d0 - d1 >= 0)>(%i, %j) {
        %0 = affine.load %a[%i, %j] : memref<16x16xf32>
        affine.store %0, %b[%j, %i] : memref<16x16xf32>
      } else {
        %0 = affine.load %b[%i, %j] : memref<16x16xf32>
        affine.store %0, %a[%i, %j] : memref<16x16xf32>
      }
    }
  }
  return
}

// Two views of one buffer.
func.func @views(%a: memref<32xf32>) {
  %v = memref.reinterpret_cast %a to offset: [0], sizes: [32], strides: [1] : memref<32xf32> to memref<32xf32>
  affine.for %i = 0 to 16 {
    %0 = affine.load %a[%i] : memref<32xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %v[%i + 1] : memref<32xf32>
  }
  return
}

// A buffer of its own.
func.func @scratch(%a: memref<16x16xf32>, %b: memref<16x16xf32>) {
  %t = memref.alloc() : memref<16x16xf32>
  affine.for %i = 0 to 16 {
    affine.for %j = 0 to 16 {
      %0 = affine.load %a[%j, %i] : memref<16x16xf32>
      affine.store %0, %t[%i, %j] : memref<16x16xf32>
    }
  }
  affine.for %i = 0 to 16 {
    affine.for %j = 0 to 16 {
      %0 = affine.load %t[%i, %j] : memref<16x16xf32>
      affine.store %0, %b[%i, %j] : memref<16x16xf32>
    }
  }
  memref.dealloc %t : memref<16x16xf32>
  return
}

// Bounds that are known only at run time.
func.func @dynamic(%n: index, %a: memref<?x?xf32>, %b: memref<?x?xf32>) {
  affine.for %i = 0 to %n {
    affine.for %j = 0 to %n {
      %0 = affine.load %a[%i, %j] : memref<?x?xf32>
      affine.store %0, %b[%j, %i] : memref<?x?xf32>
    }
  }
  return
}

// A wavefront with distances (1, 0) and (0, 1): permutable, but not parallel.
func.func @wavefront(%a: memref<16x16xi32>) {
  affine.for %i = 1 to 16 {
    affine.for %j = 1 to 16 {
      %0 = affine.load %a[%i - 1, %j] : memref<16x16xi32>
      %1 = affine.load %a[%i, %j - 1] : memref<16x16xi32>
      %2 = arith.addi %0, %1 : i32
      affine.store %2, %a[%i, %j] : memref<16x16xi32>
    }
  }
  return
}

// Shortest paths: one buffer, three loops, the outer one in order.
func.func @paths(%d: memref<10x10xi32>) {
  affine.for %k = 0 to 10 {
    affine.for %i = 0 to 10 {
      affine.for %j = 0 to 10 {
        %0 = affine.load %d[%i, %k] : memref<10x10xi32>
        %1 = affine.load %d[%k, %j] : memref<10x10xi32>
        %2 = affine.load %d[%i, %j] : memref<10x10xi32>
        %3 = arith.addi %0, %1 : i32
        %4 = arith.minsi %2, %3 : i32
        affine.store %4, %d[%i, %j] : memref<10x10xi32>
      }
    }
  }
  return
}

// A store that no iteration but the last keeps.
func.func @last(%a: memref<16x8xf32>, %o: memref<8xf32>) {
  affine.for %i = 0 to 16 {
    affine.for %j = 0 to 8 {
      %0 = affine.load %a[%i, %j] : memref<16x8xf32>
      affine.store %0, %o[%j] : memref<8xf32>
    }
  }
  return
}

// Two nests over the same iterations: the second one needs what the first one has just made.
func.func @fuse_same(%a: memref<14x12xf32>, %t: memref<14x12xf32>, %c: memref<14x12xf32>) {
  affine.for %i = 0 to 14 {
    affine.for %j = 0 to 12 {
      %0 = affine.load %a[%i, %j] : memref<14x12xf32>
      %1 = arith.addf %0, %0 : f32
      affine.store %1, %t[%i, %j] : memref<14x12xf32>
    }
  }
  affine.for %i = 0 to 14 {
    affine.for %j = 0 to 12 {
      %0 = affine.load %t[%i, %j] : memref<14x12xf32>
      %1 = affine.load %c[%i, %j] : memref<14x12xf32>
      %2 = arith.mulf %0, %1 : f32
      affine.store %2, %c[%i, %j] : memref<14x12xf32>
    }
  }
  return
}

// The second nest reads one element back: legal. The third one reads one ahead: refused.
func.func @fuse_shifts(%a: memref<34xf32>, %t: memref<34xf32>, %u: memref<34xf32>, %c: memref<34xf32>) {
  affine.for %i = 1 to 33 {
    %0 = affine.load %a[%i] : memref<34xf32>
    %1 = arith.mulf %0, %0 : f32
    affine.store %1, %t[%i] : memref<34xf32>
  }
  affine.for %i = 1 to 33 {
    %0 = affine.load %t[%i - 1] : memref<34xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %u[%i] : memref<34xf32>
  }
  affine.for %i = 1 to 33 {
    %0 = affine.load %u[%i + 1] : memref<34xf32>
    %1 = arith.addf %0, %0 : f32
    affine.store %1, %c[%i] : memref<34xf32>
  }
  return
}

// Rows in order, elements of a row in the other order: one loop may be shared, not two.
func.func @fuse_rows(%a: memref<12x16xi32>, %t: memref<12x16xi32>, %c: memref<12x16xi32>) {
  affine.for %i = 0 to 12 {
    affine.for %j = 0 to 16 {
      %0 = affine.load %a[%i, %j] : memref<12x16xi32>
      affine.store %0, %t[%i, %j] : memref<12x16xi32>
    }
  }
  affine.for %i = 0 to 12 {
    affine.for %j = 0 to 16 {
      %0 = affine.load %t[%i, -%j + 15] : memref<12x16xi32>
      %1 = arith.addi %0, %0 : i32
      affine.store %1, %c[%i, %j] : memref<12x16xi32>
    }
  }
  return
}

// The second nest overwrites what later iterations of the first one read: refused.
func.func @fuse_overwrite(%x: memref<34xf32>, %y: memref<34xf32>) {
  affine.for %i = 1 to 33 {
    %0 = affine.load %x[%i - 1] : memref<34xf32>
    affine.store %0, %y[%i] : memref<34xf32>
  }
  affine.for %i = 1 to 33 {
    %0 = affine.load %y[%i] : memref<34xf32>
    %1 = arith.mulf %0, %0 : f32
    affine.store %1, %x[%i] : memref<34xf32>
  }
  return
}

// The same, but what is overwritten has been read.
func.func @fuse_reuse(%x: memref<34xf32>, %y: memref<34xf32>) {
  affine.for %i = 1 to 33 {
    %0 = affine.load %x[%i + 1] : memref<34xf32>
    affine.store %0, %y[%i] : memref<34xf32>
  }
  affine.for %i = 1 to 33 {
    %0 = affine.load %y[%i] : memref<34xf32>
    %1 = arith.mulf %0, %0 : f32
    affine.store %1, %x[%i] : memref<34xf32>
  }
  return
}

// Triangles, with a buffer that is made between them.
func.func @fuse_triangles(%a: memref<15x15xf32>, %c: memref<15x15xf32>) {
  affine.for %i = 0 to 15 {
    affine.for %j = 0 to affine_map<(d0) -> (d0 + 1)>(%i) {
      %0 = affine.load %a[%i, %j] : memref<15x15xf32>
      %1 = arith.addf %0, %0 : f32
      affine.store %1, %a[%i, %j] : memref<15x15xf32>
    }
  }
  %t = memref.alloc() : memref<15x15xf32>
  affine.for %i = 0 to 15 {
    affine.for %j = 0 to affine_map<(d0) -> (d0 + 1)>(%i) {
      %0 = affine.load %a[%i, %j] : memref<15x15xf32>
      affine.store %0, %t[%i, %j] : memref<15x15xf32>
      %1 = affine.load %t[%i, %j] : memref<15x15xf32>
      affine.store %1, %c[%j, %i] : memref<15x15xf32>
    }
  }
  memref.dealloc %t : memref<15x15xf32>
  return
}

// A reduction between them: the second nest needs the whole row, so only rows may be shared.
func.func @fuse_reduction(%a: memref<10x12xi32>, %s: memref<10xi32>) {
  affine.for %i = 0 to 10 {
    affine.for %j = 0 to 12 {
      %0 = affine.load %a[%i, %j] : memref<10x12xi32>
      %1 = affine.load %s[%i] : memref<10xi32>
      %2 = arith.addi %0, %1 : i32
      affine.store %2, %s[%i] : memref<10xi32>
    }
  }
  affine.for %i = 0 to 10 {
    affine.for %j = 0 to 12 {
      %0 = affine.load %a[%i, %j] : memref<10x12xi32>
      %1 = affine.load %s[%i] : memref<10xi32>
      %2 = arith.muli %0, %1 : i32
      affine.store %2, %a[%i, %j] : memref<10x12xi32>
    }
  }
  return
}
