// Drawn by scripts/caches/draw.py 20261.
#id = affine_map<(d0) -> (d0)>
#next = affine_map<(d0) -> (d0 + 1)>
#tile24_137 = affine_map<(d0) -> (d0 + 24, 137)>
#tile24_64 = affine_map<(d0) -> (d0 + 24, 64)>
#tile24_70 = affine_map<(d0) -> (d0 + 24, 70)>
#tile24_72 = affine_map<(d0) -> (d0 + 24, 72)>
#tile24_79 = affine_map<(d0) -> (d0 + 24, 79)>
#tile32_139 = affine_map<(d0) -> (d0 + 32, 139)>
#tile32_512 = affine_map<(d0) -> (d0 + 32, 512)>
#tile32_62 = affine_map<(d0) -> (d0 + 32, 62)>
#tile32_841 = affine_map<(d0) -> (d0 + 32, 841)>
#tile32_99 = affine_map<(d0) -> (d0 + 32, 99)>
#tile48_1024 = affine_map<(d0) -> (d0 + 48, 1024)>
#tile48_828 = affine_map<(d0) -> (d0 + 48, 828)>
#tile48_940 = affine_map<(d0) -> (d0 + 48, 940)>
#tile48_996 = affine_map<(d0) -> (d0 + 48, 996)>
#tile8_1024 = affine_map<(d0) -> (d0 + 8, 1024)>
#tile8_403 = affine_map<(d0) -> (d0 + 8, 403)>
#tile8_488 = affine_map<(d0) -> (d0 + 8, 488)>
#tile8_512 = affine_map<(d0) -> (d0 + 8, 512)>
#tile8_665 = affine_map<(d0) -> (d0 + 8, 665)>
#tile8_769 = affine_map<(d0) -> (d0 + 8, 769)>
#tile8_828 = affine_map<(d0) -> (d0 + 8, 828)>

func.func @k00_triangular(%a: memref<119x119xf32>, %c: memref<119x119xf32>) {
affine.for %i = 0 to 119 {
    affine.for %j = 0 to #next(%i) {
      affine.for %k = 0 to 119 {
        %x = affine.load %a[%i, %k] : memref<119x119xf32>
        %y = affine.load %a[%j, %k] : memref<119x119xf32>
        %z = affine.load %c[%i, %j] : memref<119x119xf32>
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        affine.store %s, %c[%i, %j] : memref<119x119xf32>
      }
    }
  }
  return
}

func.func @k01_nests(%a: memref<231762xi32>, %b: memref<231762xi32>, %c: memref<231762xi32>, %d: memref<231762xi32>) {
affine.for %t = 0 to 3 {
  affine.for %i0 = 0 to 231762 {
    %x0 = affine.load %a[%i0] : memref<231762xi32>
    %y0 = affine.load %b[%i0] : memref<231762xi32>
    %s0 = arith.addi %x0, %y0 : i32
    affine.store %s0, %b[%i0] : memref<231762xi32>
  }
  affine.for %i1 = 0 to 231762 {
    %x1 = affine.load %b[%i1] : memref<231762xi32>
    %y1 = affine.load %c[%i1] : memref<231762xi32>
    %s1 = arith.addi %x1, %y1 : i32
    affine.store %s1, %c[%i1] : memref<231762xi32>
  }
  affine.for %i2 = 0 to 231762 {
    %x2 = affine.load %c[%i2] : memref<231762xi32>
    %y2 = affine.load %d[%i2] : memref<231762xi32>
    %s2 = arith.addi %x2, %y2 : i32
    affine.store %s2, %d[%i2] : memref<231762xi32>
  }
  affine.for %i3 = 0 to 231762 {
    %x3 = affine.load %d[%i3] : memref<231762xi32>
    %y3 = affine.load %a[%i3] : memref<231762xi32>
    %s3 = arith.addi %x3, %y3 : i32
    affine.store %s3, %a[%i3] : memref<231762xi32>
  }
  }
  return
}

func.func @k02_tiled(%a: memref<665x488xf32>, %b: memref<488x665xf32>) {
affine.for %ii = 0 to 665 step 8 {
    affine.for %jj = 0 to 488 step 8 {
      affine.for %i = #id(%ii) to min #tile8_665(%ii) {
        affine.for %j = #id(%jj) to min #tile8_488(%jj) {
          %x = affine.load %a[%i, %j] : memref<665x488xf32>
          affine.store %x, %b[%j, %i] : memref<488x665xf32>
        }
      }
    }
  }
  return
}

func.func @k03_strided(%a: memref<131072xi32>, %b: memref<32768xi32>) {
affine.for %t = 0 to 2 {
    affine.for %i = 0 to 32768 {
      %x = affine.load %a[%i * 4 + 0] : memref<131072xi32>
      %y = affine.load %b[%i] : memref<32768xi32>
      %s = arith.addi %x, %y : i32
      affine.store %s, %b[%i] : memref<32768xi32>
    }
  }
  return
}

func.func @k04_stencil(%a: memref<522x512xf32>, %b: memref<522x512xf32>) {
affine.for %t = 0 to 2 {
    affine.for %i = 1 to 521 {
      affine.for %j = 1 to 511 {
        %x0 = affine.load %a[%i + 0, %j + 0] : memref<522x512xf32>
        %x1 = affine.load %a[%i - 1, %j + 0] : memref<522x512xf32>
        %s1 = arith.addf %x0, %x1 : f32
        %x2 = affine.load %a[%i + 1, %j + 0] : memref<522x512xf32>
        %s2 = arith.addf %s1, %x2 : f32
        %x3 = affine.load %a[%i + 0, %j - 1] : memref<522x512xf32>
        %s3 = arith.addf %s2, %x3 : f32
        %x4 = affine.load %a[%i + 0, %j + 1] : memref<522x512xf32>
        %s4 = arith.addf %s3, %x4 : f32
        affine.store %s4, %b[%i, %j] : memref<522x512xf32>
      }
    }
  }
  return
}

func.func @k05_columns(%a: memref<256x977xf32>, %v: memref<977xf32>) {
affine.for %j = 0 to 977 {
    affine.for %i = 0 to 256 {
      %x = affine.load %a[%i, %j] : memref<256x977xf32>
      %y = affine.load %v[%j] : memref<977xf32>
      %s = arith.addf %x, %y : f32
      affine.store %s, %v[%j] : memref<977xf32>
    }
  }
  return
}

func.func @k06_vectors(%a: memref<392x480xi32>, %b: memref<392x480xi32>) {
%p = arith.constant 0 : i32
  affine.for %t = 0 to 4 {
    affine.for %i = 0 to 392 step 4 {
      affine.for %j = 0 to 480 step 16 {
        %x = vector.transfer_read %a[%i, %j], %p {in_bounds = [true, true]} : memref<392x480xi32>, vector<4x16xi32>
        %s = arith.addi %x, %x : vector<4x16xi32>
        vector.transfer_write %s, %b[%i, %j] {in_bounds = [true, true]} : vector<4x16xi32>, memref<392x480xi32>
      }
    }
  }
  return
}

func.func @k07_structured(%a: memref<512x512xf64>, %b: memref<512x512xf64>) {
linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
    ins(%a : memref<512x512xf64>) outs(%b : memref<512x512xf64>) {
  ^bb0(%x: f64, %z: f64):
    %s = arith.addf %x, %z : f64
    linalg.yield %s : f64
  }
  return
}

func.func @k08_views(%a: memref<816x512xf32>, %b: memref<408x170xf32>) {
%c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 408 : index
  %m = arith.constant 170 : index
  %tt = arith.constant 2 : index
  %v = memref.subview %a[197, 239] [408, 170] [1, 1] : memref<816x512xf32> to memref<408x170xf32, strided<[512, 1], offset: 101103>>
  scf.for %t = %c0 to %tt step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        %x = memref.load %v[%i, %j] : memref<408x170xf32, strided<[512, 1], offset: 101103>>
        %y = memref.load %b[%i, %j] : memref<408x170xf32>
        %s = arith.addf %x, %y : f32
        memref.store %s, %b[%i, %j] : memref<408x170xf32>
      }
    }
  }
  return
}

func.func @k09_remainders(%a: memref<1310x100xf32>, %b: memref<100xf32>) {
affine.for %i = 0 to 131000 {
    %x = affine.load %a[%i floordiv 100, %i mod 100] : memref<1310x100xf32>
    %y = affine.load %b[%i mod 100] : memref<100xf32>
    %s = arith.addf %x, %y : f32
    affine.store %s, %a[%i floordiv 100, %i mod 100] : memref<1310x100xf32>
  }
  return
}

func.func @k10_triangular(%a: memref<152x152xf32>, %b: memref<152x152xf32>) {
affine.for %i = 0 to 152 {
    affine.for %k = 0 to #id(%i) {
      affine.for %j = 0 to 152 {
        %x = affine.load %a[%i, %k] : memref<152x152xf32>
        %y = affine.load %b[%k, %j] : memref<152x152xf32>
        %z = affine.load %b[%i, %j] : memref<152x152xf32>
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        affine.store %s, %b[%i, %j] : memref<152x152xf32>
      }
    }
  }
  return
}

func.func @k11_nests(%a: memref<180681xf32>, %b: memref<180681xf32>, %c: memref<180681xf32>, %d: memref<180681xf32>) {
affine.for %t = 0 to 1 {
  affine.for %i0 = 0 to 180681 {
    %x0 = affine.load %a[%i0] : memref<180681xf32>
    %y0 = affine.load %b[%i0] : memref<180681xf32>
    %s0 = arith.addf %x0, %y0 : f32
    affine.store %s0, %b[%i0] : memref<180681xf32>
  }
  affine.for %i1 = 0 to 180681 {
    %x1 = affine.load %b[%i1] : memref<180681xf32>
    %y1 = affine.load %c[%i1] : memref<180681xf32>
    %s1 = arith.addf %x1, %y1 : f32
    affine.store %s1, %c[%i1] : memref<180681xf32>
  }
  affine.for %i2 = 0 to 180681 {
    %x2 = affine.load %c[%i2] : memref<180681xf32>
    %y2 = affine.load %d[%i2] : memref<180681xf32>
    %s2 = arith.addf %x2, %y2 : f32
    affine.store %s2, %d[%i2] : memref<180681xf32>
  }
  affine.for %i3 = 0 to 180681 {
    %x3 = affine.load %d[%i3] : memref<180681xf32>
    %y3 = affine.load %a[%i3] : memref<180681xf32>
    %s3 = arith.addf %x3, %y3 : f32
    affine.store %s3, %a[%i3] : memref<180681xf32>
  }
  }
  return
}

func.func @k12_tiled(%a: memref<139x62xi8>, %b: memref<62x99xi8>, %c: memref<139x99xi8>) {
affine.for %kk = 0 to 62 step 32 {
    affine.for %ii = 0 to 139 step 32 {
      affine.for %jj = 0 to 99 step 32 {
        affine.for %k = #id(%kk) to min #tile32_62(%kk) {
          affine.for %i = #id(%ii) to min #tile32_139(%ii) {
            affine.for %j = #id(%jj) to min #tile32_99(%jj) {
              %x = affine.load %a[%i, %k] : memref<139x62xi8>
              %y = affine.load %b[%k, %j] : memref<62x99xi8>
              %z = affine.load %c[%i, %j] : memref<139x99xi8>
              %p = arith.muli %x, %y : i8
              %s = arith.addi %z, %p : i8
              affine.store %s, %c[%i, %j] : memref<139x99xi8>
            }
          }
        }
      }
    }
  }
  return
}

func.func @k13_strided(%a: memref<163840xf32>, %b: memref<32768xf32>) {
affine.for %t = 0 to 4 {
    affine.for %i = 0 to 32768 {
      %x = affine.load %a[%i * 5 + 4] : memref<163840xf32>
      %y = affine.load %b[%i] : memref<32768xf32>
      %s = arith.addf %x, %y : f32
      affine.store %s, %b[%i] : memref<32768xf32>
    }
  }
  return
}

func.func @k14_stencil(%a: memref<498x737xf64>, %b: memref<498x737xf64>) {
affine.for %t = 0 to 2 {
    affine.for %i = 1 to 497 {
      affine.for %j = 1 to 736 {
        %x0 = affine.load %a[%i + 0, %j + 0] : memref<498x737xf64>
        %x1 = affine.load %a[%i - 1, %j + 0] : memref<498x737xf64>
        %s1 = arith.addf %x0, %x1 : f64
        %x2 = affine.load %a[%i + 1, %j + 0] : memref<498x737xf64>
        %s2 = arith.addf %s1, %x2 : f64
        %x3 = affine.load %a[%i + 0, %j - 1] : memref<498x737xf64>
        %s3 = arith.addf %s2, %x3 : f64
        %x4 = affine.load %a[%i + 0, %j + 1] : memref<498x737xf64>
        %s4 = arith.addf %s3, %x4 : f64
        affine.store %s4, %b[%i, %j] : memref<498x737xf64>
      }
    }
  }
  return
}

func.func @k15_columns(%a: memref<1024x518xf32>, %b: memref<518x1024xf32>) {
affine.for %i = 0 to 1024 {
    affine.for %j = 0 to 518 {
      %x = affine.load %a[%i, %j] : memref<1024x518xf32>
      affine.store %x, %b[%j, %i] : memref<518x1024xf32>
    }
  }
  return
}

func.func @k16_vectors(%a: memref<256x928xf32>, %b: memref<256x928xf32>) {
%p = arith.constant 0.0 : f32
  affine.for %t = 0 to 1 {
    affine.for %i = 0 to 256 step 4 {
      affine.for %j = 0 to 928 step 16 {
        %x = vector.transfer_read %a[%i, %j], %p {in_bounds = [true, true]} : memref<256x928xf32>, vector<4x16xf32>
        %s = arith.addf %x, %x : vector<4x16xf32>
        vector.transfer_write %s, %b[%i, %j] {in_bounds = [true, true]} : vector<4x16xf32>, memref<256x928xf32>
      }
    }
  }
  return
}

func.func @k17_structured(%a: memref<64x88xf64>, %b: memref<88x119xf64>, %c: memref<64x119xf64>) {
linalg.matmul ins(%a, %b : memref<64x88xf64>, memref<88x119xf64>) outs(%c : memref<64x119xf64>)
  return
}

func.func @k18_views(%a: memref<512x512xi32>, %b: memref<256x170xi32>) {
%c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 256 : index
  %m = arith.constant 170 : index
  %tt = arith.constant 3 : index
  %v = memref.subview %a[195, 127] [256, 170] [1, 1] : memref<512x512xi32> to memref<256x170xi32, strided<[512, 1], offset: 99967>>
  scf.for %t = %c0 to %tt step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        %x = memref.load %v[%i, %j] : memref<256x170xi32, strided<[512, 1], offset: 99967>>
        %y = memref.load %b[%i, %j] : memref<256x170xi32>
        %s = arith.addi %x, %y : i32
        memref.store %s, %b[%i, %j] : memref<256x170xi32>
      }
    }
  }
  return
}

func.func @k19_remainders(%a: memref<18020x7xi8>, %b: memref<7xi8>) {
affine.for %i = 0 to 126140 {
    %x = affine.load %a[%i floordiv 7, %i mod 7] : memref<18020x7xi8>
    %y = affine.load %b[%i mod 7] : memref<7xi8>
    %s = arith.addi %x, %y : i8
    affine.store %s, %a[%i floordiv 7, %i mod 7] : memref<18020x7xi8>
  }
  return
}

func.func @k20_triangular(%a: memref<1024x1024xf32>, %b: memref<1024x1024xf32>) {
affine.for %i = 0 to 1024 {
    affine.for %j = #id(%i) to 1024 {
      %x = affine.load %a[%i, %j] : memref<1024x1024xf32>
      affine.store %x, %b[%j, %i] : memref<1024x1024xf32>
    }
  }
  return
}

func.func @k21_nests(%a: memref<65536xi8>, %b: memref<65536xi8>, %c: memref<65536xi8>, %d: memref<65536xi8>) {
affine.for %t = 0 to 2 {
  affine.for %i0 = 0 to 65536 {
    %x0 = affine.load %a[%i0] : memref<65536xi8>
    %y0 = affine.load %b[%i0] : memref<65536xi8>
    %s0 = arith.addi %x0, %y0 : i8
    affine.store %s0, %b[%i0] : memref<65536xi8>
  }
  affine.for %i1 = 0 to 65536 {
    %x1 = affine.load %b[%i1] : memref<65536xi8>
    %y1 = affine.load %c[%i1] : memref<65536xi8>
    %s1 = arith.addi %x1, %y1 : i8
    affine.store %s1, %c[%i1] : memref<65536xi8>
  }
  affine.for %i2 = 0 to 65536 {
    %x2 = affine.load %c[%i2] : memref<65536xi8>
    %y2 = affine.load %d[%i2] : memref<65536xi8>
    %s2 = arith.addi %x2, %y2 : i8
    affine.store %s2, %d[%i2] : memref<65536xi8>
  }
  }
  return
}

func.func @k22_tiled(%a: memref<996x828xi8>, %b: memref<828x996xi8>) {
affine.for %ii = 0 to 996 step 48 {
    affine.for %jj = 0 to 828 step 48 {
      affine.for %i = #id(%ii) to min #tile48_996(%ii) {
        affine.for %j = #id(%jj) to min #tile48_828(%jj) {
          %x = affine.load %a[%i, %j] : memref<996x828xi8>
          affine.store %x, %b[%j, %i] : memref<828x996xi8>
        }
      }
    }
  }
  return
}

func.func @k23_strided(%a: memref<276980xi8>, %b: memref<55396xi8>) {
affine.for %t = 0 to 2 {
    affine.for %i = 0 to 55396 {
      %x = affine.load %a[%i * 5 + 3] : memref<276980xi8>
      %y = affine.load %b[%i] : memref<55396xi8>
      %s = arith.addi %x, %y : i8
      affine.store %s, %b[%i] : memref<55396xi8>
    }
  }
  return
}

func.func @k24_stencil(%a: memref<352x825xf64>, %b: memref<352x825xf64>) {
affine.for %t = 0 to 2 {
    affine.for %i = 1 to 351 {
      affine.for %j = 1 to 824 {
        %x0 = affine.load %a[%i + 0, %j + 0] : memref<352x825xf64>
        %x1 = affine.load %a[%i - 1, %j + 0] : memref<352x825xf64>
        %s1 = arith.addf %x0, %x1 : f64
        %x2 = affine.load %a[%i + 1, %j + 0] : memref<352x825xf64>
        %s2 = arith.addf %s1, %x2 : f64
        %x3 = affine.load %a[%i + 0, %j - 1] : memref<352x825xf64>
        %s3 = arith.addf %s2, %x3 : f64
        %x4 = affine.load %a[%i + 0, %j + 1] : memref<352x825xf64>
        %s4 = arith.addf %s3, %x4 : f64
        affine.store %s4, %b[%i, %j] : memref<352x825xf64>
      }
    }
  }
  return
}

func.func @k25_columns(%a: memref<1024x238xf32>, %v: memref<238xf32>) {
affine.for %j = 0 to 238 {
    affine.for %i = 0 to 1024 {
      %x = affine.load %a[%i, %j] : memref<1024x238xf32>
      %y = affine.load %v[%j] : memref<238xf32>
      %s = arith.mulf %x, %y : f32
      affine.store %s, %a[%i, %j] : memref<1024x238xf32>
    }
  }
  return
}

func.func @k26_vectors(%a: memref<449x576xf64>, %b: memref<449x576xf64>) {
%p = arith.constant 0.0 : f64
  affine.for %t = 0 to 1 {
    affine.for %i = 0 to 449 {
      affine.for %j = 0 to 576 step 16 {
        %x = vector.transfer_read %a[%i, %j], %p {in_bounds = [true]} : memref<449x576xf64>, vector<16xf64>
        %y = vector.transfer_read %b[%i, %j], %p {in_bounds = [true]} : memref<449x576xf64>, vector<16xf64>
        %s = arith.addf %x, %y : vector<16xf64>
        vector.transfer_write %s, %b[%i, %j] {in_bounds = [true]} : vector<16xf64>, memref<449x576xf64>
      }
    }
  }
  return
}

func.func @k27_structured(%a: memref<64x128xf64>, %b: memref<128x63xf64>, %c: memref<64x63xf64>) {
linalg.matmul ins(%a, %b : memref<64x128xf64>, memref<128x63xf64>) outs(%c : memref<64x63xf64>)
  return
}

func.func @k28_views(%a: memref<512x556xf64>, %b: memref<256x185xf64>) {
%c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 256 : index
  %m = arith.constant 185 : index
  %tt = arith.constant 2 : index
  %v = memref.subview %a[205, 266] [256, 185] [1, 1] : memref<512x556xf64> to memref<256x185xf64, strided<[556, 1], offset: 114246>>
  scf.for %t = %c0 to %tt step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        %x = memref.load %v[%i, %j] : memref<256x185xf64, strided<[556, 1], offset: 114246>>
        %y = memref.load %b[%i, %j] : memref<256x185xf64>
        %s = arith.addf %x, %y : f64
        memref.store %s, %b[%i, %j] : memref<256x185xf64>
      }
    }
  }
  return
}

func.func @k29_remainders(%a: memref<56994x7xf32>, %b: memref<7xf32>) {
affine.for %i = 0 to 398958 {
    %x = affine.load %a[%i floordiv 7, %i mod 7] : memref<56994x7xf32>
    %y = affine.load %b[%i mod 7] : memref<7xf32>
    %s = arith.addf %x, %y : f32
    affine.store %s, %a[%i floordiv 7, %i mod 7] : memref<56994x7xf32>
  }
  return
}

func.func @k30_triangular(%a: memref<1055x1055xf32>, %b: memref<1055x1055xf32>) {
affine.for %i = 0 to 1055 {
    affine.for %j = #id(%i) to 1055 {
      %x = affine.load %a[%i, %j] : memref<1055x1055xf32>
      affine.store %x, %b[%j, %i] : memref<1055x1055xf32>
    }
  }
  return
}

func.func @k31_nests(%a: memref<262144xf32>, %b: memref<262144xf32>, %c: memref<262144xf32>, %d: memref<262144xf32>) {
affine.for %t = 0 to 2 {
  affine.for %i0 = 0 to 262144 {
    %x0 = affine.load %a[%i0] : memref<262144xf32>
    %y0 = affine.load %b[%i0] : memref<262144xf32>
    %s0 = arith.addf %x0, %y0 : f32
    affine.store %s0, %b[%i0] : memref<262144xf32>
  }
  affine.for %i1 = 0 to 262144 {
    %x1 = affine.load %b[%i1] : memref<262144xf32>
    %y1 = affine.load %c[%i1] : memref<262144xf32>
    %s1 = arith.addf %x1, %y1 : f32
    affine.store %s1, %c[%i1] : memref<262144xf32>
  }
  affine.for %i2 = 0 to 262144 {
    %x2 = affine.load %c[%i2] : memref<262144xf32>
    %y2 = affine.load %d[%i2] : memref<262144xf32>
    %s2 = arith.addf %x2, %y2 : f32
    affine.store %s2, %d[%i2] : memref<262144xf32>
  }
  affine.for %i3 = 0 to 262144 {
    %x3 = affine.load %d[%i3] : memref<262144xf32>
    %y3 = affine.load %a[%i3] : memref<262144xf32>
    %s3 = arith.addf %x3, %y3 : f32
    affine.store %s3, %a[%i3] : memref<262144xf32>
  }
  }
  return
}

func.func @k32_tiled(%a: memref<769x403xi8>, %b: memref<403x769xi8>) {
affine.for %ii = 0 to 769 step 8 {
    affine.for %jj = 0 to 403 step 8 {
      affine.for %i = #id(%ii) to min #tile8_769(%ii) {
        affine.for %j = #id(%jj) to min #tile8_403(%jj) {
          %x = affine.load %a[%i, %j] : memref<769x403xi8>
          affine.store %x, %b[%j, %i] : memref<403x769xi8>
        }
      }
    }
  }
  return
}

func.func @k33_strided(%a: memref<546464xf32>, %b: memref<34154xf32>) {
affine.for %t = 0 to 1 {
    affine.for %i = 0 to 34154 {
      %x = affine.load %a[%i * 16 + 4] : memref<546464xf32>
      %y = affine.load %b[%i] : memref<34154xf32>
      %s = arith.addf %x, %y : f32
      affine.store %s, %b[%i] : memref<34154xf32>
    }
  }
  return
}

func.func @k34_stencil(%a: memref<167111xf32>, %b: memref<167111xf32>) {
affine.for %t = 0 to 4 {
    affine.for %i = 1 to 167110 {
      %x0 = affine.load %a[%i + 0] : memref<167111xf32>
      %x1 = affine.load %a[%i - 1] : memref<167111xf32>
      %s1 = arith.addf %x0, %x1 : f32
      %x2 = affine.load %a[%i + 1] : memref<167111xf32>
      %s2 = arith.addf %s1, %x2 : f32
      affine.store %s2, %b[%i] : memref<167111xf32>
    }
  }
  return
}

func.func @k35_columns(%a: memref<520x966xf32>, %v: memref<966xf32>) {
affine.for %j = 0 to 966 {
    affine.for %i = 0 to 520 {
      %x = affine.load %a[%i, %j] : memref<520x966xf32>
      %y = affine.load %v[%j] : memref<966xf32>
      %s = arith.addf %x, %y : f32
      affine.store %s, %v[%j] : memref<966xf32>
    }
  }
  return
}

func.func @k36_vectors(%a: memref<485x688xf32>, %b: memref<485x688xf32>) {
affine.for %t = 0 to 3 {
    affine.for %i = 0 to 485 {
      affine.for %j = 0 to 688 step 16 {
        %x = affine.vector_load %a[%i, %j] : memref<485x688xf32>, vector<16xf32>
        %y = affine.vector_load %b[%i, %j] : memref<485x688xf32>, vector<16xf32>
        %s = arith.addf %x, %y : vector<16xf32>
        affine.vector_store %s, %b[%i, %j] : memref<485x688xf32>, vector<16xf32>
      }
    }
  }
  return
}

func.func @k37_structured(%a: memref<95x99xf64>, %b: memref<62x99xf64>, %c: memref<95x62xf64>) {
linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : memref<95x99xf64>, memref<62x99xf64>) outs(%c : memref<95x62xf64>) {
  ^bb0(%x: f64, %y: f64, %z: f64):
    %p = arith.mulf %x, %y : f64
    %s = arith.addf %z, %p : f64
    linalg.yield %s : f64
  }
  return
}

func.func @k38_views(%a: memref<512x547xf32>, %b: memref<256x182xf32>) {
%c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 256 : index
  %m = arith.constant 182 : index
  %tt = arith.constant 1 : index
  %v = memref.subview %a[50, 250] [256, 182] [1, 1] : memref<512x547xf32> to memref<256x182xf32, strided<[547, 1], offset: 27600>>
  scf.for %t = %c0 to %tt step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        %x = memref.load %v[%i, %j] : memref<256x182xf32, strided<[547, 1], offset: 27600>>
        %y = memref.load %b[%i, %j] : memref<256x182xf32>
        %s = arith.addf %x, %y : f32
        memref.store %s, %b[%i, %j] : memref<256x182xf32>
      }
    }
  }
  return
}

func.func @k39_remainders(%a: memref<10678x16xf64>, %b: memref<16xf64>) {
affine.for %i = 0 to 170848 {
    %x = affine.load %a[%i floordiv 16, %i mod 16] : memref<10678x16xf64>
    %y = affine.load %b[%i mod 16] : memref<16xf64>
    %s = arith.addf %x, %y : f64
    affine.store %s, %a[%i floordiv 16, %i mod 16] : memref<10678x16xf64>
  }
  return
}

func.func @k40_triangular(%a: memref<128x128xf32>, %b: memref<128x128xf32>) {
affine.for %i = 0 to 128 {
    affine.for %k = 0 to #id(%i) {
      affine.for %j = 0 to 128 {
        %x = affine.load %a[%i, %k] : memref<128x128xf32>
        %y = affine.load %b[%k, %j] : memref<128x128xf32>
        %z = affine.load %b[%i, %j] : memref<128x128xf32>
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        affine.store %s, %b[%i, %j] : memref<128x128xf32>
      }
    }
  }
  return
}

func.func @k41_nests(%a: memref<226836xf64>, %b: memref<226836xf64>, %c: memref<226836xf64>) {
affine.for %t = 0 to 1 {
  affine.for %i0 = 0 to 226836 {
    %x0 = affine.load %a[%i0] : memref<226836xf64>
    %y0 = affine.load %b[%i0] : memref<226836xf64>
    %s0 = arith.addf %x0, %y0 : f64
    affine.store %s0, %b[%i0] : memref<226836xf64>
  }
  affine.for %i1 = 0 to 226836 {
    %x1 = affine.load %b[%i1] : memref<226836xf64>
    %y1 = affine.load %c[%i1] : memref<226836xf64>
    %s1 = arith.addf %x1, %y1 : f64
    affine.store %s1, %c[%i1] : memref<226836xf64>
  }
  }
  return
}

func.func @k42_tiled(%a: memref<403x1024xf32>, %b: memref<1024x403xf32>) {
affine.for %ii = 0 to 403 step 8 {
    affine.for %jj = 0 to 1024 step 8 {
      affine.for %i = #id(%ii) to min #tile8_403(%ii) {
        affine.for %j = #id(%jj) to min #tile8_1024(%jj) {
          %x = affine.load %a[%i, %j] : memref<403x1024xf32>
          affine.store %x, %b[%j, %i] : memref<1024x403xf32>
        }
      }
    }
  }
  return
}

func.func @k43_strided(%a: memref<131072xf64>, %b: memref<65536xf64>) {
affine.for %t = 0 to 4 {
    affine.for %i = 0 to 65536 {
      %x = affine.load %a[%i * 2 + 0] : memref<131072xf64>
      %y = affine.load %b[%i] : memref<65536xf64>
      %s = arith.addf %x, %y : f64
      affine.store %s, %b[%i] : memref<65536xf64>
    }
  }
  return
}

func.func @k44_stencil(%a: memref<256x871xf32>, %b: memref<256x871xf32>) {
affine.for %t = 0 to 1 {
    affine.for %i = 1 to 255 {
      affine.for %j = 1 to 870 {
        %x0 = affine.load %a[%i + 0, %j + 0] : memref<256x871xf32>
        %x1 = affine.load %a[%i - 1, %j + 0] : memref<256x871xf32>
        %s1 = arith.addf %x0, %x1 : f32
        %x2 = affine.load %a[%i + 1, %j + 0] : memref<256x871xf32>
        %s2 = arith.addf %s1, %x2 : f32
        %x3 = affine.load %a[%i + 0, %j - 1] : memref<256x871xf32>
        %s3 = arith.addf %s2, %x3 : f32
        %x4 = affine.load %a[%i + 0, %j + 1] : memref<256x871xf32>
        %s4 = arith.addf %s3, %x4 : f32
        affine.store %s4, %b[%i, %j] : memref<256x871xf32>
      }
    }
  }
  return
}

func.func @k45_columns(%a: memref<256x1024xf64>, %b: memref<1024x256xf64>) {
affine.for %i = 0 to 256 {
    affine.for %j = 0 to 1024 {
      %x = affine.load %a[%i, %j] : memref<256x1024xf64>
      affine.store %x, %b[%j, %i] : memref<1024x256xf64>
    }
  }
  return
}

func.func @k46_vectors(%a: memref<487x92xf32>, %b: memref<487x92xf32>) {
%p = arith.constant 0.0 : f32
  affine.for %t = 0 to 2 {
    affine.for %i = 0 to 487 {
      affine.for %j = 0 to 92 step 4 {
        %x = vector.transfer_read %a[%i, %j], %p {in_bounds = [true]} : memref<487x92xf32>, vector<4xf32>
        %y = vector.transfer_read %b[%i, %j], %p {in_bounds = [true]} : memref<487x92xf32>, vector<4xf32>
        %s = arith.addf %x, %y : vector<4xf32>
        vector.transfer_write %s, %b[%i, %j] {in_bounds = [true]} : vector<4xf32>, memref<487x92xf32>
      }
    }
  }
  return
}

func.func @k47_structured(%a: memref<1x92x116x23xf64>, %k: memref<2x2xf64>, %o: memref<1x46x58x23xf64>) {
linalg.pooling_nhwc_sum {strides = dense<2> : tensor<2xi64>} ins(%a, %k : memref<1x92x116x23xf64>, memref<2x2xf64>) outs(%o : memref<1x46x58x23xf64>)
  return
}

func.func @k48_views(%a: memref<512x665xf64>, %b: memref<256x221xf64>) {
%c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 256 : index
  %m = arith.constant 221 : index
  %tt = arith.constant 2 : index
  %v = memref.subview %a[75, 231] [256, 221] [1, 1] : memref<512x665xf64> to memref<256x221xf64, strided<[665, 1], offset: 50106>>
  scf.for %t = %c0 to %tt step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        %x = memref.load %v[%i, %j] : memref<256x221xf64, strided<[665, 1], offset: 50106>>
        %y = memref.load %b[%i, %j] : memref<256x221xf64>
        %s = arith.addf %x, %y : f64
        memref.store %s, %b[%i, %j] : memref<256x221xf64>
      }
    }
  }
  return
}

func.func @k49_remainders(%a: memref<20564x16xf64>, %b: memref<16xf64>) {
affine.for %i = 0 to 329024 {
    %x = affine.load %a[%i floordiv 16, %i mod 16] : memref<20564x16xf64>
    %y = affine.load %b[%i mod 16] : memref<16xf64>
    %s = arith.addf %x, %y : f64
    affine.store %s, %a[%i floordiv 16, %i mod 16] : memref<20564x16xf64>
  }
  return
}

func.func @k50_triangular(%a: memref<105x105xf32>, %c: memref<105x105xf32>) {
affine.for %i = 0 to 105 {
    affine.for %j = 0 to #next(%i) {
      affine.for %k = 0 to 105 {
        %x = affine.load %a[%i, %k] : memref<105x105xf32>
        %y = affine.load %a[%j, %k] : memref<105x105xf32>
        %z = affine.load %c[%i, %j] : memref<105x105xf32>
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        affine.store %s, %c[%i, %j] : memref<105x105xf32>
      }
    }
  }
  return
}

func.func @k51_nests(%a: memref<82837xf64>, %b: memref<82837xf64>, %c: memref<82837xf64>, %d: memref<82837xf64>) {
affine.for %t = 0 to 2 {
  affine.for %i0 = 0 to 82837 {
    %x0 = affine.load %a[%i0] : memref<82837xf64>
    %y0 = affine.load %b[%i0] : memref<82837xf64>
    %s0 = arith.addf %x0, %y0 : f64
    affine.store %s0, %b[%i0] : memref<82837xf64>
  }
  affine.for %i1 = 0 to 82837 {
    %x1 = affine.load %b[%i1] : memref<82837xf64>
    %y1 = affine.load %c[%i1] : memref<82837xf64>
    %s1 = arith.addf %x1, %y1 : f64
    affine.store %s1, %c[%i1] : memref<82837xf64>
  }
  affine.for %i2 = 0 to 82837 {
    %x2 = affine.load %c[%i2] : memref<82837xf64>
    %y2 = affine.load %d[%i2] : memref<82837xf64>
    %s2 = arith.addf %x2, %y2 : f64
    affine.store %s2, %d[%i2] : memref<82837xf64>
  }
  }
  return
}

func.func @k52_tiled(%a: memref<79x64xf32>, %b: memref<64x64xf32>, %c: memref<79x64xf32>) {
affine.for %ii = 0 to 79 step 24 {
    affine.for %jj = 0 to 64 step 24 {
      affine.for %kk = 0 to 64 step 24 {
        affine.for %i = #id(%ii) to min #tile24_79(%ii) {
          affine.for %j = #id(%jj) to min #tile24_64(%jj) {
            affine.for %k = #id(%kk) to min #tile24_64(%kk) {
              %x = affine.load %a[%i, %k] : memref<79x64xf32>
              %y = affine.load %b[%k, %j] : memref<64x64xf32>
              %z = affine.load %c[%i, %j] : memref<79x64xf32>
              %p = arith.mulf %x, %y : f32
              %s = arith.addf %z, %p : f32
              affine.store %s, %c[%i, %j] : memref<79x64xf32>
            }
          }
        }
      }
    }
  }
  return
}

func.func @k53_strided(%a: memref<98304xf32>, %b: memref<32768xf32>) {
affine.for %t = 0 to 3 {
    affine.for %i = 0 to 32768 {
      %x = affine.load %a[%i * 3 + 2] : memref<98304xf32>
      %y = affine.load %b[%i] : memref<32768xf32>
      %s = arith.addf %x, %y : f32
      affine.store %s, %b[%i] : memref<32768xf32>
    }
  }
  return
}

func.func @k54_stencil(%a: memref<580x512xf32>, %b: memref<580x512xf32>) {
affine.for %t = 0 to 1 {
    affine.for %i = 1 to 579 {
      affine.for %j = 1 to 511 {
        %x0 = affine.load %a[%i + 0, %j + 0] : memref<580x512xf32>
        %x1 = affine.load %a[%i - 1, %j + 0] : memref<580x512xf32>
        %s1 = arith.addf %x0, %x1 : f32
        %x2 = affine.load %a[%i + 1, %j + 0] : memref<580x512xf32>
        %s2 = arith.addf %s1, %x2 : f32
        %x3 = affine.load %a[%i + 0, %j - 1] : memref<580x512xf32>
        %s3 = arith.addf %s2, %x3 : f32
        %x4 = affine.load %a[%i + 0, %j + 1] : memref<580x512xf32>
        %s4 = arith.addf %s3, %x4 : f32
        affine.store %s4, %b[%i, %j] : memref<580x512xf32>
      }
    }
  }
  return
}

func.func @k55_columns(%a: memref<634x229xi8>, %v: memref<229xi8>) {
affine.for %j = 0 to 229 {
    affine.for %i = 0 to 634 {
      %x = affine.load %a[%i, %j] : memref<634x229xi8>
      %y = affine.load %v[%j] : memref<229xi8>
      %s = arith.muli %x, %y : i8
      affine.store %s, %a[%i, %j] : memref<634x229xi8>
    }
  }
  return
}

func.func @k56_vectors(%a: memref<151x624xf64>, %b: memref<151x624xf64>) {
affine.for %t = 0 to 2 {
    affine.for %i = 0 to 151 {
      affine.for %j = 0 to 624 step 16 {
        %x = affine.vector_load %a[%i, %j] : memref<151x624xf64>, vector<16xf64>
        %y = affine.vector_load %b[%i, %j] : memref<151x624xf64>, vector<16xf64>
        %s = arith.addf %x, %y : vector<16xf64>
        affine.vector_store %s, %b[%i, %j] : memref<151x624xf64>, vector<16xf64>
      }
    }
  }
  return
}

func.func @k57_structured(%a: memref<669x512xf64>, %b: memref<669x512xf64>) {
linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
    ins(%a : memref<669x512xf64>) outs(%b : memref<669x512xf64>) {
  ^bb0(%x: f64, %z: f64):
    %s = arith.addf %x, %z : f64
    linalg.yield %s : f64
  }
  return
}

func.func @k58_views(%a: memref<664x828xi32>, %b: memref<332x276xi32>) {
%c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 332 : index
  %m = arith.constant 276 : index
  %tt = arith.constant 2 : index
  %v = memref.subview %a[38, 480] [332, 276] [1, 1] : memref<664x828xi32> to memref<332x276xi32, strided<[828, 1], offset: 31944>>
  scf.for %t = %c0 to %tt step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        %x = memref.load %v[%i, %j] : memref<332x276xi32, strided<[828, 1], offset: 31944>>
        %y = memref.load %b[%i, %j] : memref<332x276xi32>
        %s = arith.addi %x, %y : i32
        memref.store %s, %b[%i, %j] : memref<332x276xi32>
      }
    }
  }
  return
}

func.func @k59_remainders(%a: memref<13461x16xf32>, %b: memref<16xf32>) {
affine.for %i = 0 to 215376 {
    %x = affine.load %a[%i floordiv 16, %i mod 16] : memref<13461x16xf32>
    %y = affine.load %b[%i mod 16] : memref<16xf32>
    %s = arith.addf %x, %y : f32
    affine.store %s, %a[%i floordiv 16, %i mod 16] : memref<13461x16xf32>
  }
  return
}

func.func @k60_triangular(%a: memref<186x186xf32>, %c: memref<186x186xf32>) {
affine.for %i = 0 to 186 {
    affine.for %j = 0 to #next(%i) {
      affine.for %k = 0 to 186 {
        %x = affine.load %a[%i, %k] : memref<186x186xf32>
        %y = affine.load %a[%j, %k] : memref<186x186xf32>
        %z = affine.load %c[%i, %j] : memref<186x186xf32>
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        affine.store %s, %c[%i, %j] : memref<186x186xf32>
      }
    }
  }
  return
}

func.func @k61_nests(%a: memref<150813xf32>, %b: memref<150813xf32>, %c: memref<150813xf32>, %d: memref<150813xf32>) {
affine.for %t = 0 to 2 {
  affine.for %i0 = 0 to 150813 {
    %x0 = affine.load %a[%i0] : memref<150813xf32>
    %y0 = affine.load %b[%i0] : memref<150813xf32>
    %s0 = arith.addf %x0, %y0 : f32
    affine.store %s0, %b[%i0] : memref<150813xf32>
  }
  affine.for %i1 = 0 to 150813 {
    %x1 = affine.load %b[%i1] : memref<150813xf32>
    %y1 = affine.load %c[%i1] : memref<150813xf32>
    %s1 = arith.addf %x1, %y1 : f32
    affine.store %s1, %c[%i1] : memref<150813xf32>
  }
  affine.for %i2 = 0 to 150813 {
    %x2 = affine.load %c[%i2] : memref<150813xf32>
    %y2 = affine.load %d[%i2] : memref<150813xf32>
    %s2 = arith.addf %x2, %y2 : f32
    affine.store %s2, %d[%i2] : memref<150813xf32>
  }
  affine.for %i3 = 0 to 150813 {
    %x3 = affine.load %d[%i3] : memref<150813xf32>
    %y3 = affine.load %a[%i3] : memref<150813xf32>
    %s3 = arith.addf %x3, %y3 : f32
    affine.store %s3, %a[%i3] : memref<150813xf32>
  }
  }
  return
}

func.func @k62_tiled(%a: memref<512x828xi8>, %b: memref<828x512xi8>) {
affine.for %ii = 0 to 512 step 8 {
    affine.for %jj = 0 to 828 step 8 {
      affine.for %i = #id(%ii) to min #tile8_512(%ii) {
        affine.for %j = #id(%jj) to min #tile8_828(%jj) {
          %x = affine.load %a[%i, %j] : memref<512x828xi8>
          affine.store %x, %b[%j, %i] : memref<828x512xi8>
        }
      }
    }
  }
  return
}

func.func @k63_strided(%a: memref<427310xi32>, %b: memref<85462xi32>) {
affine.for %t = 0 to 3 {
    affine.for %i = 0 to 85462 {
      %x = affine.load %a[%i * 5 + 2] : memref<427310xi32>
      %y = affine.load %b[%i] : memref<85462xi32>
      %s = arith.addi %x, %y : i32
      affine.store %s, %b[%i] : memref<85462xi32>
    }
  }
  return
}

func.func @k64_stencil(%a: memref<189638xf64>, %b: memref<189638xf64>) {
affine.for %t = 0 to 1 {
    affine.for %i = 1 to 189637 {
      %x0 = affine.load %a[%i + 0] : memref<189638xf64>
      %x1 = affine.load %a[%i - 1] : memref<189638xf64>
      %s1 = arith.addf %x0, %x1 : f64
      %x2 = affine.load %a[%i + 1] : memref<189638xf64>
      %s2 = arith.addf %s1, %x2 : f64
      affine.store %s2, %b[%i] : memref<189638xf64>
    }
  }
  return
}

func.func @k65_columns(%a: memref<717x256xi8>, %b: memref<256x717xi8>) {
affine.for %i = 0 to 717 {
    affine.for %j = 0 to 256 {
      %x = affine.load %a[%i, %j] : memref<717x256xi8>
      affine.store %x, %b[%j, %i] : memref<256x717xi8>
    }
  }
  return
}

func.func @k66_vectors(%a: memref<187x216xi32>, %b: memref<187x216xi32>) {
%p = arith.constant 0 : i32
  affine.for %t = 0 to 2 {
    affine.for %i = 0 to 187 {
      affine.for %j = 0 to 216 step 4 {
        %x = vector.transfer_read %a[%i, %j], %p {in_bounds = [true]} : memref<187x216xi32>, vector<4xi32>
        %y = vector.transfer_read %b[%i, %j], %p {in_bounds = [true]} : memref<187x216xi32>, vector<4xi32>
        %s = arith.addi %x, %y : vector<4xi32>
        vector.transfer_write %s, %b[%i, %j] {in_bounds = [true]} : vector<4xi32>, memref<187x216xi32>
      }
    }
  }
  return
}

func.func @k67_structured(%a: memref<1x70x94x8xf32>, %k: memref<2x2xf32>, %o: memref<1x35x47x8xf32>) {
linalg.pooling_nhwc_sum {strides = dense<2> : tensor<2xi64>} ins(%a, %k : memref<1x70x94x8xf32>, memref<2x2xf32>) outs(%o : memref<1x35x47x8xf32>)
  return
}

func.func @k68_views(%a: memref<372x512xi32>, %b: memref<186x170xi32>) {
%c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 186 : index
  %m = arith.constant 170 : index
  %tt = arith.constant 2 : index
  %v = memref.subview %a[74, 207] [186, 170] [1, 1] : memref<372x512xi32> to memref<186x170xi32, strided<[512, 1], offset: 38095>>
  scf.for %t = %c0 to %tt step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        %x = memref.load %v[%i, %j] : memref<186x170xi32, strided<[512, 1], offset: 38095>>
        %y = memref.load %b[%i, %j] : memref<186x170xi32>
        %s = arith.addi %x, %y : i32
        memref.store %s, %b[%i, %j] : memref<186x170xi32>
      }
    }
  }
  return
}

func.func @k69_remainders(%a: memref<1024x256xf32>, %b: memref<256xf32>) {
affine.for %i = 0 to 262144 {
    %x = affine.load %a[%i floordiv 256, %i mod 256] : memref<1024x256xf32>
    %y = affine.load %b[%i mod 256] : memref<256xf32>
    %s = arith.addf %x, %y : f32
    affine.store %s, %a[%i floordiv 256, %i mod 256] : memref<1024x256xf32>
  }
  return
}

func.func @k70_triangular(%a: memref<824x824xf32>, %v: memref<824xf32>, %w: memref<824xf32>) {
affine.for %i = 0 to 824 {
    affine.for %j = 0 to #next(%i) {
      %x = affine.load %a[%i, %j] : memref<824x824xf32>
      %y = affine.load %v[%j] : memref<824xf32>
      %z = affine.load %w[%i] : memref<824xf32>
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %z, %p : f32
      affine.store %s, %w[%i] : memref<824xf32>
    }
  }
  return
}

func.func @k71_nests(%a: memref<277480xf32>, %b: memref<277480xf32>, %c: memref<277480xf32>, %d: memref<277480xf32>) {
affine.for %t = 0 to 2 {
  affine.for %i0 = 0 to 277480 {
    %x0 = affine.load %a[%i0] : memref<277480xf32>
    %y0 = affine.load %b[%i0] : memref<277480xf32>
    %s0 = arith.addf %x0, %y0 : f32
    affine.store %s0, %b[%i0] : memref<277480xf32>
  }
  affine.for %i1 = 0 to 277480 {
    %x1 = affine.load %b[%i1] : memref<277480xf32>
    %y1 = affine.load %c[%i1] : memref<277480xf32>
    %s1 = arith.addf %x1, %y1 : f32
    affine.store %s1, %c[%i1] : memref<277480xf32>
  }
  affine.for %i2 = 0 to 277480 {
    %x2 = affine.load %c[%i2] : memref<277480xf32>
    %y2 = affine.load %d[%i2] : memref<277480xf32>
    %s2 = arith.addf %x2, %y2 : f32
    affine.store %s2, %d[%i2] : memref<277480xf32>
  }
  affine.for %i3 = 0 to 277480 {
    %x3 = affine.load %d[%i3] : memref<277480xf32>
    %y3 = affine.load %a[%i3] : memref<277480xf32>
    %s3 = arith.addf %x3, %y3 : f32
    affine.store %s3, %a[%i3] : memref<277480xf32>
  }
  }
  return
}

func.func @k72_tiled(%a: memref<72x137xf32>, %b: memref<137x70xf32>, %c: memref<72x70xf32>) {
affine.for %ii = 0 to 72 step 24 {
    affine.for %jj = 0 to 70 step 24 {
      affine.for %kk = 0 to 137 step 24 {
        affine.for %i = #id(%ii) to min #tile24_72(%ii) {
          affine.for %j = #id(%jj) to min #tile24_70(%jj) {
            affine.for %k = #id(%kk) to min #tile24_137(%kk) {
              %x = affine.load %a[%i, %k] : memref<72x137xf32>
              %y = affine.load %b[%k, %j] : memref<137x70xf32>
              %z = affine.load %c[%i, %j] : memref<72x70xf32>
              %p = arith.mulf %x, %y : f32
              %s = arith.addf %z, %p : f32
              affine.store %s, %c[%i, %j] : memref<72x70xf32>
            }
          }
        }
      }
    }
  }
  return
}

func.func @k73_strided(%a: memref<98304xf64>, %b: memref<32768xf64>) {
affine.for %t = 0 to 2 {
    affine.for %i = 0 to 32768 {
      %x = affine.load %a[%i * 3 + 0] : memref<98304xf64>
      %y = affine.load %b[%i] : memref<32768xf64>
      %s = arith.addf %x, %y : f64
      affine.store %s, %b[%i] : memref<32768xf64>
    }
  }
  return
}

func.func @k74_stencil(%a: memref<494x406xf64>, %b: memref<494x406xf64>) {
affine.for %t = 0 to 3 {
    affine.for %i = 1 to 493 {
      affine.for %j = 1 to 405 {
        %x0 = affine.load %a[%i + 0, %j + 0] : memref<494x406xf64>
        %x1 = affine.load %a[%i - 1, %j + 0] : memref<494x406xf64>
        %s1 = arith.addf %x0, %x1 : f64
        %x2 = affine.load %a[%i + 1, %j + 0] : memref<494x406xf64>
        %s2 = arith.addf %s1, %x2 : f64
        %x3 = affine.load %a[%i + 0, %j - 1] : memref<494x406xf64>
        %s3 = arith.addf %s2, %x3 : f64
        %x4 = affine.load %a[%i + 0, %j + 1] : memref<494x406xf64>
        %s4 = arith.addf %s3, %x4 : f64
        affine.store %s4, %b[%i, %j] : memref<494x406xf64>
      }
    }
  }
  return
}

func.func @k75_columns(%a: memref<256x1113xi32>, %v: memref<1113xi32>) {
affine.for %j = 0 to 1113 {
    affine.for %i = 0 to 256 {
      %x = affine.load %a[%i, %j] : memref<256x1113xi32>
      %y = affine.load %v[%j] : memref<1113xi32>
      %s = arith.addi %x, %y : i32
      affine.store %s, %v[%j] : memref<1113xi32>
    }
  }
  return
}

func.func @k76_vectors(%a: memref<224x184xi32>, %b: memref<224x184xi32>) {
%p = arith.constant 0 : i32
  affine.for %t = 0 to 3 {
    affine.for %i = 0 to 224 step 4 {
      affine.for %j = 0 to 184 step 4 {
        %x = vector.transfer_read %a[%i, %j], %p {in_bounds = [true, true]} : memref<224x184xi32>, vector<4x4xi32>
        %s = arith.addi %x, %x : vector<4x4xi32>
        vector.transfer_write %s, %b[%i, %j] {in_bounds = [true, true]} : vector<4x4xi32>, memref<224x184xi32>
      }
    }
  }
  return
}

func.func @k77_structured(%a: memref<1x16x27x16xf32>, %k: memref<3x3x16x8xf32>, %o: memref<1x14x25x8xf32>) {
linalg.conv_2d_nhwc_hwcf ins(%a, %k : memref<1x16x27x16xf32>, memref<3x3x16x8xf32>) outs(%o : memref<1x14x25x8xf32>)
  return
}

func.func @k78_views(%a: memref<448x512xf32>, %b: memref<224x170xf32>) {
%c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 224 : index
  %m = arith.constant 170 : index
  %tt = arith.constant 1 : index
  %v = memref.subview %a[148, 223] [224, 170] [1, 1] : memref<448x512xf32> to memref<224x170xf32, strided<[512, 1], offset: 75999>>
  scf.for %t = %c0 to %tt step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        %x = memref.load %v[%i, %j] : memref<224x170xf32, strided<[512, 1], offset: 75999>>
        %y = memref.load %b[%i, %j] : memref<224x170xf32>
        %s = arith.addf %x, %y : f32
        memref.store %s, %b[%i, %j] : memref<224x170xf32>
      }
    }
  }
  return
}

func.func @k79_remainders(%a: memref<943x256xf32>, %b: memref<256xf32>) {
affine.for %i = 0 to 241408 {
    %x = affine.load %a[%i floordiv 256, %i mod 256] : memref<943x256xf32>
    %y = affine.load %b[%i mod 256] : memref<256xf32>
    %s = arith.addf %x, %y : f32
    affine.store %s, %a[%i floordiv 256, %i mod 256] : memref<943x256xf32>
  }
  return
}

func.func @k80_triangular(%a: memref<512x512xi32>, %v: memref<512xi32>, %w: memref<512xi32>) {
affine.for %i = 0 to 512 {
    affine.for %j = 0 to #next(%i) {
      %x = affine.load %a[%i, %j] : memref<512x512xi32>
      %y = affine.load %v[%j] : memref<512xi32>
      %z = affine.load %w[%i] : memref<512xi32>
      %p = arith.muli %x, %y : i32
      %s = arith.addi %z, %p : i32
      affine.store %s, %w[%i] : memref<512xi32>
    }
  }
  return
}

func.func @k81_nests(%a: memref<281183xf32>, %b: memref<281183xf32>, %c: memref<281183xf32>) {
affine.for %t = 0 to 3 {
  affine.for %i0 = 0 to 281183 {
    %x0 = affine.load %a[%i0] : memref<281183xf32>
    %y0 = affine.load %b[%i0] : memref<281183xf32>
    %s0 = arith.addf %x0, %y0 : f32
    affine.store %s0, %b[%i0] : memref<281183xf32>
  }
  affine.for %i1 = 0 to 281183 {
    %x1 = affine.load %b[%i1] : memref<281183xf32>
    %y1 = affine.load %c[%i1] : memref<281183xf32>
    %s1 = arith.addf %x1, %y1 : f32
    affine.store %s1, %c[%i1] : memref<281183xf32>
  }
  }
  return
}

func.func @k82_tiled(%a: memref<841x512xf32>, %b: memref<512x841xf32>) {
affine.for %ii = 0 to 841 step 32 {
    affine.for %jj = 0 to 512 step 32 {
      affine.for %i = #id(%ii) to min #tile32_841(%ii) {
        affine.for %j = #id(%jj) to min #tile32_512(%jj) {
          %x = affine.load %a[%i, %j] : memref<841x512xf32>
          affine.store %x, %b[%j, %i] : memref<512x841xf32>
        }
      }
    }
  }
  return
}

func.func @k83_strided(%a: memref<3020224xi32>, %b: memref<94382xi32>) {
affine.for %t = 0 to 2 {
    affine.for %i = 0 to 94382 {
      %x = affine.load %a[%i * 32 + 17] : memref<3020224xi32>
      %y = affine.load %b[%i] : memref<94382xi32>
      %s = arith.addi %x, %y : i32
      affine.store %s, %b[%i] : memref<94382xi32>
    }
  }
  return
}

func.func @k84_stencil(%a: memref<32x90x64xf32>, %b: memref<32x90x64xf32>) {
affine.for %t = 0 to 1 {
    affine.for %i = 1 to 31 {
      affine.for %j = 1 to 89 {
        affine.for %k = 1 to 63 {
          %x0 = affine.load %a[%i + 0, %j + 0, %k + 0] : memref<32x90x64xf32>
          %x1 = affine.load %a[%i - 1, %j + 0, %k + 0] : memref<32x90x64xf32>
          %s1 = arith.addf %x0, %x1 : f32
          %x2 = affine.load %a[%i + 1, %j + 0, %k + 0] : memref<32x90x64xf32>
          %s2 = arith.addf %s1, %x2 : f32
          %x3 = affine.load %a[%i + 0, %j - 1, %k + 0] : memref<32x90x64xf32>
          %s3 = arith.addf %s2, %x3 : f32
          %x4 = affine.load %a[%i + 0, %j + 1, %k + 0] : memref<32x90x64xf32>
          %s4 = arith.addf %s3, %x4 : f32
          %x5 = affine.load %a[%i + 0, %j + 0, %k - 1] : memref<32x90x64xf32>
          %s5 = arith.addf %s4, %x5 : f32
          %x6 = affine.load %a[%i + 0, %j + 0, %k + 1] : memref<32x90x64xf32>
          %s6 = arith.addf %s5, %x6 : f32
          affine.store %s6, %b[%i, %j, %k] : memref<32x90x64xf32>
        }
      }
    }
  }
  return
}

func.func @k85_columns(%a: memref<997x286xf32>, %v: memref<286xf32>) {
affine.for %j = 0 to 286 {
    affine.for %i = 0 to 997 {
      %x = affine.load %a[%i, %j] : memref<997x286xf32>
      %y = affine.load %v[%j] : memref<286xf32>
      %s = arith.addf %x, %y : f32
      affine.store %s, %v[%j] : memref<286xf32>
    }
  }
  return
}

func.func @k86_vectors(%a: memref<113x128xf32>, %b: memref<113x128xf32>) {
affine.for %t = 0 to 2 {
    affine.for %i = 0 to 113 {
      affine.for %j = 0 to 128 step 4 {
        %x = affine.vector_load %a[%i, %j] : memref<113x128xf32>, vector<4xf32>
        %y = affine.vector_load %b[%i, %j] : memref<113x128xf32>, vector<4xf32>
        %s = arith.addf %x, %y : vector<4xf32>
        affine.vector_store %s, %b[%i, %j] : memref<113x128xf32>, vector<4xf32>
      }
    }
  }
  return
}

func.func @k87_structured(%a: memref<70x146xf32>, %b: memref<146x129xf32>, %c: memref<70x129xf32>) {
linalg.matmul ins(%a, %b : memref<70x146xf32>, memref<146x129xf32>) outs(%c : memref<70x129xf32>)
  return
}

func.func @k88_views(%a: memref<512x350xi32>, %b: memref<256x116xi32>) {
%c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 256 : index
  %m = arith.constant 116 : index
  %tt = arith.constant 4 : index
  %v = memref.subview %a[123, 14] [256, 116] [1, 1] : memref<512x350xi32> to memref<256x116xi32, strided<[350, 1], offset: 43064>>
  scf.for %t = %c0 to %tt step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        %x = memref.load %v[%i, %j] : memref<256x116xi32, strided<[350, 1], offset: 43064>>
        %y = memref.load %b[%i, %j] : memref<256x116xi32>
        %s = arith.addi %x, %y : i32
        memref.store %s, %b[%i, %j] : memref<256x116xi32>
      }
    }
  }
  return
}

func.func @k89_remainders(%a: memref<51225x7xi8>, %b: memref<7xi8>) {
affine.for %i = 0 to 358575 {
    %x = affine.load %a[%i floordiv 7, %i mod 7] : memref<51225x7xi8>
    %y = affine.load %b[%i mod 7] : memref<7xi8>
    %s = arith.addi %x, %y : i8
    affine.store %s, %a[%i floordiv 7, %i mod 7] : memref<51225x7xi8>
  }
  return
}

func.func @k90_triangular(%a: memref<128x128xf32>, %c: memref<128x128xf32>) {
affine.for %i = 0 to 128 {
    affine.for %j = 0 to #next(%i) {
      affine.for %k = 0 to 128 {
        %x = affine.load %a[%i, %k] : memref<128x128xf32>
        %y = affine.load %a[%j, %k] : memref<128x128xf32>
        %z = affine.load %c[%i, %j] : memref<128x128xf32>
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        affine.store %s, %c[%i, %j] : memref<128x128xf32>
      }
    }
  }
  return
}

func.func @k91_nests(%a: memref<100440xi8>, %b: memref<100440xi8>, %c: memref<100440xi8>, %d: memref<100440xi8>) {
affine.for %t = 0 to 3 {
  affine.for %i0 = 0 to 100440 {
    %x0 = affine.load %a[%i0] : memref<100440xi8>
    %y0 = affine.load %b[%i0] : memref<100440xi8>
    %s0 = arith.addi %x0, %y0 : i8
    affine.store %s0, %b[%i0] : memref<100440xi8>
  }
  affine.for %i1 = 0 to 100440 {
    %x1 = affine.load %b[%i1] : memref<100440xi8>
    %y1 = affine.load %c[%i1] : memref<100440xi8>
    %s1 = arith.addi %x1, %y1 : i8
    affine.store %s1, %c[%i1] : memref<100440xi8>
  }
  affine.for %i2 = 0 to 100440 {
    %x2 = affine.load %c[%i2] : memref<100440xi8>
    %y2 = affine.load %d[%i2] : memref<100440xi8>
    %s2 = arith.addi %x2, %y2 : i8
    affine.store %s2, %d[%i2] : memref<100440xi8>
  }
  }
  return
}

func.func @k92_tiled(%a: memref<940x1024xf64>, %b: memref<1024x940xf64>) {
affine.for %ii = 0 to 940 step 48 {
    affine.for %jj = 0 to 1024 step 48 {
      affine.for %i = #id(%ii) to min #tile48_940(%ii) {
        affine.for %j = #id(%jj) to min #tile48_1024(%jj) {
          %x = affine.load %a[%i, %j] : memref<940x1024xf64>
          affine.store %x, %b[%j, %i] : memref<1024x940xf64>
        }
      }
    }
  }
  return
}

func.func @k93_strided(%a: memref<1738496xf32>, %b: memref<54328xf32>) {
affine.for %t = 0 to 1 {
    affine.for %i = 0 to 54328 {
      %x = affine.load %a[%i * 32 + 8] : memref<1738496xf32>
      %y = affine.load %b[%i] : memref<54328xf32>
      %s = arith.addf %x, %y : f32
      affine.store %s, %b[%i] : memref<54328xf32>
    }
  }
  return
}

func.func @k94_stencil(%a: memref<64x67x64xf64>, %b: memref<64x67x64xf64>) {
affine.for %t = 0 to 1 {
    affine.for %i = 1 to 63 {
      affine.for %j = 1 to 66 {
        affine.for %k = 1 to 63 {
          %x0 = affine.load %a[%i + 0, %j + 0, %k + 0] : memref<64x67x64xf64>
          %x1 = affine.load %a[%i - 1, %j + 0, %k + 0] : memref<64x67x64xf64>
          %s1 = arith.addf %x0, %x1 : f64
          %x2 = affine.load %a[%i + 1, %j + 0, %k + 0] : memref<64x67x64xf64>
          %s2 = arith.addf %s1, %x2 : f64
          %x3 = affine.load %a[%i + 0, %j - 1, %k + 0] : memref<64x67x64xf64>
          %s3 = arith.addf %s2, %x3 : f64
          %x4 = affine.load %a[%i + 0, %j + 1, %k + 0] : memref<64x67x64xf64>
          %s4 = arith.addf %s3, %x4 : f64
          %x5 = affine.load %a[%i + 0, %j + 0, %k - 1] : memref<64x67x64xf64>
          %s5 = arith.addf %s4, %x5 : f64
          %x6 = affine.load %a[%i + 0, %j + 0, %k + 1] : memref<64x67x64xf64>
          %s6 = arith.addf %s5, %x6 : f64
          affine.store %s6, %b[%i, %j, %k] : memref<64x67x64xf64>
        }
      }
    }
  }
  return
}

func.func @k95_columns(%a: memref<256x1152xf32>, %v: memref<1152xf32>) {
affine.for %j = 0 to 1152 {
    affine.for %i = 0 to 256 {
      %x = affine.load %a[%i, %j] : memref<256x1152xf32>
      %y = affine.load %v[%j] : memref<1152xf32>
      %s = arith.mulf %x, %y : f32
      affine.store %s, %a[%i, %j] : memref<256x1152xf32>
    }
  }
  return
}

func.func @k96_vectors(%a: memref<259x896xi32>, %b: memref<259x896xi32>) {
%p = arith.constant 0 : i32
  affine.for %t = 0 to 2 {
    affine.for %i = 0 to 259 {
      affine.for %j = 0 to 896 step 16 {
        %x = vector.transfer_read %a[%i, %j], %p {in_bounds = [true]} : memref<259x896xi32>, vector<16xi32>
        %y = vector.transfer_read %b[%i, %j], %p {in_bounds = [true]} : memref<259x896xi32>, vector<16xi32>
        %s = arith.addi %x, %y : vector<16xi32>
        vector.transfer_write %s, %b[%i, %j] {in_bounds = [true]} : vector<16xi32>, memref<259x896xi32>
      }
    }
  }
  return
}

func.func @k97_structured(%a: memref<1x68x72x23xf64>, %k: memref<2x2xf64>, %o: memref<1x34x36x23xf64>) {
linalg.pooling_nhwc_sum {strides = dense<2> : tensor<2xi64>} ins(%a, %k : memref<1x68x72x23xf64>, memref<2x2xf64>) outs(%o : memref<1x34x36x23xf64>)
  return
}

func.func @k98_views(%a: memref<873x398xi32>, %b: memref<436x132xi32>) {
%c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 436 : index
  %m = arith.constant 132 : index
  %tt = arith.constant 2 : index
  %v = memref.subview %a[241, 255] [436, 132] [1, 1] : memref<873x398xi32> to memref<436x132xi32, strided<[398, 1], offset: 96173>>
  scf.for %t = %c0 to %tt step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        %x = memref.load %v[%i, %j] : memref<436x132xi32, strided<[398, 1], offset: 96173>>
        %y = memref.load %b[%i, %j] : memref<436x132xi32>
        %s = arith.addi %x, %y : i32
        memref.store %s, %b[%i, %j] : memref<436x132xi32>
      }
    }
  }
  return
}

func.func @k99_remainders(%a: memref<256x256xi32>, %b: memref<256xi32>) {
affine.for %i = 0 to 65536 {
    %x = affine.load %a[%i floordiv 256, %i mod 256] : memref<256x256xi32>
    %y = affine.load %b[%i mod 256] : memref<256xi32>
    %s = arith.addi %x, %y : i32
    affine.store %s, %a[%i floordiv 256, %i mod 256] : memref<256x256xi32>
  }
  return
}
