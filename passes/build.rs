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
    const FILES: [&str; 2] = ["Boundary", "Core"];
    let prefix = std::env::var("MLIR_SYS_220_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".to_owned());
    // Optimised in every build: LLVM's headers are templates, which are many times slower without.
    let level = if std::env::var("PROFILE").as_deref() == Ok("release") { 2 } else { 1 };
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").warnings(false).opt_level(level);
    // As the distribution builds LLVM.
    build.flag("-fno-rtti").flag("-fno-exceptions").flag("-isystem").flag(format!("{prefix}/include"));
    build.define("_GNU_SOURCE", None).define("NDEBUG", None);
    for file in FILES {
        build.file(format!("cpp/{file}.cpp"));
    }
    build.compile("hardwire_passes");
}
