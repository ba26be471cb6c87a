//! Passes of the families of graphs: clean-up, other spellings of named operations, and lowering to loops.

/// A pipeline with bufferisation: passes on tensors before it, passes on loops and buffers after it.
macro_rules! buffers {
    ($before:literal, $($after:literal),+) => {
        concat!(
            "builtin.module(func.func(convert-elementwise-to-linalg",
            $before,
            "),",
            bufferize!(),
            ",func.func(",
            $($after,)+
            "))"
        )
    };
}

/// A pipeline that lowers named operations to affine loops and runs these passes on them.
macro_rules! affine {
    ($after:literal) => {
        buffers!("", "convert-linalg-to-affine-loops,affine-scalrep,", $after)
    };
}

pub(super) const PASSES: &[(&str, &str)] = &[
    ("clean", "builtin.module(func.func(canonicalize,cse))"),
    ("generalise", "builtin.module(func.func(convert-elementwise-to-linalg,linalg-generalize-named-ops,canonicalize))"),
    (
        "fuse",
        "builtin.module(func.func(convert-elementwise-to-linalg,linalg-generalize-named-ops,\
         linalg-fuse-elementwise-ops,canonicalize,cse))",
    ),
    ("category", "builtin.module(func.func(linalg-morph-ops{named-to-category}))"),
    ("specialise", "builtin.module(func.func(linalg-specialize-generic-ops,canonicalize))"),
    ("buffers", buffers!("", "canonicalize,cse")),
    ("to-scf", buffers!("", "convert-linalg-to-loops,canonicalize,cse")),
    (
        "fuse-to-scf",
        buffers!(
            ",linalg-generalize-named-ops,linalg-fuse-elementwise-ops",
            "convert-linalg-to-loops,loop-invariant-code-motion,canonicalize,cse"
        ),
    ),
    ("to-parallel", buffers!("", "convert-linalg-to-parallel-loops,canonicalize,cse")),
    ("to-affine", affine!("canonicalize,cse")),
    ("to-affine-parallel", affine!("affine-parallelize,canonicalize")),
    ("to-affine-fuse", affine!("affine-loop-fusion,affine-scalrep,canonicalize,cse")),
    ("to-affine-unroll4", affine!("affine-loop-unroll{unroll-factor=4},affine-scalrep,canonicalize,cse")),
    ("to-affine-unroll8", affine!("affine-loop-unroll{unroll-factor=8},canonicalize")),
    ("to-affine-jam2", affine!("affine-loop-unroll-jam{unroll-jam-factor=2},affine-scalrep,canonicalize,cse")),
    ("to-affine-jam4", affine!("affine-loop-unroll-jam{unroll-jam-factor=4},affine-scalrep,canonicalize,cse")),
    ("to-affine-tile8", affine!("affine-loop-tile{tile-size=8},canonicalize")),
    ("to-affine-tile32", affine!("affine-loop-tile{tile-size=32},canonicalize")),
    (
        "to-affine-vectorize4",
        affine!("affine-super-vectorize{virtual-vector-size=4 vectorize-reductions=true},canonicalize,cse"),
    ),
    (
        "to-affine-vectorize8",
        affine!("affine-super-vectorize{virtual-vector-size=8 vectorize-reductions=true},canonicalize,cse"),
    ),
    (
        "fuse-to-affine-vectorize8",
        buffers!(
            ",linalg-generalize-named-ops,linalg-fuse-elementwise-ops",
            "convert-linalg-to-affine-loops,affine-super-vectorize{virtual-vector-size=8 \
             vectorize-reductions=true},canonicalize,cse"
        ),
    ),
];
