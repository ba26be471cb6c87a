//! A Unix socket: two threads per client, up to a limit of clients; a slow client delays no other.

#[cfg(unix)]
pub use unix::listen;

#[cfg(not(unix))]
pub fn listen(
    _: &std::path::Path,
    _: &std::sync::Arc<super::service::Service>,
    _: &crate::cli::predict::Serve,
) -> Result<(), crate::diagnostics::Failure> {
    Err(crate::diagnostics::Failure::Request("this system has no Unix sockets: leave --socket out".to_owned()))
}

#[cfg(unix)]
mod unix {
    use std::collections::BTreeMap;
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::net::Shutdown;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::sync::atomic::Ordering;
    use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
    use std::time::Duration;
    #[expect(clippy::disallowed_types, reason = "a client that stalls is left; no result depends on it")]
    use std::time::Instant;

    use super::super::conversation;
    use super::super::queue::Queue;
    use super::super::reply::Problem;
    use super::super::service::Service;
    use super::super::signals;
    use crate::cli::predict::Serve;
    use crate::diagnostics::Failure;
    use crate::messages::message;

    /// Serves clients until a signal comes. Then the socket file is removed and the requests that have arrived are answered, for
    /// up to the time limit of a client.
    pub fn listen(path: &Path, service: &Arc<Service>, arguments: &Serve) -> Result<(), Failure> {
        let (stop, stopped) = mpsc::channel();
        signals::on_end(move || {
            // Fails only if the process is ending.
            let _ = stop.send(());
        })?;
        let file = SocketFile::bind(path)?;
        message!("serving on {}", path.display());
        let server = Arc::new(Server {
            service: Arc::clone(service),
            clients: Mutex::default(),
            left: Condvar::new(),
            most: arguments.connections as usize,
            timeout: Duration::from_secs(arguments.timeout_s),
        });
        let (accepting, listener) = (Arc::clone(&server), file.listener.try_clone()?);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                match client {
                    Ok(client) => accepting.serve(client),
                    // `accept` failed (client gone, or EMFILE); keep serving.
                    Err(_) => std::thread::sleep(Duration::from_millis(10)),
                }
            }
        });
        // The sender lives until it has sent.
        let _ = stopped.recv();
        service.stopping.store(true, Ordering::SeqCst);
        file.remove();
        // Clients that have connected and were not accepted yet.
        file.listener.set_nonblocking(true)?;
        while let Ok((client, _)) = file.listener.accept() {
            server.serve(client);
        }
        server.finish();
        Ok(())
    }

    /// A listener and its file.
    struct SocketFile {
        listener: UnixListener,
        path: PathBuf,
        /// Device and inode of the file.
        identity: Option<(u64, u64)>,
    }

    impl SocketFile {
        /// A listener at a path. A socket file without a listener is replaced; any other file is refused.
        fn bind(path: &Path) -> Result<Self, Failure> {
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
            let listener = UnixListener::bind(path).map_err(|e| refuse(e.to_string()))?;
            Ok(Self { listener, path: path.to_owned(), identity: identity(path) })
        }

        /// Removes the file, unless another server has put its own there.
        fn remove(&self) {
            if self.identity.is_some() && identity(&self.path) == self.identity {
                let _ = std::fs::remove_file(&self.path);
            }
        }
    }

    fn identity(path: &Path) -> Option<(u64, u64)> {
        path.symlink_metadata().ok().map(|file| (file.dev(), file.ino()))
    }

    /// Connected clients by number, and the number of the next.
    #[derive(Default)]
    struct Clients {
        next: u64,
        connected: BTreeMap<u64, UnixStream>,
    }

    struct Server {
        service: Arc<Service>,
        clients: Mutex<Clients>,
        left: Condvar,
        most: usize,
        timeout: Duration,
    }

    impl Server {
        fn clients(&self) -> MutexGuard<'_, Clients> {
            self.clients.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Starts to serve a client.
        fn serve(self: &Arc<Self>, mut client: UnixStream) {
            let _ = client.set_nonblocking(false);
            let _ = client.set_write_timeout(Some(self.timeout));
            let Ok(kept) = client.try_clone() else { return };
            let mut clients = self.clients();
            if clients.connected.len() >= self.most {
                drop(clients);
                let busy = Problem::new("busy", format!("{} clients are served already", self.most));
                let _ = client.write_all(&self.service.error(&None, busy));
                return;
            }
            let number = clients.next;
            clients.next += 1;
            clients.connected.insert(number, kept);
            self.service.clients.store(clients.connected.len() as u64, Ordering::SeqCst);
            drop(clients);
            if self.service.stopping.load(Ordering::SeqCst) {
                let _ = client.shutdown(Shutdown::Read);
            }
            let leave = Leave { server: Arc::clone(self), number };
            // If the system has no more threads, the client is dropped with the closure.
            let _ = std::thread::Builder::new().spawn(move || {
                // A closed connection is not an error of the server.
                let _ = converse(&leave.server, client);
            });
        }

        /// Answers the requests that have arrived and waits for that, up to the time limit of a client.
        fn finish(&self) {
            let clients = self.clients();
            for client in clients.connected.values() {
                // What has arrived is still read.
                let _ = client.shutdown(Shutdown::Read);
            }
            let _ = self.left.wait_timeout_while(clients, self.timeout, |clients| !clients.connected.is_empty());
        }
    }

    /// Removes a client when dropped, also on a panic.
    struct Leave {
        server: Arc<Server>,
        number: u64,
    }

    impl Drop for Leave {
        fn drop(&mut self) {
            let mut clients = self.server.clients();
            if let Some(client) = clients.connected.remove(&self.number) {
                // Its reader may still wait for input.
                let _ = client.shutdown(Shutdown::Both);
            }
            self.server.service.clients.store(clients.connected.len() as u64, Ordering::SeqCst);
            self.server.left.notify_all();
        }
    }

    fn converse(server: &Arc<Server>, client: UnixStream) -> Result<(), Failure> {
        let output = client.try_clone()?;
        let queue = Arc::new(Queue::default());
        let (service, reading) = (Arc::clone(&server.service), End(Arc::clone(&queue)));
        let input = Patient { input: BufReader::new(client), timeout: server.timeout, begun: None };
        std::thread::Builder::new().spawn(move || conversation::read(&service, &reading.0, input))?;
        conversation::answer(&server.service, &queue, output)
    }

    /// Ends a queue when dropped, also on a panic of its reader.
    struct End(Arc<Queue>);

    impl Drop for End {
        fn drop(&mut self) {
            self.0.end();
        }
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
