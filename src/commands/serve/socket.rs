//! A Unix socket: a thread per client, up to a limit of clients; a slow client delays no other.

#[cfg(unix)]
pub use unix::listen;

#[cfg(not(unix))]
pub fn listen(
    _: &std::path::Path,
    _: super::service::Service,
    _: &crate::cli::predict::Serve,
) -> Result<(), crate::diagnostics::Failure> {
    Err(crate::diagnostics::Failure::Request("this system has no Unix sockets: leave --socket out".to_owned()))
}

#[cfg(unix)]
mod unix {
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;
    #[expect(clippy::disallowed_types, reason = "a client that stalls is left; no result depends on it")]
    use std::time::Instant;

    use super::super::conversation;
    use super::super::request;
    use super::super::service::Service;
    use crate::cli::predict::Serve;
    use crate::diagnostics::Failure;

    /// Serves clients until the process is ended.
    pub fn listen(path: &Path, service: Service, arguments: &Serve) -> Result<(), Failure> {
        let listener = bind(path)?;
        eprintln!("serving on {}", path.display());
        let (service, clients) = (Arc::new(service), Arc::new(AtomicU32::new(0)));
        let timeout = Duration::from_secs(arguments.timeout_s);
        for client in listener.incoming() {
            // `accept` failed (client gone, or EMFILE); keep serving.
            let Ok(mut client) = client else {
                std::thread::sleep(Duration::from_millis(10));
                continue;
            };
            let _ = client.set_write_timeout(Some(timeout));
            if clients.fetch_add(1, Ordering::SeqCst) >= arguments.connections {
                clients.fetch_sub(1, Ordering::SeqCst);
                let mut busy = request::error("busy", format!("{} clients are served already", arguments.connections));
                busy.push(b'\n');
                let _ = client.write_all(&busy);
                continue;
            }
            let (service, clients) = (Arc::clone(&service), Arc::clone(&clients));
            std::thread::spawn(move || {
                let _leave = Leave(clients);
                match converse(&service, client, timeout) {
                    // A closed connection is not an error of the server.
                    Ok(()) | Err(Failure::Output(_)) => {}
                    Err(failure) => crate::diagnostics::report(&failure),
                }
            });
        }
        Ok(())
    }

    /// Decrements the number of clients when dropped, also on a panic.
    struct Leave(Arc<AtomicU32>);

    impl Drop for Leave {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// A listener at a path. A socket file without a listener is replaced; any other file is refused.
    fn bind(path: &Path) -> Result<UnixListener, Failure> {
        let refuse = |why: String| Failure::Request(format!("{}: {why}", path.display()));
        if let Ok(there) = path.symlink_metadata() {
            if !there.file_type().is_socket() {
                return Err(refuse("there is a file that is no socket".to_owned()));
            }
            if UnixStream::connect(path).is_ok() {
                return Err(refuse("a server listens there already".to_owned()));
            }
            std::fs::remove_file(path).map_err(|e| refuse(e.to_string()))?;
        }
        UnixListener::bind(path).map_err(|e| refuse(e.to_string()))
    }

    fn converse(service: &Service, client: UnixStream, timeout: Duration) -> Result<(), Failure> {
        let output = client.try_clone()?;
        let input = Patient { input: BufReader::new(client), timeout, begun: None };
        conversation::converse(service, input, output)
    }

    /// Waits for the start of a request without limit, and for the rest of it up to `timeout`.
    struct Patient {
        input: BufReader<UnixStream>,
        timeout: Duration,
        #[expect(clippy::disallowed_types, reason = "a client that stalls is left; no result depends on it")]
        begun: Option<Instant>,
    }

    impl Read for Patient {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.input.read(out)
        }
    }

    impl BufRead for Patient {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            if self.input.buffer().is_empty() {
                let left = match self.begun {
                    None => None,
                    Some(begun) => {
                        let left = self.timeout.saturating_sub(begun.elapsed());
                        if left.is_zero() {
                            return Err(io::ErrorKind::TimedOut.into());
                        }
                        Some(left)
                    }
                };
                self.input.get_ref().set_read_timeout(left)?;
            }
            self.input.fill_buf()
        }

        #[expect(clippy::disallowed_types, reason = "a client that stalls is left; no result depends on it")]
        fn consume(&mut self, taken: usize) {
            let ended = taken > 0 && self.input.buffer()[taken - 1] == b'\n';
            if ended {
                self.begun = None;
            } else if self.begun.is_none() {
                self.begun = Some(Instant::now());
            }
            self.input.consume(taken);
        }
    }
}
