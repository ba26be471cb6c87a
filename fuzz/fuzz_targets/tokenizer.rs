//! Any bytes through the tokenizer; what must hold is in `ir::fuzzing`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ir::fuzzing::check_tokenizer(bytes));
