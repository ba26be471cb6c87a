//! The command line: each case is a document of commands with their complete output.
//!
//! `TRYCMD=overwrite cargo test --test cli` accepts the new outputs; review the difference before committing it.

#[test]
fn cases() {
    trycmd::TestCases::new().case("tests/cases/*.md").case("README.md").case("docs/*.md");
}
