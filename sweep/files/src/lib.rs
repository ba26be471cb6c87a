//! File access of the command and the Python package: regular files to read ([`regular`]), files that are written whole or not at
//! all ([`replace()`]), and record logs that one process at a time appends to ([`record_file`]).

pub mod record_file;
mod replace;

use std::fs::File;
use std::io;
use std::path::Path;

pub use replace::replace;

/// Opens a regular file to read. Others are refused before they are opened: opening a pipe waits for its writer, and a device
/// has no end.
///
/// # Errors
/// I/O errors; if it is no regular file.
pub fn regular(path: &Path) -> io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    File::open(path)
}
