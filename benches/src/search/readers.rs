//! Clients that ask one thing after another over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use hyper::StatusCode;

use super::check::Ready;
use crate::Error;
use crate::faults::Faults;
use crate::http::load::Caller;
use crate::http::{Ask, Connection, Daybook, position};

/// A client.
pub struct Reader {
    connection: Connection,
    requests: Arc<Vec<Ready>>,
    next: Arc<AtomicUsize>,
}

impl Reader {
    /// So many who share the requests.
    pub async fn several(
        daybook: &Daybook,
        requests: &Arc<Vec<Ready>>,
        count: usize,
    ) -> Result<Vec<Self>, Error> {
        let next = Arc::new(AtomicUsize::new(0));
        let connections = Connection::several(daybook.address, count).await?;
        let one = |connection| Self { connection, requests: Arc::clone(requests), next: Arc::clone(&next) };
        Ok(connections.into_iter().map(one).collect())
    }

    fn next(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % self.requests.len()
    }
}

impl Caller for Reader {
    async fn call(&mut self) -> Result<(), Error> {
        let nth = self.next();
        self.connection.expect(StatusCode::OK, Ask::get(&self.requests[nth].path, "")).await.map(|_| ())
    }
}

/// A client that counts what fails, and what is of an earlier position than an answer that came before it was asked.
pub struct Watching {
    reader: Reader,
    position: Arc<AtomicI64>,
    faults: Arc<Faults>,
}

impl Watching {
    /// These, with what they share.
    pub fn all(readers: Vec<Reader>, faults: &Arc<Faults>) -> Vec<Self> {
        let position = Arc::new(AtomicI64::new(0));
        let one = |reader| Self { reader, position: Arc::clone(&position), faults: Arc::clone(faults) };
        readers.into_iter().map(one).collect()
    }

    async fn ask(&mut self) -> Result<i64, Error> {
        let nth = self.reader.next();
        let path = &self.reader.requests[nth].path;
        let answer = self.reader.connection.answer(Ask::get(path, "")).await?;
        if answer.status() == StatusCode::OK {
            position(&answer, "x-projection-position")
        } else {
            Err(format!("{path} was answered {}", answer.status()).into())
        }
    }
}

impl Caller for Watching {
    async fn call(&mut self) -> Result<(), Error> {
        let before = self.position.load(Ordering::SeqCst);
        match self.ask().await {
            Ok(position) if position < before => {
                self.faults.step_back(format!("position {position} after {before}"));
            }
            Ok(position) => {
                self.position.fetch_max(position, Ordering::SeqCst);
            }
            Err(error) => self.faults.fail(&error),
        }
        Ok(())
    }
}
