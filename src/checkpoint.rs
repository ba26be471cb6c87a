//! Checkpoints of simulations: a line that says what they are of, then the state as JSON.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sim::{Keeper, Prepared, Unfinished};
use storage::hash::ContentHash;

use crate::diagnostics::Failure;
use crate::messages::message;

/// The clock of the user, who waits.
#[expect(clippy::disallowed_types, reason = "how often a file is written is a matter of the user's time")]
type Clock = std::time::Instant;

/// Version of the format.
const VERSION: u32 = 1;
/// Longest first line that is read, bytes.
const MAX_HEAD: u64 = 1 << 10;
/// Largest state that is read, bytes: that of the largest machine that is simulated takes less.
const MAX_STATE: u64 = 8 << 30;

/// The first line of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// Always "simulation".
    hardwire_checkpoint: String,
    version: u32,
    /// Hash of the request and the program's version.
    request: String,
    /// Hash of the state's text.
    state: String,
}

fn hash(text: &str) -> String {
    format!("{:032x}", ContentHash::of(text.as_bytes()))
}

/// The checkpoint of a run.
pub struct Checkpoint {
    path: PathBuf,
    request: String,
    every: Duration,
    written: Clock,
    found: Option<Unfinished>,
    /// A write has failed: the run goes on without its checkpoint.
    failed: bool,
}

impl Checkpoint {
    /// The checkpoint of `prepared` at `path`, written every `seconds`.
    ///
    /// # Errors
    /// If the run keeps no state, or the file is there and is not one of this request and version.
    pub fn open(path: &Path, prepared: &Prepared, seconds: u64) -> Result<Self, Failure> {
        if !prepared.is_kept() {
            let why = "--checkpoint keeps decode under dataflow from events or cycles; this run is another one, or is measured by \
                       layers, which takes seconds";
            return Err(Failure::Request(why.to_owned()));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(Failure::Request(format!("{}: there is no folder `{}`", path.display(), folder.display())));
        }
        let request = hash(&prepared.identity());
        let found = match std::fs::exists(path) {
            Ok(false) => None,
            _ => Some(read(path, &request).map_err(|why| Failure::Request(format!("{}: {why}", path.display())))?),
        };
        if let Some(found) = &found {
            message!("{}: going on after {} tokens", path.display(), found.tokens());
        }
        let every = Duration::from_secs(seconds);
        Ok(Self { path: path.to_owned(), request, every, written: Clock::now(), found, failed: false })
    }

    /// Tokens that were done before.
    pub fn tokens(&self) -> u64 {
        self.found.as_ref().map_or(0, Unfinished::tokens)
    }

    /// Removes the file of a run that has ended.
    pub fn finish(self) {
        let gone =
            std::fs::remove_file(&self.path).map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |()| true);
        if !gone {
            message!("warning: {}: the checkpoint could not be removed", self.path.display());
        }
    }

    fn write(&self, run: &Unfinished) -> io::Result<()> {
        let state = serde_json::to_string(run)?;
        let head = Head {
            hardwire_checkpoint: "simulation".to_owned(),
            version: VERSION,
            request: self.request.clone(),
            state: hash(&state),
        };
        files::replace(&self.path, |out| {
            serde_json::to_writer(&mut *out, &head)?;
            out.write_all(b"\n")?;
            out.write_all(state.as_bytes())
        })
    }
}

impl Keeper for Checkpoint {
    fn begin(&mut self) -> Option<Unfinished> {
        self.found.take()
    }

    fn offer(&mut self, run: &dyn Fn() -> Unfinished) {
        if self.failed || self.written.elapsed() < self.every {
            return;
        }
        if let Err(error) = self.write(&run()) {
            message!("warning: {}: no checkpoint is written: {error}", self.path.display());
            self.failed = true;
        }
        self.written = Clock::now();
    }
}

/// Reads a checkpoint of `request`.
fn read(path: &Path, request: &str) -> Result<Unfinished, String> {
    let text = |error: io::Error| error.to_string();
    let mut file = BufReader::new(files::regular(path).map_err(text)?);
    let mut line = String::new();
    let no_checkpoint = "it is no checkpoint of a simulation; --checkpoint writes this file, so name another one";
    (&mut file).take(MAX_HEAD).read_line(&mut line).map_err(|_| no_checkpoint.to_owned())?;
    let head: Head = serde_json::from_str(&line).map_err(|_| no_checkpoint.to_owned())?;
    if head.version != VERSION {
        return Err(format!("it has version {} of the format; this program reads version {VERSION}", head.version));
    }
    if head.request != request {
        return Err(
            "it is of another request, or of another version of this program; remove it to start anew".to_owned()
        );
    }
    let state = rest(file).map_err(text)?;
    if hash(&state) != head.state {
        return Err("it is damaged; remove it to start anew".to_owned());
    }
    serde_json::from_str(&state)
        .map_err(|error| format!("this program cannot read it ({error}); remove it to start anew"))
}

/// The text after the first line.
fn rest(mut file: BufReader<File>) -> io::Result<String> {
    let mut text = String::new();
    (&mut file).take(MAX_STATE).read_to_string(&mut text)?;
    Ok(text)
}
