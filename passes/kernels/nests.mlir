// Loop nests that `make measure-passes` decides about. Written for it: they are not in the corpus that the model is trained on.

// C += A B, dot-product order.
func.func @gemm_ijk(%a: memref<72x64xf32>, %b: memref<64x80xf32>, %c: memref<72x80xf32>) {
  affine.for %i = 0 to 72 {
    affine.for %j = 0 to 80 {
      affine.for %k = 0 to 64 {
        %0 = affine.load %a[%i, %k] : memref<72x64xf32>
        %1 = affine.load %b[%k, %j] : memref<64x80xf32>
        %2 = affine.load %c[%i, %j] : memref<72x80xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %c[%i, %j] : memref<72x80xf32>
      }
    }
  }
  return
}

// C += A B, outer-product order.
func.func @gemm_kij(%a: memref<64x64xf32>, %b: memref<64x64xf32>, %c: memref<64x64xf32>) {
  affine.for %k = 0 to 64 {
    affine.for %i = 0 to 64 {
      affine.for %j = 0 to 64 {
        %0 = affine.load %a[%i, %k] : memref<64x64xf32>
        %1 = affine.load %b[%k, %j] : memref<64x64xf32>
        %2 = affine.load %c[%i, %j] : memref<64x64xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %c[%i, %j] : memref<64x64xf32>
      }
    }
  }
  return
}

// C += A B by columns, double precision.
func.func @gemm_jki(%a: memref<64x48xf64>, %b: memref<48x56xf64>, %c: memref<64x56xf64>) {
  affine.for %j = 0 to 56 {
    affine.for %k = 0 to 48 {
      affine.for %i = 0 to 64 {
        %0 = affine.load %a[%i, %k] : memref<64x48xf64>
        %1 = affine.load %b[%k, %j] : memref<48x56xf64>
        %2 = affine.load %c[%i, %j] : memref<64x56xf64>
        %3 = arith.mulf %0, %1 : f64
        %4 = arith.addf %2, %3 : f64
        affine.store %4, %c[%i, %j] : memref<64x56xf64>
      }
    }
  }
  return
}

// C += A' B.
func.func @gemm_tn(%a: memref<96x64xf32>, %b: memref<96x64xf32>, %c: memref<64x64xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 64 {
      affine.for %k = 0 to 96 {
        %0 = affine.load %a[%k, %i] : memref<96x64xf32>
        %1 = affine.load %b[%k, %j] : memref<96x64xf32>
        %2 = affine.load %c[%i, %j] : memref<64x64xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %c[%i, %j] : memref<64x64xf32>
      }
    }
  }
  return
}

// C += A B'.
func.func @gemm_nt(%a: memref<64x64xf32>, %b: memref<96x64xf32>, %c: memref<64x96xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 96 {
      affine.for %k = 0 to 64 {
        %0 = affine.load %a[%i, %k] : memref<64x64xf32>
        %1 = affine.load %b[%j, %k] : memref<96x64xf32>
        %2 = affine.load %c[%i, %j] : memref<64x96xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %c[%i, %j] : memref<64x96xf32>
      }
    }
  }
  return
}

// C += A B of integers.
func.func @gemm_i32(%a: memref<48x48xi32>, %b: memref<48x48xi32>, %c: memref<48x48xi32>) {
  affine.for %i = 0 to 48 {
    affine.for %j = 0 to 48 {
      affine.for %k = 0 to 48 {
        %0 = affine.load %a[%i, %k] : memref<48x48xi32>
        %1 = affine.load %b[%k, %j] : memref<48x48xi32>
        %2 = affine.load %c[%i, %j] : memref<48x48xi32>
        %3 = arith.muli %0, %1 : i32
        %4 = arith.addi %2, %3 : i32
        affine.store %4, %c[%i, %j] : memref<48x48xi32>
      }
    }
  }
  return
}

// C += A B with a thin B.
func.func @gemm_thin(%a: memref<128x64xf32>, %b: memref<64x8xf32>, %c: memref<128x8xf32>) {
  affine.for %i = 0 to 128 {
    affine.for %j = 0 to 8 {
      affine.for %k = 0 to 64 {
        %0 = affine.load %a[%i, %k] : memref<128x64xf32>
        %1 = affine.load %b[%k, %j] : memref<64x8xf32>
        %2 = affine.load %c[%i, %j] : memref<128x8xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %c[%i, %j] : memref<128x8xf32>
      }
    }
  }
  return
}

// C += A B, small.
func.func @gemm_small(%a: memref<12x12xf64>, %b: memref<12x12xf64>, %c: memref<12x12xf64>) {
  affine.for %i = 0 to 12 {
    affine.for %j = 0 to 12 {
      affine.for %k = 0 to 12 {
        %0 = affine.load %a[%i, %k] : memref<12x12xf64>
        %1 = affine.load %b[%k, %j] : memref<12x12xf64>
        %2 = affine.load %c[%i, %j] : memref<12x12xf64>
        %3 = arith.mulf %0, %1 : f64
        %4 = arith.addf %2, %3 : f64
        affine.store %4, %c[%i, %j] : memref<12x12xf64>
      }
    }
  }
  return
}

// y += A x along rows.
func.func @mv_rows(%a: memref<200x160xf32>, %x: memref<160xf32>, %y: memref<200xf32>) {
  affine.for %i = 0 to 200 {
    affine.for %j = 0 to 160 {
      %0 = affine.load %a[%i, %j] : memref<200x160xf32>
      %1 = affine.load %x[%j] : memref<160xf32>
      %2 = affine.load %y[%i] : memref<200xf32>
      %3 = arith.mulf %0, %1 : f32
      %4 = arith.addf %2, %3 : f32
      affine.store %4, %y[%i] : memref<200xf32>
    }
  }
  return
}

// y += A x down columns.
func.func @mv_columns(%a: memref<200x160xf32>, %x: memref<160xf32>, %y: memref<200xf32>) {
  affine.for %j = 0 to 160 {
    affine.for %i = 0 to 200 {
      %0 = affine.load %a[%i, %j] : memref<200x160xf32>
      %1 = affine.load %x[%j] : memref<160xf32>
      %2 = affine.load %y[%i] : memref<200xf32>
      %3 = arith.mulf %0, %1 : f32
      %4 = arith.addf %2, %3 : f32
      affine.store %4, %y[%i] : memref<200xf32>
    }
  }
  return
}

// y += A' x along rows.
func.func @mvt_rows(%a: memref<160x200xf64>, %x: memref<160xf64>, %y: memref<200xf64>) {
  affine.for %i = 0 to 160 {
    affine.for %j = 0 to 200 {
      %0 = affine.load %a[%i, %j] : memref<160x200xf64>
      %1 = affine.load %x[%i] : memref<160xf64>
      %2 = affine.load %y[%j] : memref<200xf64>
      %3 = arith.mulf %0, %1 : f64
      %4 = arith.addf %2, %3 : f64
      affine.store %4, %y[%j] : memref<200xf64>
    }
  }
  return
}

// y += A' x down columns.
func.func @mvt_columns(%a: memref<160x200xf64>, %x: memref<160xf64>, %y: memref<200xf64>) {
  affine.for %j = 0 to 200 {
    affine.for %i = 0 to 160 {
      %0 = affine.load %a[%i, %j] : memref<160x200xf64>
      %1 = affine.load %x[%i] : memref<160xf64>
      %2 = affine.load %y[%j] : memref<200xf64>
      %3 = arith.mulf %0, %1 : f64
      %4 = arith.addf %2, %3 : f64
      affine.store %4, %y[%j] : memref<200xf64>
    }
  }
  return
}

// Both products of a biconjugate gradient step in one pass.
func.func @bicg_step(%a: memref<120x128xf32>, %r: memref<120xf32>, %s: memref<128xf32>, %p: memref<128xf32>, %q: memref<120xf32>) {
  affine.for %i = 0 to 120 {
    affine.for %j = 0 to 128 {
      %0 = affine.load %a[%i, %j] : memref<120x128xf32>
      %1 = affine.load %r[%i] : memref<120xf32>
      %2 = affine.load %s[%j] : memref<128xf32>
      %3 = arith.mulf %1, %0 : f32
      %4 = arith.addf %2, %3 : f32
      affine.store %4, %s[%j] : memref<128xf32>
      %5 = affine.load %q[%i] : memref<120xf32>
      %6 = affine.load %p[%j] : memref<128xf32>
      %7 = arith.mulf %0, %6 : f32
      %8 = arith.addf %5, %7 : f32
      affine.store %8, %q[%i] : memref<120xf32>
    }
  }
  return
}

// A += u v' + w z'.
func.func @rank_two(%a: memref<96x104xf64>, %u: memref<96xf64>, %v: memref<104xf64>, %w: memref<96xf64>, %z: memref<104xf64>) {
  affine.for %i = 0 to 96 {
    affine.for %j = 0 to 104 {
      %0 = affine.load %a[%i, %j] : memref<96x104xf64>
      %1 = affine.load %u[%i] : memref<96xf64>
      %2 = affine.load %v[%j] : memref<104xf64>
      %3 = arith.mulf %1, %2 : f64
      %4 = arith.addf %0, %3 : f64
      %5 = affine.load %w[%i] : memref<96xf64>
      %6 = affine.load %z[%j] : memref<104xf64>
      %7 = arith.mulf %5, %6 : f64
      %8 = arith.addf %4, %7 : f64
      affine.store %8, %a[%i, %j] : memref<96x104xf64>
    }
  }
  return
}

// Lower triangle of A A'.
func.func @syrk(%a: memref<64x48xf32>, %c: memref<64x64xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to affine_map<(d0) -> (d0 + 1)>(%i) {
      affine.for %k = 0 to 48 {
        %0 = affine.load %a[%i, %k] : memref<64x48xf32>
        %1 = affine.load %a[%j, %k] : memref<64x48xf32>
        %2 = arith.mulf %0, %1 : f32
        %3 = affine.load %c[%i, %j] : memref<64x64xf32>
        %4 = arith.addf %3, %2 : f32
        affine.store %4, %c[%i, %j] : memref<64x64xf32>
      }
    }
  }
  return
}

// Lower triangle of A B' + B A'.
func.func @syrk_two(%a: memref<64x48xf32>, %b: memref<64x48xf32>, %c: memref<64x64xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to affine_map<(d0) -> (d0 + 1)>(%i) {
      affine.for %k = 0 to 48 {
        %0 = affine.load %a[%i, %k] : memref<64x48xf32>
        %1 = affine.load %b[%j, %k] : memref<64x48xf32>
        %2 = arith.mulf %0, %1 : f32
        %3 = affine.load %b[%i, %k] : memref<64x48xf32>
        %4 = affine.load %a[%j, %k] : memref<64x48xf32>
        %5 = arith.mulf %3, %4 : f32
        %6 = arith.addf %2, %5 : f32
        %7 = affine.load %c[%i, %j] : memref<64x64xf32>
        %8 = arith.addf %7, %6 : f32
        affine.store %8, %c[%i, %j] : memref<64x64xf32>
      }
    }
  }
  return
}

// C += L B for lower triangular L.
func.func @trmm(%l: memref<56x56xf32>, %b: memref<56x56xf32>, %c: memref<56x56xf32>) {
  affine.for %i = 0 to 56 {
    affine.for %k = 0 to affine_map<(d0) -> (d0 + 1)>(%i) {
      affine.for %j = 0 to 56 {
        %0 = affine.load %c[%i, %j] : memref<56x56xf32>
        %1 = affine.load %l[%i, %k] : memref<56x56xf32>
        %2 = affine.load %b[%k, %j] : memref<56x56xf32>
        %3 = arith.mulf %1, %2 : f32
        %4 = arith.addf %0, %3 : f32
        affine.store %4, %c[%i, %j] : memref<56x56xf32>
      }
    }
  }
  return
}

// Product with a banded matrix kept by diagonals.
func.func @banded_mv(%a: memref<180x7xf64>, %x: memref<186xf64>, %y: memref<180xf64>) {
  affine.for %i = 0 to 180 {
    affine.for %k = 0 to 7 {
      %0 = affine.load %y[%i] : memref<180xf64>
      %1 = affine.load %a[%i, %k] : memref<180x7xf64>
      %2 = affine.load %x[%i + %k] : memref<186xf64>
      %3 = arith.mulf %1, %2 : f64
      %4 = arith.addf %0, %3 : f64
      affine.store %4, %y[%i] : memref<180xf64>
    }
  }
  return
}

// Multiresolution contraction, sum innermost.
func.func @doitgen_rqps(%a: memref<12x14x16xf32>, %c: memref<16x16xf32>, %o: memref<12x14x16xf32>) {
  affine.for %r = 0 to 12 {
    affine.for %q = 0 to 14 {
      affine.for %p = 0 to 16 {
        affine.for %s = 0 to 16 {
          %0 = affine.load %o[%r, %q, %p] : memref<12x14x16xf32>
          %1 = affine.load %a[%r, %q, %s] : memref<12x14x16xf32>
          %2 = affine.load %c[%s, %p] : memref<16x16xf32>
          %3 = arith.mulf %1, %2 : f32
          %4 = arith.addf %0, %3 : f32
          affine.store %4, %o[%r, %q, %p] : memref<12x14x16xf32>
        }
      }
    }
  }
  return
}

// The same with the sum outermost.
func.func @doitgen_sqrp(%a: memref<12x14x16xf32>, %c: memref<16x16xf32>, %o: memref<12x14x16xf32>) {
  affine.for %s = 0 to 16 {
    affine.for %r = 0 to 12 {
      affine.for %q = 0 to 14 {
        affine.for %p = 0 to 16 {
          %0 = affine.load %o[%r, %q, %p] : memref<12x14x16xf32>
          %1 = affine.load %a[%r, %q, %s] : memref<12x14x16xf32>
          %2 = affine.load %c[%s, %p] : memref<16x16xf32>
          %3 = arith.mulf %1, %2 : f32
          %4 = arith.addf %0, %3 : f32
          affine.store %4, %o[%r, %q, %p] : memref<12x14x16xf32>
        }
      }
    }
  }
  return
}

// Three-point average.
func.func @jacobi_line(%w: f32, %a: memref<400xf32>, %b: memref<400xf32>) {
  affine.for %i = 1 to 399 {
    %0 = affine.load %a[%i - 1] : memref<400xf32>
    %1 = affine.load %a[%i] : memref<400xf32>
    %2 = arith.addf %0, %1 : f32
    %3 = affine.load %a[%i + 1] : memref<400xf32>
    %4 = arith.addf %2, %3 : f32
    %5 = arith.mulf %4, %w : f32
    affine.store %5, %b[%i] : memref<400xf32>
  }
  return
}

// Five-point average.
func.func @jacobi_plane(%w: f64, %a: memref<66x70xf64>, %b: memref<66x70xf64>) {
  affine.for %i = 1 to 65 {
    affine.for %j = 1 to 69 {
      %0 = affine.load %a[%i, %j] : memref<66x70xf64>
      %1 = affine.load %a[%i - 1, %j] : memref<66x70xf64>
      %2 = arith.addf %0, %1 : f64
      %3 = affine.load %a[%i + 1, %j] : memref<66x70xf64>
      %4 = arith.addf %2, %3 : f64
      %5 = affine.load %a[%i, %j - 1] : memref<66x70xf64>
      %6 = arith.addf %4, %5 : f64
      %7 = affine.load %a[%i, %j + 1] : memref<66x70xf64>
      %8 = arith.addf %6, %7 : f64
      %9 = arith.mulf %8, %w : f64
      affine.store %9, %b[%i, %j] : memref<66x70xf64>
    }
  }
  return
}

// Seven-point average.
func.func @heat_space(%w: f32, %a: memref<18x18x34xf32>, %b: memref<18x18x34xf32>) {
  affine.for %i = 1 to 17 {
    affine.for %j = 1 to 17 {
      affine.for %k = 1 to 33 {
        %0 = affine.load %a[%i, %j, %k] : memref<18x18x34xf32>
        %1 = affine.load %a[%i - 1, %j, %k] : memref<18x18x34xf32>
        %2 = arith.addf %0, %1 : f32
        %3 = affine.load %a[%i + 1, %j, %k] : memref<18x18x34xf32>
        %4 = arith.addf %2, %3 : f32
        %5 = affine.load %a[%i, %j - 1, %k] : memref<18x18x34xf32>
        %6 = arith.addf %4, %5 : f32
        %7 = affine.load %a[%i, %j + 1, %k] : memref<18x18x34xf32>
        %8 = arith.addf %6, %7 : f32
        %9 = affine.load %a[%i, %j, %k - 1] : memref<18x18x34xf32>
        %10 = arith.addf %8, %9 : f32
        %11 = affine.load %a[%i, %j, %k + 1] : memref<18x18x34xf32>
        %12 = arith.addf %10, %11 : f32
        %13 = arith.mulf %12, %w : f32
        affine.store %13, %b[%i, %j, %k] : memref<18x18x34xf32>
      }
    }
  }
  return
}

// A vertical filter that walks down columns.
func.func @column_filter(%a: memref<70x66xf32>, %b: memref<70x66xf32>) {
  affine.for %j = 0 to 66 {
    affine.for %i = 1 to 69 {
      %0 = affine.load %a[%i, %j] : memref<70x66xf32>
      %1 = affine.load %a[%i - 1, %j] : memref<70x66xf32>
      %2 = arith.addf %0, %1 : f32
      %3 = affine.load %a[%i + 1, %j] : memref<70x66xf32>
      %4 = arith.addf %2, %3 : f32
      affine.store %4, %b[%i, %j] : memref<70x66xf32>
    }
  }
  return
}

// Electric field update.
func.func @fdtd_ey(%w: f32, %y: memref<64x72xf32>, %h: memref<64x72xf32>) {
  affine.for %i = 1 to 64 {
    affine.for %j = 0 to 72 {
      %0 = affine.load %y[%i, %j] : memref<64x72xf32>
      %1 = affine.load %h[%i, %j] : memref<64x72xf32>
      %2 = affine.load %h[%i - 1, %j] : memref<64x72xf32>
      %3 = arith.subf %1, %2 : f32
      %4 = arith.mulf %w, %3 : f32
      %5 = arith.subf %0, %4 : f32
      affine.store %5, %y[%i, %j] : memref<64x72xf32>
    }
  }
  return
}

// Magnetic field update.
func.func @fdtd_hz(%w: f32, %x: memref<64x72xf32>, %y: memref<64x72xf32>, %h: memref<64x72xf32>) {
  affine.for %i = 0 to 63 {
    affine.for %j = 0 to 71 {
      %0 = affine.load %x[%i, %j + 1] : memref<64x72xf32>
      %1 = affine.load %x[%i, %j] : memref<64x72xf32>
      %2 = arith.subf %0, %1 : f32
      %3 = affine.load %y[%i + 1, %j] : memref<64x72xf32>
      %4 = affine.load %y[%i, %j] : memref<64x72xf32>
      %5 = arith.subf %3, %4 : f32
      %6 = arith.addf %2, %5 : f32
      %7 = affine.load %h[%i, %j] : memref<64x72xf32>
      %8 = arith.mulf %w, %6 : f32
      %9 = arith.subf %7, %8 : f32
      affine.store %9, %h[%i, %j] : memref<64x72xf32>
    }
  }
  return
}

// Five-point average in place.
func.func @seidel_plane(%w: f64, %a: memref<50x60xf64>) {
  affine.for %i = 1 to 49 {
    affine.for %j = 1 to 59 {
      %0 = affine.load %a[%i, %j] : memref<50x60xf64>
      %1 = affine.load %a[%i - 1, %j] : memref<50x60xf64>
      %2 = arith.addf %0, %1 : f64
      %3 = affine.load %a[%i, %j - 1] : memref<50x60xf64>
      %4 = arith.addf %2, %3 : f64
      %5 = affine.load %a[%i, %j + 1] : memref<50x60xf64>
      %6 = arith.addf %4, %5 : f64
      %7 = affine.load %a[%i + 1, %j] : memref<50x60xf64>
      %8 = arith.addf %6, %7 : f64
      %9 = arith.mulf %8, %w : f64
      affine.store %9, %a[%i, %j] : memref<50x60xf64>
    }
  }
  return
}

// Leapfrog step of the wave equation.
func.func @wave_line(%w: f64, %v: f64, %u: memref<300xf64>, %p: memref<300xf64>, %n: memref<300xf64>) {
  affine.for %i = 1 to 299 {
    %0 = affine.load %u[%i - 1] : memref<300xf64>
    %1 = affine.load %u[%i + 1] : memref<300xf64>
    %2 = arith.addf %0, %1 : f64
    %3 = affine.load %u[%i] : memref<300xf64>
    %4 = arith.mulf %2, %w : f64
    %5 = affine.load %p[%i] : memref<300xf64>
    %6 = arith.subf %4, %5 : f64
    %7 = arith.mulf %3, %v : f64
    %8 = arith.addf %6, %7 : f64
    affine.store %8, %n[%i] : memref<300xf64>
  }
  return
}

// y += s x.
func.func @axpy(%s: f32, %x: memref<512xf32>, %y: memref<512xf32>) {
  affine.for %i = 0 to 512 {
    %0 = affine.load %x[%i] : memref<512xf32>
    %1 = arith.mulf %0, %s : f32
    %2 = affine.load %y[%i] : memref<512xf32>
    %3 = arith.addf %1, %2 : f32
    affine.store %3, %y[%i] : memref<512xf32>
  }
  return
}

// y += s x of odd length.
func.func @axpy_odd(%s: f64, %x: memref<509xf64>, %y: memref<509xf64>) {
  affine.for %i = 0 to 509 {
    %0 = affine.load %x[%i] : memref<509xf64>
    %1 = arith.mulf %0, %s : f64
    %2 = affine.load %y[%i] : memref<509xf64>
    %3 = arith.addf %1, %2 : f64
    affine.store %3, %y[%i] : memref<509xf64>
  }
  return
}

// Complex products of split arrays.
func.func @complex_product(%a: memref<384xf32>, %b: memref<384xf32>, %c: memref<384xf32>, %d: memref<384xf32>, %p: memref<384xf32>, %q: memref<384xf32>) {
  affine.for %i = 0 to 384 {
    %0 = affine.load %a[%i] : memref<384xf32>
    %1 = affine.load %b[%i] : memref<384xf32>
    %2 = affine.load %c[%i] : memref<384xf32>
    %3 = affine.load %d[%i] : memref<384xf32>
    %4 = arith.mulf %0, %2 : f32
    %5 = arith.mulf %1, %3 : f32
    %6 = arith.subf %4, %5 : f32
    affine.store %6, %p[%i] : memref<384xf32>
    %7 = arith.mulf %0, %3 : f32
    %8 = arith.mulf %1, %2 : f32
    %9 = arith.addf %7, %8 : f32
    affine.store %9, %q[%i] : memref<384xf32>
  }
  return
}

// A polynomial of degree four.
func.func @polynomial(%c0: f32, %c1: f32, %c2: f32, %c3: f32, %c4: f32, %x: memref<448xf32>, %y: memref<448xf32>) {
  affine.for %i = 0 to 448 {
    %0 = affine.load %x[%i] : memref<448xf32>
    %1 = arith.mulf %c0, %0 : f32
    %2 = arith.addf %1, %c1 : f32
    %3 = arith.mulf %2, %0 : f32
    %4 = arith.addf %3, %c2 : f32
    %5 = arith.mulf %4, %0 : f32
    %6 = arith.addf %5, %c3 : f32
    %7 = arith.mulf %6, %0 : f32
    %8 = arith.addf %7, %c4 : f32
    affine.store %8, %y[%i] : memref<448xf32>
  }
  return
}

// A weighted sum of two arrays.
func.func @blend(%s: f32, %r: f32, %a: memref<640xf32>, %b: memref<640xf32>, %o: memref<640xf32>) {
  affine.for %i = 0 to 640 {
    %0 = affine.load %a[%i] : memref<640xf32>
    %1 = arith.mulf %0, %s : f32
    %2 = affine.load %b[%i] : memref<640xf32>
    %3 = arith.mulf %2, %r : f32
    %4 = arith.addf %1, %3 : f32
    affine.store %4, %o[%i] : memref<640xf32>
  }
  return
}

// Clamp to a range.
func.func @clamp(%l: f32, %h: f32, %x: memref<576xf32>, %y: memref<576xf32>) {
  affine.for %i = 0 to 576 {
    %0 = affine.load %x[%i] : memref<576xf32>
    %1 = arith.maximumf %0, %l : f32
    %2 = arith.minimumf %1, %h : f32
    affine.store %2, %y[%i] : memref<576xf32>
  }
  return
}

// Quotients of two arrays.
func.func @quotient(%s: f64, %a: memref<256xf64>, %b: memref<256xf64>, %o: memref<256xf64>) {
  affine.for %i = 0 to 256 {
    %0 = affine.load %a[%i] : memref<256xf64>
    %1 = affine.load %b[%i] : memref<256xf64>
    %2 = arith.addf %1, %s : f64
    %3 = arith.divf %0, %2 : f64
    affine.store %3, %o[%i] : memref<256xf64>
  }
  return
}

// A hash of each element.
func.func @mix_bits(%s: i32, %r: i32, %m: i32, %x: memref<512xi32>, %y: memref<512xi32>) {
  affine.for %i = 0 to 512 {
    %0 = affine.load %x[%i] : memref<512xi32>
    %1 = arith.shrui %0, %s : i32
    %2 = arith.xori %0, %1 : i32
    %3 = arith.muli %2, %m : i32
    %4 = arith.shrui %3, %r : i32
    %5 = arith.xori %3, %4 : i32
    affine.store %5, %y[%i] : memref<512xi32>
  }
  return
}

// Lengths of two-dimensional vectors.
func.func @lengths(%x: memref<320xf32>, %y: memref<320xf32>, %r: memref<320xf32>) {
  affine.for %i = 0 to 320 {
    %0 = affine.load %x[%i] : memref<320xf32>
    %1 = affine.load %x[%i] : memref<320xf32>
    %2 = arith.mulf %0, %1 : f32
    %3 = affine.load %y[%i] : memref<320xf32>
    %4 = affine.load %y[%i] : memref<320xf32>
    %5 = arith.mulf %3, %4 : f32
    %6 = arith.addf %2, %5 : f32
    %7 = math.sqrt %6 : f32
    affine.store %7, %r[%i] : memref<320xf32>
  }
  return
}

// A dot product.
func.func @dot(%a: memref<512xf32>, %b: memref<512xf32>, %o: memref<1xf32>) {
  %z = arith.constant 0.000000e+00 : f32
  %s = affine.for %i = 0 to 512 iter_args(%t = %z) -> (f32) {
    %0 = affine.load %a[%i] : memref<512xf32>
    %1 = affine.load %b[%i] : memref<512xf32>
    %2 = arith.mulf %0, %1 : f32
    %3 = arith.addf %t, %2 : f32
    affine.yield %3 : f32
  }
  affine.store %s, %o[0] : memref<1xf32>
  return
}

// A sum of squares.
func.func @sum_squares(%a: memref<384xf64>, %o: memref<1xf64>) {
  %z = arith.constant 0.000000e+00 : f64
  %s = affine.for %i = 0 to 384 iter_args(%t = %z) -> (f64) {
    %0 = affine.load %a[%i] : memref<384xf64>
    %1 = arith.mulf %0, %0 : f64
    %2 = arith.addf %t, %1 : f64
    affine.yield %2 : f64
  }
  affine.store %s, %o[0] : memref<1xf64>
  return
}

// A dot product of integers.
func.func @dot_i32(%a: memref<512xi32>, %b: memref<512xi32>, %o: memref<1xi32>) {
  %z = arith.constant 0 : i32
  %s = affine.for %i = 0 to 512 iter_args(%t = %z) -> (i32) {
    %0 = affine.load %a[%i] : memref<512xi32>
    %1 = affine.load %b[%i] : memref<512xi32>
    %2 = arith.muli %0, %1 : i32
    %3 = arith.addi %t, %2 : i32
    affine.yield %3 : i32
  }
  affine.store %s, %o[0] : memref<1xi32>
  return
}

// The largest element.
func.func @maximum(%a: memref<448xf32>, %o: memref<1xf32>) {
  %z = arith.constant 0.000000e+00 : f32
  %s = affine.for %i = 0 to 448 iter_args(%t = %z) -> (f32) {
    %0 = affine.load %a[%i] : memref<448xf32>
    %1 = arith.maximumf %t, %0 : f32
    affine.yield %1 : f32
  }
  affine.store %s, %o[0] : memref<1xf32>
  return
}

// A checksum by exclusive or.
func.func @checksum(%a: memref<640xi32>, %o: memref<1xi32>) {
  %z = arith.constant 0 : i32
  %s = affine.for %i = 0 to 640 iter_args(%t = %z) -> (i32) {
    %0 = affine.load %a[%i] : memref<640xi32>
    %1 = arith.xori %t, %0 : i32
    affine.yield %1 : i32
  }
  affine.store %s, %o[0] : memref<1xi32>
  return
}

// A linear recurrence.
func.func @recurrence(%w: f32, %a: memref<256xf32>, %o: memref<1xf32>) {
  %z = arith.constant 0.000000e+00 : f32
  %s = affine.for %i = 0 to 256 iter_args(%t = %z) -> (f32) {
    %0 = arith.mulf %t, %w : f32
    %1 = affine.load %a[%i] : memref<256xf32>
    %2 = arith.addf %0, %1 : f32
    affine.yield %2 : f32
  }
  affine.store %s, %o[0] : memref<1xf32>
  return
}

// Sums of rows.
func.func @row_sums(%a: memref<96x112xf32>, %o: memref<96xf32>) {
  affine.for %i = 0 to 96 {
    affine.for %j = 0 to 112 {
      %0 = affine.load %a[%i, %j] : memref<96x112xf32>
      %1 = affine.load %o[%i] : memref<96xf32>
      %2 = arith.addf %1, %0 : f32
      affine.store %2, %o[%i] : memref<96xf32>
    }
  }
  return
}

// Sums of columns, down each.
func.func @column_sums(%a: memref<96x112xf32>, %o: memref<112xf32>) {
  affine.for %j = 0 to 112 {
    affine.for %i = 0 to 96 {
      %0 = affine.load %a[%i, %j] : memref<96x112xf32>
      %1 = affine.load %o[%j] : memref<112xf32>
      %2 = arith.addf %1, %0 : f32
      affine.store %2, %o[%j] : memref<112xf32>
    }
  }
  return
}

// Sums of columns, along rows.
func.func @column_sums_f64(%a: memref<96x112xf64>, %o: memref<112xf64>) {
  affine.for %i = 0 to 96 {
    affine.for %j = 0 to 112 {
      %0 = affine.load %a[%i, %j] : memref<96x112xf64>
      %1 = affine.load %o[%j] : memref<112xf64>
      %2 = arith.addf %1, %0 : f64
      affine.store %2, %o[%j] : memref<112xf64>
    }
  }
  return
}

// A transposition, reading rows.
func.func @transpose_rows(%a: memref<96x80xf32>, %b: memref<80x96xf32>) {
  affine.for %i = 0 to 96 {
    affine.for %j = 0 to 80 {
      %0 = affine.load %a[%i, %j] : memref<96x80xf32>
      affine.store %0, %b[%j, %i] : memref<80x96xf32>
    }
  }
  return
}

// A transposition, writing rows.
func.func @transpose_columns(%a: memref<80x96xf64>, %b: memref<96x80xf64>) {
  affine.for %j = 0 to 96 {
    affine.for %i = 0 to 80 {
      %0 = affine.load %a[%i, %j] : memref<80x96xf64>
      affine.store %0, %b[%j, %i] : memref<96x80xf64>
    }
  }
  return
}

// A convolution, channels innermost.
func.func @conv_hwfrsc(%x: memref<22x30x4xf32>, %k: memref<3x3x4x8xf32>, %o: memref<20x28x8xf32>) {
  affine.for %h = 0 to 20 {
    affine.for %w = 0 to 28 {
      affine.for %f = 0 to 8 {
        affine.for %r = 0 to 3 {
          affine.for %s = 0 to 3 {
            affine.for %c = 0 to 4 {
              %0 = affine.load %o[%h, %w, %f] : memref<20x28x8xf32>
              %1 = affine.load %x[%h + %r, %w + %s, %c] : memref<22x30x4xf32>
              %2 = affine.load %k[%r, %s, %c, %f] : memref<3x3x4x8xf32>
              %3 = arith.mulf %1, %2 : f32
              %4 = arith.addf %0, %3 : f32
              affine.store %4, %o[%h, %w, %f] : memref<20x28x8xf32>
            }
          }
        }
      }
    }
  }
  return
}

// A convolution, filters innermost.
func.func @conv_hwrscf(%x: memref<22x30x4xf32>, %k: memref<3x3x4x8xf32>, %o: memref<20x28x8xf32>) {
  affine.for %h = 0 to 20 {
    affine.for %w = 0 to 28 {
      affine.for %r = 0 to 3 {
        affine.for %s = 0 to 3 {
          affine.for %c = 0 to 4 {
            affine.for %f = 0 to 8 {
              %0 = affine.load %o[%h, %w, %f] : memref<20x28x8xf32>
              %1 = affine.load %x[%h + %r, %w + %s, %c] : memref<22x30x4xf32>
              %2 = affine.load %k[%r, %s, %c, %f] : memref<3x3x4x8xf32>
              %3 = arith.mulf %1, %2 : f32
              %4 = arith.addf %0, %3 : f32
              affine.store %4, %o[%h, %w, %f] : memref<20x28x8xf32>
            }
          }
        }
      }
    }
  }
  return
}

// A depthwise convolution.
func.func @depthwise(%x: memref<26x34x16xf32>, %k: memref<3x3x16xf32>, %o: memref<24x32x16xf32>) {
  affine.for %h = 0 to 24 {
    affine.for %w = 0 to 32 {
      affine.for %r = 0 to 3 {
        affine.for %s = 0 to 3 {
          affine.for %c = 0 to 16 {
            %0 = affine.load %o[%h, %w, %c] : memref<24x32x16xf32>
            %1 = affine.load %x[%h + %r, %w + %s, %c] : memref<26x34x16xf32>
            %2 = affine.load %k[%r, %s, %c] : memref<3x3x16xf32>
            %3 = arith.mulf %1, %2 : f32
            %4 = arith.addf %0, %3 : f32
            affine.store %4, %o[%h, %w, %c] : memref<24x32x16xf32>
          }
        }
      }
    }
  }
  return
}

// Maxima of squares of four.
func.func @max_pool(%x: memref<48x64xf32>, %o: memref<24x32xf32>) {
  affine.for %h = 0 to 24 {
    affine.for %w = 0 to 32 {
      affine.for %r = 0 to 2 {
        affine.for %s = 0 to 2 {
          %0 = affine.load %o[%h, %w] : memref<24x32xf32>
          %1 = affine.load %x[%h * 2 + %r, %w * 2 + %s] : memref<48x64xf32>
          %2 = arith.maximumf %0, %1 : f32
          affine.store %2, %o[%h, %w] : memref<24x32xf32>
        }
      }
    }
  }
  return
}

// A short filter.
func.func @fir_short(%x: memref<245xf32>, %c: memref<5xf32>, %y: memref<240xf32>) {
  affine.for %i = 0 to 240 {
    affine.for %k = 0 to 5 {
      %0 = affine.load %y[%i] : memref<240xf32>
      %1 = affine.load %x[%i + %k] : memref<245xf32>
      %2 = affine.load %c[%k] : memref<5xf32>
      %3 = arith.mulf %1, %2 : f32
      %4 = arith.addf %0, %3 : f32
      affine.store %4, %y[%i] : memref<240xf32>
    }
  }
  return
}

// A long filter.
func.func @fir_long(%x: memref<272xf32>, %c: memref<32xf32>, %y: memref<240xf32>) {
  affine.for %i = 0 to 240 {
    affine.for %k = 0 to 32 {
      %0 = affine.load %y[%i] : memref<240xf32>
      %1 = affine.load %x[%i + %k] : memref<272xf32>
      %2 = affine.load %c[%k] : memref<32xf32>
      %3 = arith.mulf %1, %2 : f32
      %4 = arith.addf %0, %3 : f32
      affine.store %4, %y[%i] : memref<240xf32>
    }
  }
  return
}

// A filter of integers.
func.func @fir_fixed(%x: memref<256xi32>, %c: memref<16xi32>, %y: memref<240xi32>) {
  affine.for %i = 0 to 240 {
    affine.for %k = 0 to 16 {
      %0 = affine.load %y[%i] : memref<240xi32>
      %1 = affine.load %x[%i + %k] : memref<256xi32>
      %2 = affine.load %c[%k] : memref<16xi32>
      %3 = arith.muli %1, %2 : i32
      %4 = arith.addi %0, %3 : i32
      affine.store %4, %y[%i] : memref<240xi32>
    }
  }
  return
}

// A recursive filter of sixteen channels, one after the other.
func.func @filter_bank(%w: f32, %x: memref<200x16xf32>, %y: memref<200x16xf32>) {
  affine.for %c = 0 to 16 {
    affine.for %i = 1 to 200 {
      %0 = affine.load %x[%i, %c] : memref<200x16xf32>
      %1 = affine.load %y[%i - 1, %c] : memref<200x16xf32>
      %2 = arith.mulf %1, %w : f32
      %3 = arith.addf %0, %2 : f32
      affine.store %3, %y[%i, %c] : memref<200x16xf32>
    }
  }
  return
}

// Prefix sums of rows, in place.
func.func @prefix_rows(%a: memref<64x80xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 1 to 80 {
      %0 = affine.load %a[%i, %j - 1] : memref<64x80xf32>
      %1 = affine.load %a[%i, %j] : memref<64x80xf32>
      %2 = arith.addf %0, %1 : f32
      affine.store %2, %a[%i, %j] : memref<64x80xf32>
    }
  }
  return
}

// Sums of all rectangles from the corner.
func.func @integral_image(%a: memref<64x64xi32>, %s: memref<64x64xi32>) {
  affine.for %i = 1 to 64 {
    affine.for %j = 1 to 64 {
      %0 = affine.load %s[%i - 1, %j] : memref<64x64xi32>
      %1 = affine.load %s[%i, %j - 1] : memref<64x64xi32>
      %2 = arith.addi %0, %1 : i32
      %3 = affine.load %s[%i - 1, %j - 1] : memref<64x64xi32>
      %4 = arith.subi %2, %3 : i32
      %5 = affine.load %a[%i, %j] : memref<64x64xi32>
      %6 = arith.addi %4, %5 : i32
      affine.store %6, %s[%i, %j] : memref<64x64xi32>
    }
  }
  return
}

// All shortest paths.
func.func @shortest_paths(%d: memref<40x40xi32>) {
  affine.for %k = 0 to 40 {
    affine.for %i = 0 to 40 {
      affine.for %j = 0 to 40 {
        %0 = affine.load %d[%i, %k] : memref<40x40xi32>
        %1 = affine.load %d[%k, %j] : memref<40x40xi32>
        %2 = arith.addi %0, %1 : i32
        %3 = affine.load %d[%i, %j] : memref<40x40xi32>
        %4 = arith.minsi %3, %2 : i32
        affine.store %4, %d[%i, %j] : memref<40x40xi32>
      }
    }
  }
  return
}

// Squared distances of all pairs.
func.func @distances(%x: memref<64x12xf32>, %y: memref<72x12xf32>, %o: memref<64x72xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 72 {
      affine.for %k = 0 to 12 {
        %0 = affine.load %x[%i, %k] : memref<64x12xf32>
        %1 = affine.load %y[%j, %k] : memref<72x12xf32>
        %2 = arith.subf %0, %1 : f32
        %3 = affine.load %o[%i, %j] : memref<64x72xf32>
        %4 = arith.mulf %2, %2 : f32
        %5 = arith.addf %3, %4 : f32
        affine.store %5, %o[%i, %j] : memref<64x72xf32>
      }
    }
  }
  return
}

// A Kronecker product.
func.func @kronecker(%a: memref<10x12xf64>, %b: memref<8x16xf64>, %o: memref<10x8x12x16xf64>) {
  affine.for %i = 0 to 10 {
    affine.for %p = 0 to 8 {
      affine.for %j = 0 to 12 {
        affine.for %q = 0 to 16 {
          %0 = affine.load %a[%i, %j] : memref<10x12xf64>
          %1 = affine.load %b[%p, %q] : memref<8x16xf64>
          %2 = arith.mulf %0, %1 : f64
          affine.store %2, %o[%i, %p, %j, %q] : memref<10x8x12x16xf64>
        }
      }
    }
  }
  return
}

// Products of all pairs of columns.
func.func @covariance(%d: memref<100x40xf64>, %c: memref<40x40xf64>) {
  affine.for %i = 0 to 40 {
    affine.for %j = 0 to 40 {
      affine.for %k = 0 to 100 {
        %0 = affine.load %c[%i, %j] : memref<40x40xf64>
        %1 = affine.load %d[%k, %i] : memref<100x40xf64>
        %2 = affine.load %d[%k, %j] : memref<100x40xf64>
        %3 = arith.mulf %1, %2 : f64
        %4 = arith.addf %0, %3 : f64
        affine.store %4, %c[%i, %j] : memref<40x40xf64>
      }
    }
  }
  return
}

// Luminance of an image by planes, walked down columns.
func.func @luminance(%r: f32, %g: f32, %b: f32, %x: memref<3x48x64xf32>, %o: memref<48x64xf32>) {
  affine.for %j = 0 to 64 {
    affine.for %i = 0 to 48 {
      %0 = affine.load %x[0, %i, %j] : memref<3x48x64xf32>
      %1 = arith.mulf %0, %r : f32
      %2 = affine.load %x[1, %i, %j] : memref<3x48x64xf32>
      %3 = arith.mulf %2, %g : f32
      %4 = arith.addf %1, %3 : f32
      %5 = affine.load %x[2, %i, %j] : memref<3x48x64xf32>
      %6 = arith.mulf %5, %b : f32
      %7 = arith.addf %4, %6 : f32
      affine.store %7, %o[%i, %j] : memref<48x64xf32>
    }
  }
  return
}

// One level of a wavelet transform.
func.func @haar_rows(%w: f32, %x: memref<40x96xf32>, %y: memref<40x96xf32>) {
  affine.for %i = 0 to 40 {
    affine.for %j = 0 to 48 {
      %0 = affine.load %x[%i, %j * 2] : memref<40x96xf32>
      %1 = affine.load %x[%i, %j * 2 + 1] : memref<40x96xf32>
      %2 = arith.addf %0, %1 : f32
      %3 = arith.mulf %2, %w : f32
      affine.store %3, %y[%i, %j] : memref<40x96xf32>
      %4 = arith.subf %0, %1 : f32
      %5 = arith.mulf %4, %w : f32
      affine.store %5, %y[%i, %j + 48] : memref<40x96xf32>
    }
  }
  return
}

// An image twice as large.
func.func @enlarge(%x: memref<32x32xf32>, %y: memref<64x64xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 64 {
      %0 = affine.load %x[%i floordiv 2, %j floordiv 2] : memref<32x32xf32>
      affine.store %0, %y[%i, %j] : memref<64x64xf32>
    }
  }
  return
}

// A dependence of distance (1, -1).
func.func @skewed(%a: memref<64x72xf32>) {
  affine.for %i = 1 to 64 {
    affine.for %j = 0 to 71 {
      %0 = affine.load %a[%i - 1, %j + 1] : memref<64x72xf32>
      %1 = affine.load %a[%i, %j] : memref<64x72xf32>
      %2 = arith.addf %0, %1 : f32
      affine.store %2, %a[%i, %j] : memref<64x72xf32>
    }
  }
  return
}
