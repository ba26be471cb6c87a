gpu.module @kernels {
  gpu.func @scale(%a: memref<8xf32>, %f: f32) kernel {
    %i = gpu.thread_id x
    %x = memref.load %a[%i] : memref<8xf32>
    %y = arith.mulf %x by %f : f32
    vendor.store %y, %a[%i] : memref<8xf32> {[1, 2]}
    gpu.return
  }
}
func.func private @imported(i32)
