//! Reads input files as text, up to a size limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use designs::huggingface::{Checkpoint, MAX_HEADER};
use designs::{Design, Model, Override, Unreadable};

use crate::diagnostics::Failure;

/// Opens a file to read. Opening a named pipe waits for its writer, so pipes are taken only where the system names them
/// (`/dev/stdin`, `/dev/fd/3`), which are open already.
pub fn open(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let system = path.starts_with("/dev") || path.starts_with("/proc");
        if !system && std::fs::metadata(path)?.file_type().is_fifo() {
            return Err(io::Error::other("it is a named pipe; pass its contents on standard input"));
        }
    }
    File::open(path)
}

/// The text of a file, or the reason why it cannot be read.
pub fn read(path: &str) -> Result<String, Unreadable> {
    let file = files::regular(Path::new(path));
    designs::load::text(file.map_err(|reason| Unreadable(reason.to_string()))?)
}

/// Parses `--set` arguments.
pub fn overrides(arguments: &[String]) -> Result<Vec<Override>, Failure> {
    Ok(study::changes(arguments)?)
}

/// Loads a design by preset name or path.
pub fn design(reference: &str, overrides: &[Override]) -> Result<Design, Failure> {
    Ok(designs::load::design(reference, overrides, &read)?)
}

/// Reads the header of a safetensors file, or the index of several.
pub fn checkpoint(path: &str) -> Result<Checkpoint, Failure> {
    let refuse = |reason: String| Failure::Request(format!("cannot read `{path}`: {reason}"));
    let io = |error: std::io::Error| refuse(error.to_string());
    let mut file = open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let index = path.ends_with(".json");
    let length = if index {
        size
    } else {
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(|_| refuse("it is too short for a safetensors file".to_owned()))?;
        u64::from_le_bytes(length)
    };
    let rest = if index { size } else { size.saturating_sub(8) };
    if length > rest || length > MAX_HEADER {
        let limit = rest.min(MAX_HEADER);
        return Err(refuse(format!("its header claims {length} bytes; at most {limit} are there or read")));
    }
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(io)?;
    let text = String::from_utf8(bytes).map_err(|_| refuse("its header is not UTF-8 text".to_owned()))?;
    let read = if index { Checkpoint::from_index } else { Checkpoint::from_header };
    Ok(read(path, &text)?)
}

/// Loads a model by preset name or path.
pub fn model(reference: &str) -> Result<Model, Failure> {
    Ok(designs::load::model(reference, &read)?)
}
