//! The committed header equals the generated one.

#[test]
fn the_header_is_current() {
    let root = env!("CARGO_MANIFEST_DIR");
    let config = cbindgen::Config::from_file(format!("{root}/cbindgen.toml")).expect("the configuration is read");
    let bindings = cbindgen::Builder::new().with_crate(root).with_config(config).generate().expect("a header");
    let mut current = Vec::new();
    bindings.write(&mut current);
    let path = format!("{root}/include/hardwire.h");
    if std::env::var_os("HARDWIRE_BLESS").is_some() {
        std::fs::write(&path, &current).expect("the header is written");
    }
    let committed = std::fs::read(&path).expect("the header is there");
    assert!(committed == current, "the header is out of date: `make header`, and read the difference");
}
