//! Wrapper of every call: catches panics, and turns errors into a status and a message.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::types::{HARDWIRE_ABI_VERSION, Status};

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// A call that failed.
pub(crate) struct Error {
    pub status: Status,
    pub message: String,
}

impl Error {
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub fn null(what: &str) -> Self {
        Self::new(Status::NullArgument, format!("`{what}` is null"))
    }
}

/// A zero-terminated string; zeros inside are removed.
pub(crate) fn c_string(text: &str) -> CString {
    let bytes = text.bytes().filter(|&b| b != 0).collect::<Vec<u8>>();
    CString::new(bytes).unwrap_or_default()
}

/// Stores a failure's message for the calling thread.
pub(crate) fn note(error: &Error) -> Status {
    // During the end of a thread its storage may be gone; the message is dropped.
    let _ = LAST.try_with(|last| *last.borrow_mut() = c_string(&error.message));
    error.status
}

/// Runs the body of a call.
pub(crate) fn call(body: impl FnOnce() -> Result<(), Error>) -> Status {
    match guard(body) {
        Ok(()) => Status::Ok,
        Err(error) => note(&error),
    }
}

/// Runs a closure and turns a panic into an error.
pub(crate) fn guard<R>(body: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    // Unwind safe: locked state is consistent after a panic (see `costmodel::predictor`), and arguments are plain data.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(Error::new(Status::Internal, format!("a bug in hardwire: {}", text.unwrap_or("no message"))))
    })
}

/// Version of the library's interface; must equal `HARDWIRE_ABI_VERSION` of the header.
#[unsafe(no_mangle)]
pub extern "C" fn hardwire_abi_version() -> u32 {
    HARDWIRE_ABI_VERSION
}

/// Message of the last failure on the calling thread; empty if there was none. Valid until the thread's next failure.
#[unsafe(no_mangle)]
pub extern "C" fn hardwire_last_error() -> *const c_char {
    LAST.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

/// Name of a status, e.g. "UNKNOWN_TARGET"; "?" for a number that is not a status.
#[unsafe(no_mangle)]
pub extern "C" fn hardwire_status_name(status: u32) -> *const c_char {
    // In the order of the numbers.
    const NAMES: [&CStr; Status::Assumption as usize + 1] = [
        c"OK",
        c"NULL_ARGUMENT",
        c"NOT_UTF8",
        c"TOO_LARGE",
        c"TEXT",
        c"NO_FUNCTION",
        c"MODEL_FILE",
        c"UNKNOWN_TARGET",
        c"OUT_OF_RANGE",
        c"UNKNOWN",
        c"INTERNAL",
        c"ASSUMPTION",
    ];
    NAMES.get(status as usize).unwrap_or(&c"?").as_ptr()
}
