//! Feeds any bytes to the expansion; the checks are in `ir::fuzzing`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ir::fuzzing::check_expansion(bytes));
