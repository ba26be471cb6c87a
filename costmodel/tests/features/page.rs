//! The page of all features.

use std::path::Path;

use costmodel::{features, kernels};

/// `docs/features.md` is what the declarations give; `HARDWIRE_BLESS=1` writes it.
#[test]
fn the_page_of_features_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/features.md");
    let expected = features::markdown() + &kernels::markdown();
    if std::env::var_os("HARDWIRE_BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(page == expected, "docs/features.md is out of date; HARDWIRE_BLESS=1 writes it");
}
