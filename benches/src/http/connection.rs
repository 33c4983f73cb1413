//! One connection, kept open, as a client's pool keeps it.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Error;

/// A connection to Daybook.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

/// What is asked.
pub struct Ask<'a> {
    /// How.
    pub method: Method,
    /// What, from the root.
    pub path: &'a str,
    /// Whose token.
    pub token: &'a str,
    /// With which idempotency key; none if empty.
    pub key: &'a str,
    /// With which body; none if empty.
    pub body: Bytes,
}

impl<'a> Ask<'a> {
    /// A read.
    pub fn get(path: &'a str, token: &'a str) -> Self {
        Self { method: Method::GET, path, token, key: "", body: Bytes::new() }
    }

    /// A write.
    pub fn of(method: Method, path: &'a str, token: &'a str, body: impl Into<Bytes>) -> Self {
        Self { method, path, token, key: "", body: body.into() }
    }

    /// With an idempotency key.
    pub fn once(self, key: &'a str) -> Self {
        Self { key, ..self }
    }
}

impl Connection {
    /// Opens one.
    pub async fn open(address: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_string().parse()? })
    }

    /// Opens so many.
    pub async fn several(address: SocketAddr, count: usize) -> Result<Vec<Self>, Error> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Self::open(address).await?);
        }
        Ok(connections)
    }

    /// Asks, and takes the status and the body.
    pub async fn ask(&mut self, ask: Ask<'_>) -> Result<(StatusCode, Bytes), Error> {
        let answer = self.answer(ask).await?;
        Ok((answer.status(), answer.into_body()))
    }

    /// Asks, and takes the whole answer.
    pub async fn answer(&mut self, ask: Ask<'_>) -> Result<Response<Bytes>, Error> {
        let mut request = Request::builder().method(ask.method).uri(ask.path).header(HOST, &self.host);
        if !ask.token.is_empty() {
            request = request.header(AUTHORIZATION, ask.token);
        }
        if !ask.key.is_empty() {
            request = request.header("idempotency-key", ask.key);
        }
        if !ask.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request.body(Full::new(ask.body))?).await?.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }

    /// As [`Self::ask`], for what has to be answered with this status.
    pub async fn expect(&mut self, status: StatusCode, ask: Ask<'_>) -> Result<Bytes, Error> {
        let asked = format!("{} {}", ask.method, ask.path);
        let (answered, body) = self.ask(ask).await?;
        if answered == status {
            return Ok(body);
        }
        Err(format!("{asked} was answered {answered}: {}", String::from_utf8_lossy(&body)).into())
    }
}

/// The position that a header of an answer says.
pub fn position<T>(answer: &Response<T>, header: &str) -> Result<i64, Error> {
    let said = answer.headers().get(header).ok_or_else(|| format!("an answer without {header}"))?;
    Ok(said.to_str()?.parse()?)
}
