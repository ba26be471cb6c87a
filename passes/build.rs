//! Compiles the C++ core into the crate if the feature `mlir` is on.

fn main() {
    println!("cargo::rerun-if-changed=cpp");
    #[cfg(feature = "mlir")]
    compile();
}

#[cfg(feature = "mlir")]
fn compile() {
    println!("cargo::rerun-if-env-changed=MLIR_SYS_220_PREFIX");
    // The plugin's own files are not part of the command: it has its own registration and its own scorer.
    const FILES: [&str; 7] = ["Boundary", "Harness", "Legality", "Nest", "Search", "Steps", "Target"];
    let prefix = std::env::var("MLIR_SYS_220_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".to_owned());
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").warnings(false);
    // As the distribution builds LLVM.
    build.flag("-fno-rtti").flag("-fno-exceptions").flag("-isystem").flag(format!("{prefix}/include"));
    build.define("_GNU_SOURCE", None).define("NDEBUG", None);
    for file in FILES {
        build.file(format!("cpp/{file}.cpp"));
    }
    build.compile("hardwire_passes");
}
