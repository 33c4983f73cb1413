//! Between a decider and Postgres: a proxy that reads the protocol just well enough to stop at a given statement.
//!
//! A gate stands at a statement, before it is sent on, after it was sent on, or before its answer goes back. What
//! reaches the gate waits there until the test lets it pass, cuts the connection, or orphans it: the client's side is cut
//! and the server's stays open, as after a crash of the client's machine.

use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

/// Where a gate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The statement is not sent on.
    Request,
    /// The statement was sent on; nobody waits for the answer.
    Sent,
    /// The statement was carried out; the answer is not sent back.
    Answer,
}

enum Verdict {
    Pass,
    Cut,
    Orphan,
}

/// A gate that nothing has reached yet.
struct Armed {
    statement: &'static str,
    holding: Vec<u8>,
    at: At,
    reached: oneshot::Sender<()>,
    verdict: oneshot::Receiver<Verdict>,
}

/// A gate. Dropping it without a verdict freezes what stands there.
pub struct Gate {
    reached: oneshot::Receiver<()>,
    verdict: oneshot::Sender<Verdict>,
}

impl Gate {
    /// Until something stands at it.
    pub async fn reached(&mut self) {
        (&mut self.reached).await.unwrap();
    }

    /// Nothing has come to it.
    pub fn unreached(mut self) {
        assert!(self.reached.try_recv().is_err(), "something came to a gate that nothing should come to");
    }

    pub fn pass(self) {
        let _ = self.verdict.send(Verdict::Pass);
    }

    pub fn cut(self) {
        let _ = self.verdict.send(Verdict::Cut);
    }

    pub fn orphan(self) {
        let _ = self.verdict.send(Verdict::Orphan);
    }
}

struct Shared {
    port: u16,
    gates: Mutex<Vec<Armed>>,
    cuts: watch::Sender<u64>,
}

/// A proxy in front of the tests' Postgres.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut_all();
    }
}

impl Proxy {
    pub async fn start(server: &PgConnectOptions) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            port: server.get_port(),
            gates: Mutex::default(),
            cuts: watch::Sender::new(0),
        });
        let accepting = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let shared = Arc::clone(&shared);
                    let mut cuts = shared.cuts.subscribe();
                    tokio::spawn(async move {
                        tokio::select! {
                            _ = cuts.changed() => {}
                            () = async {
                                if let Ok(Some(mut orphan)) = carry(client, &shared).await {
                                    // The server's side stays open until the server ends it.
                                    while orphan.from.next(true).await.is_ok() {}
                                }
                            } => {}
                        }
                    });
                }
            }
        });
        Self { port, shared, accepting }
    }

    /// These options, but by this proxy.
    pub fn lead(&self, options: PgConnectOptions) -> PgConnectOptions {
        options.host("127.0.0.1").port(self.port)
    }

    /// A gate at the next statement that has this text.
    pub fn gate(&self, statement: &'static str, at: At) -> Gate {
        self.gate_holding(statement, "", at)
    }

    /// A gate at the next statement that has this text and is given this value.
    pub fn gate_holding(&self, statement: &'static str, value: &str, at: At) -> Gate {
        let (arrival, reached) = oneshot::channel();
        let (verdict, heard) = oneshot::channel();
        let holding = value.as_bytes().to_vec();
        let armed = Armed { statement, holding, at, reached: arrival, verdict: heard };
        self.shared.gates.lock().unwrap().push(armed);
        Gate { reached, verdict }
    }

    /// Cuts every connection.
    pub fn cut_all(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }
}

/// One direction of a connection, by messages.
struct Messages {
    half: OwnedReadHalf,
    bytes: Vec<u8>,
}

impl Messages {
    fn new(half: OwnedReadHalf) -> Self {
        Self { half, bytes: Vec::new() }
    }

    /// The next message; `typed` unless it is the first that a client sends. Nothing is lost if this is dropped.
    async fn next(&mut self, typed: bool) -> io::Result<Vec<u8>> {
        let tag = usize::from(typed);
        loop {
            if let Some(length) = self.bytes.get(tag..tag + 4) {
                let length = tag + u32::from_be_bytes(length.try_into().unwrap()) as usize;
                if self.bytes.len() >= length {
                    let rest = self.bytes.split_off(length);
                    return Ok(std::mem::replace(&mut self.bytes, rest));
                }
            }
            if self.half.read_buf(&mut self.bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// A statement with its values, as it goes over the wire.
#[derive(Default)]
struct Request {
    bytes: Vec<u8>,
    statement: Option<String>,
}

/// The server's side of a connection.
struct Server {
    from: Messages,
    to: OwnedWriteHalf,
}

/// Carries a connection until it ends; the server's side, where the client's alone was cut.
async fn carry(client: TcpStream, shared: &Shared) -> io::Result<Option<Server>> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.port)).await?;
    let (from_client, mut to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut from_client = Messages::new(from_client);
    let mut server = Server { from: Messages::new(from_server), to: to_server };
    server.to.write_all(&from_client.next(false).await?).await?;
    // Until the server is ready for the first statement, each waits for the other: nothing to stop at.
    loop {
        tokio::select! {
            message = from_client.next(true) => server.to.write_all(&message?).await?,
            message = server.from.next(true) => {
                let message = message?;
                to_client.write_all(&message).await?;
                if message[0] == b'Z' {
                    break;
                }
            }
        }
    }
    let mut prepared = HashMap::new();
    loop {
        let mut request = Request::default();
        loop {
            tokio::select! {
                message = from_client.next(true) => if gather(&mut request, &mut prepared, &message?) { break },
                message = server.from.next(true) => to_client.write_all(&message?).await?,
            }
        }
        let mut gate = armed_for(shared, &request);
        match verdict(At::Request, &mut gate).await {
            Verdict::Pass => {}
            Verdict::Cut => return Ok(None),
            Verdict::Orphan => return Ok(Some(server)),
        }
        server.to.write_all(&request.bytes).await?;
        if request.bytes[0] == b'X' {
            return Ok(None);
        }
        match verdict(At::Sent, &mut gate).await {
            Verdict::Pass => {}
            Verdict::Cut => return Ok(None),
            Verdict::Orphan => return Ok(Some(server)),
        }
        let mut answer = Vec::new();
        let ended = loop {
            match server.from.next(true).await {
                Ok(message) => {
                    answer.extend_from_slice(&message);
                    if message[0] == b'Z' {
                        break Ok(());
                    }
                }
                Err(error) => break Err(error),
            }
        };
        match verdict(At::Answer, &mut gate).await {
            Verdict::Pass => {}
            Verdict::Cut => return Ok(None),
            Verdict::Orphan => return Ok(Some(server)),
        }
        to_client.write_all(&answer).await?;
        ended?;
    }
}

/// Takes a message into the request; whether it is whole.
fn gather(request: &mut Request, prepared: &mut HashMap<Vec<u8>, String>, message: &[u8]) -> bool {
    request.bytes.extend_from_slice(message);
    let mut words = message[5..].split(|byte| *byte == 0);
    match message[0] {
        b'P' => {
            let name = words.next().unwrap_or_default().to_vec();
            let text = String::from_utf8_lossy(words.next().unwrap_or_default()).into_owned();
            prepared.insert(name, text);
        }
        b'B' => request.statement = words.nth(1).and_then(|name| prepared.get(name)).cloned(),
        b'Q' => request.statement = words.next().map(|text| String::from_utf8_lossy(text).into_owned()),
        _ => {}
    }
    matches!(message[0], b'S' | b'Q' | b'X')
}

/// The gate that a request will reach.
fn armed_for(shared: &Shared, request: &Request) -> Option<Armed> {
    let statement = request.statement.as_deref()?;
    let mut gates = shared.gates.lock().unwrap();
    let place = gates.iter().position(|gate| {
        statement.contains(gate.statement)
            && (gate.holding.is_empty()
                || request.bytes.windows(gate.holding.len()).any(|w| w == gate.holding))
    })?;
    Some(gates.remove(place))
}

/// What the test says to what stands here, if a gate does.
async fn verdict(here: At, gate: &mut Option<Armed>) -> Verdict {
    let Some(gate) = gate.take_if(|gate| gate.at == here) else { return Verdict::Pass };
    let _ = gate.reached.send(());
    match gate.verdict.await {
        Ok(verdict) => verdict,
        // Frozen, for as long as the proxy is there.
        Err(_) => std::future::pending().await,
    }
}
