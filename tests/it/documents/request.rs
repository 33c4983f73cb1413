//! A request that a document prints, and where it stands.

use std::fmt;

use reqwest::Method;

use super::printed::Printed;

/// Who sends a request, as far as its document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    Unsaid,
    Nobody,
    Customer,
    Seller,
    Admin,
    Service,
}

/// A printed request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The document's number: `004`.
    pub document: &'static str,
    /// The line on which it is printed, from 1.
    pub line: usize,
    pub method: Method,
    /// As printed, the query too.
    pub path: String,
    pub sender: Sender,
    /// Printed headers but Authorization and Content-Type.
    pub headers: Vec<(String, String)>,
    pub body: Option<Printed>,
    /// The status that the document gives.
    pub status: Option<u16>,
    /// The answer that the document gives.
    pub answer: Option<Printed>,
}

impl Request {
    /// One without anything but its first line.
    pub fn new(document: &'static str, line: usize, method: &str, path: &str) -> Option<Self> {
        let method = match method {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            _ => return None,
        };
        let (headers, body, status, answer) = (Vec::new(), None, None, None);
        let path = path.to_owned();
        Some(Self { document, line, method, path, sender: Sender::Unsaid, headers, body, status, answer })
    }

    /// Its path below the API's base, without the query, and with `{}` for whatever is put in.
    pub fn route(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        let path = path.strip_prefix("/api/v1").or_else(|| path.strip_prefix("/api")).unwrap_or(path);
        let segments = path.split('/').map(|it| if it.starts_with([':', '{']) { "{}" } else { it });
        let route: Vec<_> = segments.collect();
        match route.join("/").as_str() {
            // One resource under the names of several documents.
            "/auth/me" | "/auth/profile" | "/users/me" => "/users/profile".to_owned(),
            "/auth/change-password" => "/users/change-password".to_owned(),
            route => route.to_owned(),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} ({}, line {})", self.method, self.path, self.document, self.line)
    }
}

/// A document's text, by its number. Without the data, `None`; with `DAYBOOK_REQUIRE_SHARED=1` it has to be there.
pub fn read(number: &str) -> Option<String> {
    let path = shared_data::file(&format!("seeds/{number}"))?;
    Some(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned())
}
