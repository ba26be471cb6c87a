//! The page of all features.

use std::path::Path;

use costmodel::features::markdown;

/// `docs/features.md` is what the declarations give; `HARDWIRE_BLESS=1` writes it.
#[test]
fn the_page_of_features_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/features.md");
    if std::env::var_os("HARDWIRE_BLESS").is_some() {
        std::fs::write(&path, markdown()).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(page == markdown(), "docs/features.md is out of date; HARDWIRE_BLESS=1 writes it");
}
