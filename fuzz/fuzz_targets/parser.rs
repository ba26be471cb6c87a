//! Any bytes through the parser; what must hold is in `ir::fuzzing`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ir::fuzzing::check_parser(bytes));
