//! The command line as a user meets it: every case is a text of commands with their whole output.
//!
//! `TRYCMD=overwrite cargo test --test cli` blesses the outputs; read the difference before committing it.

#[test]
fn cases() {
    trycmd::TestCases::new().case("tests/cases/*.md").case("README.md").case("docs/*.md");
}
