// Blocks of transformer and convolutional models as loop nests, for `make measure-passes` and `make measure-native`. Written for
// it: they are not in the corpus that the model is trained on.

// y = x / rms(x) * g, by rows.
func.func @rms_norm(%x: memref<48x256xf32>, %g: memref<256xf32>, %s: memref<48xf32>, %y: memref<48x256xf32>) {
  %n = arith.constant 3.906250e-03 : f32
  %e = arith.constant 1.000000e-05 : f32
  affine.for %i = 0 to 48 {
    affine.for %j = 0 to 256 {
      %0 = affine.load %x[%i, %j] : memref<48x256xf32>
      %1 = affine.load %s[%i] : memref<48xf32>
      %2 = arith.mulf %0, %0 : f32
      %3 = arith.addf %1, %2 : f32
      affine.store %3, %s[%i] : memref<48xf32>
    }
  }
  affine.for %i = 0 to 48 {
    affine.for %j = 0 to 256 {
      %0 = affine.load %s[%i] : memref<48xf32>
      %1 = arith.mulf %0, %n : f32
      %2 = arith.addf %1, %e : f32
      %3 = math.sqrt %2 : f32
      %4 = affine.load %x[%i, %j] : memref<48x256xf32>
      %5 = arith.divf %4, %3 : f32
      %6 = affine.load %g[%j] : memref<256xf32>
      %7 = arith.mulf %5, %6 : f32
      affine.store %7, %y[%i, %j] : memref<48x256xf32>
    }
  }
  return
}

// Mean, variance, then scale and shift.
func.func @layer_norm(%x: memref<40x192xf32>, %g: memref<192xf32>, %b: memref<192xf32>, %m: memref<40xf32>, %v: memref<40xf32>,
                      %y: memref<40x192xf32>) {
  %n = arith.constant 5.208333e-03 : f32
  %e = arith.constant 1.000000e-05 : f32
  affine.for %i = 0 to 40 {
    affine.for %j = 0 to 192 {
      %0 = affine.load %x[%i, %j] : memref<40x192xf32>
      %1 = affine.load %m[%i] : memref<40xf32>
      %2 = arith.mulf %0, %n : f32
      %3 = arith.addf %1, %2 : f32
      affine.store %3, %m[%i] : memref<40xf32>
    }
  }
  affine.for %i = 0 to 40 {
    affine.for %j = 0 to 192 {
      %0 = affine.load %x[%i, %j] : memref<40x192xf32>
      %1 = affine.load %m[%i] : memref<40xf32>
      %2 = arith.subf %0, %1 : f32
      %3 = arith.mulf %2, %2 : f32
      %4 = affine.load %v[%i] : memref<40xf32>
      %5 = arith.addf %4, %3 : f32
      affine.store %5, %v[%i] : memref<40xf32>
    }
  }
  affine.for %i = 0 to 40 {
    affine.for %j = 0 to 192 {
      %0 = affine.load %x[%i, %j] : memref<40x192xf32>
      %1 = affine.load %m[%i] : memref<40xf32>
      %2 = arith.subf %0, %1 : f32
      %3 = affine.load %v[%i] : memref<40xf32>
      %4 = arith.mulf %3, %n : f32
      %5 = arith.addf %4, %e : f32
      %6 = math.sqrt %5 : f32
      %7 = arith.divf %2, %6 : f32
      %8 = affine.load %g[%j] : memref<192xf32>
      %9 = affine.load %b[%j] : memref<192xf32>
      %10 = arith.mulf %7, %8 : f32
      %11 = arith.addf %10, %9 : f32
      affine.store %11, %y[%i, %j] : memref<40x192xf32>
    }
  }
  return
}

// Softmax by rows: largest element, exponentials and their sum, quotient.
func.func @softmax(%x: memref<32x96xf32>, %m: memref<32xf32>, %s: memref<32xf32>, %y: memref<32x96xf32>) {
  affine.for %i = 0 to 32 {
    affine.for %j = 0 to 96 {
      %0 = affine.load %x[%i, %j] : memref<32x96xf32>
      %1 = affine.load %m[%i] : memref<32xf32>
      %2 = arith.maximumf %0, %1 : f32
      affine.store %2, %m[%i] : memref<32xf32>
    }
  }
  affine.for %i = 0 to 32 {
    affine.for %j = 0 to 96 {
      %0 = affine.load %x[%i, %j] : memref<32x96xf32>
      %1 = affine.load %m[%i] : memref<32xf32>
      %2 = arith.subf %0, %1 : f32
      %3 = math.exp %2 : f32
      affine.store %3, %y[%i, %j] : memref<32x96xf32>
      %4 = affine.load %s[%i] : memref<32xf32>
      %5 = arith.addf %4, %3 : f32
      affine.store %5, %s[%i] : memref<32xf32>
    }
  }
  affine.for %i = 0 to 32 {
    affine.for %j = 0 to 96 {
      %0 = affine.load %y[%i, %j] : memref<32x96xf32>
      %1 = affine.load %s[%i] : memref<32xf32>
      %2 = arith.divf %0, %1 : f32
      affine.store %2, %y[%i, %j] : memref<32x96xf32>
    }
  }
  return
}

// Scores of one head, then their scale.
func.func @attention_scores(%q: memref<64x64xf32>, %k: memref<96x64xf32>, %s: memref<64x96xf32>) {
  %c = arith.constant 1.250000e-01 : f32
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 96 {
      affine.for %d = 0 to 64 {
        %0 = affine.load %q[%i, %d] : memref<64x64xf32>
        %1 = affine.load %k[%j, %d] : memref<96x64xf32>
        %2 = affine.load %s[%i, %j] : memref<64x96xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %s[%i, %j] : memref<64x96xf32>
      }
    }
  }
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 96 {
      %0 = affine.load %s[%i, %j] : memref<64x96xf32>
      %1 = arith.mulf %0, %c : f32
      affine.store %1, %s[%i, %j] : memref<64x96xf32>
    }
  }
  return
}

// Probabilities times values of four heads.
func.func @attention_values(%p: memref<4x32x48xf32>, %v: memref<4x48x64xf32>, %o: memref<32x4x64xf32>) {
  affine.for %h = 0 to 4 {
    affine.for %i = 0 to 32 {
      affine.for %d = 0 to 64 {
        affine.for %j = 0 to 48 {
          %0 = affine.load %p[%h, %i, %j] : memref<4x32x48xf32>
          %1 = affine.load %v[%h, %j, %d] : memref<4x48x64xf32>
          %2 = affine.load %o[%i, %h, %d] : memref<32x4x64xf32>
          %3 = arith.mulf %0, %1 : f32
          %4 = arith.addf %2, %3 : f32
          affine.store %4, %o[%i, %h, %d] : memref<32x4x64xf32>
        }
      }
    }
  }
  return
}

// Two projections of one input, gate and product.
func.func @gated_mlp(%x: memref<24x64xf32>, %w: memref<64x128xf32>, %v: memref<64x128xf32>, %g: memref<24x128xf32>,
                     %u: memref<24x128xf32>) {
  %one = arith.constant 1.000000e+00 : f32
  affine.for %i = 0 to 24 {
    affine.for %j = 0 to 128 {
      affine.for %k = 0 to 64 {
        %0 = affine.load %x[%i, %k] : memref<24x64xf32>
        %1 = affine.load %w[%k, %j] : memref<64x128xf32>
        %2 = affine.load %g[%i, %j] : memref<24x128xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %g[%i, %j] : memref<24x128xf32>
      }
    }
  }
  affine.for %i = 0 to 24 {
    affine.for %j = 0 to 128 {
      affine.for %k = 0 to 64 {
        %0 = affine.load %x[%i, %k] : memref<24x64xf32>
        %1 = affine.load %v[%k, %j] : memref<64x128xf32>
        %2 = affine.load %u[%i, %j] : memref<24x128xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %u[%i, %j] : memref<24x128xf32>
      }
    }
  }
  affine.for %i = 0 to 24 {
    affine.for %j = 0 to 128 {
      %0 = affine.load %g[%i, %j] : memref<24x128xf32>
      %1 = arith.negf %0 : f32
      %2 = math.exp %1 : f32
      %3 = arith.addf %2, %one : f32
      %4 = arith.divf %0, %3 : f32
      %5 = affine.load %u[%i, %j] : memref<24x128xf32>
      %6 = arith.mulf %4, %5 : f32
      affine.store %6, %u[%i, %j] : memref<24x128xf32>
    }
  }
  return
}

// Projection, bias, rectifier.
func.func @dense_relu(%x: memref<48x96xf32>, %w: memref<96x80xf32>, %b: memref<80xf32>, %y: memref<48x80xf32>) {
  %z = arith.constant 0.000000e+00 : f32
  affine.for %i = 0 to 48 {
    affine.for %j = 0 to 80 {
      %0 = affine.load %b[%j] : memref<80xf32>
      affine.store %0, %y[%i, %j] : memref<48x80xf32>
    }
  }
  affine.for %i = 0 to 48 {
    affine.for %j = 0 to 80 {
      affine.for %k = 0 to 96 {
        %0 = affine.load %x[%i, %k] : memref<48x96xf32>
        %1 = affine.load %w[%k, %j] : memref<96x80xf32>
        %2 = affine.load %y[%i, %j] : memref<48x80xf32>
        %3 = arith.mulf %0, %1 : f32
        %4 = arith.addf %2, %3 : f32
        affine.store %4, %y[%i, %j] : memref<48x80xf32>
      }
    }
  }
  affine.for %i = 0 to 48 {
    affine.for %j = 0 to 80 {
      %0 = affine.load %y[%i, %j] : memref<48x80xf32>
      %1 = arith.maximumf %0, %z : f32
      affine.store %1, %y[%i, %j] : memref<48x80xf32>
    }
  }
  return
}

// Rotary positions on halves of a head.
func.func @rotary(%x: memref<64x8x64xf32>, %c: memref<64x32xf32>, %s: memref<64x32xf32>, %y: memref<64x8x64xf32>) {
  affine.for %t = 0 to 64 {
    affine.for %h = 0 to 8 {
      affine.for %d = 0 to 32 {
        %0 = affine.load %x[%t, %h, %d] : memref<64x8x64xf32>
        %1 = affine.load %x[%t, %h, %d + 32] : memref<64x8x64xf32>
        %2 = affine.load %c[%t, %d] : memref<64x32xf32>
        %3 = affine.load %s[%t, %d] : memref<64x32xf32>
        %4 = arith.mulf %0, %2 : f32
        %5 = arith.mulf %1, %3 : f32
        %6 = arith.subf %4, %5 : f32
        %7 = arith.mulf %0, %3 : f32
        %8 = arith.mulf %1, %2 : f32
        %9 = arith.addf %7, %8 : f32
        affine.store %6, %y[%t, %h, %d] : memref<64x8x64xf32>
        affine.store %9, %y[%t, %h, %d + 32] : memref<64x8x64xf32>
      }
    }
  }
  return
}

// A convolution of 3 x 3 over 8 channels, rows and columns outside, then bias and rectifier.
func.func @conv_block(%x: memref<18x18x8xf32>, %w: memref<3x3x8x16xf32>, %b: memref<16xf32>, %y: memref<16x16x16xf32>) {
  %z = arith.constant 0.000000e+00 : f32
  affine.for %i = 0 to 16 {
    affine.for %j = 0 to 16 {
      affine.for %f = 0 to 16 {
        affine.for %r = 0 to 3 {
          affine.for %s = 0 to 3 {
            affine.for %c = 0 to 8 {
              %0 = affine.load %x[%i + %r, %j + %s, %c] : memref<18x18x8xf32>
              %1 = affine.load %w[%r, %s, %c, %f] : memref<3x3x8x16xf32>
              %2 = affine.load %y[%i, %j, %f] : memref<16x16x16xf32>
              %3 = arith.mulf %0, %1 : f32
              %4 = arith.addf %2, %3 : f32
              affine.store %4, %y[%i, %j, %f] : memref<16x16x16xf32>
            }
          }
        }
      }
    }
  }
  affine.for %i = 0 to 16 {
    affine.for %j = 0 to 16 {
      affine.for %f = 0 to 16 {
        %0 = affine.load %y[%i, %j, %f] : memref<16x16x16xf32>
        %1 = affine.load %b[%f] : memref<16xf32>
        %2 = arith.addf %0, %1 : f32
        %3 = arith.maximumf %2, %z : f32
        affine.store %3, %y[%i, %j, %f] : memref<16x16x16xf32>
      }
    }
  }
  return
}

// Residual sum and a scale by channels, as a framework writes them: two nests of one shape.
func.func @residual(%x: memref<64x256xf32>, %a: memref<64x256xf32>, %g: memref<256xf32>, %t: memref<64x256xf32>,
                    %y: memref<64x256xf32>) {
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 256 {
      %0 = affine.load %x[%i, %j] : memref<64x256xf32>
      %1 = affine.load %a[%i, %j] : memref<64x256xf32>
      %2 = arith.addf %0, %1 : f32
      affine.store %2, %t[%i, %j] : memref<64x256xf32>
    }
  }
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 256 {
      %0 = affine.load %t[%i, %j] : memref<64x256xf32>
      %1 = affine.load %g[%j] : memref<256xf32>
      %2 = arith.mulf %0, %1 : f32
      affine.store %2, %y[%i, %j] : memref<64x256xf32>
    }
  }
  return
}
