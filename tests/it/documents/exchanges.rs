//! Document 004: a request in an `http` block, then `**Response (201 Created):**` and its body.

use reqwest::Method;

use super::lines::{Piece, pieces};
use super::printed::Printed;
use super::request::{Request, Sender};

/// Its requests.
pub fn requests(document: &'static str, text: &str) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    // Whether what follows still belongs to the last request.
    let mut answering = false;
    for piece in pieces(text) {
        match piece {
            Piece::Prose(_, prose) if prose.starts_with('#') => answering = false,
            Piece::Prose(_, prose) => {
                let status = prose.strip_prefix("**Response (").and_then(|it| it.split(' ').next());
                if let (Some(status), Some(request), true) = (status, requests.last_mut(), answering) {
                    request.status = status.parse().ok();
                }
            }
            Piece::Block(block) if block.language == "http" => {
                let request = exchange(document, block.line, &block.text);
                answering = request.is_some();
                requests.extend(request);
            }
            Piece::Block(block) => {
                if let (Some(request), true) = (requests.last_mut(), answering)
                    && request.status.is_some()
                    && request.answer.is_none()
                {
                    request.answer = Printed::parse(&block.text);
                }
            }
        }
    }
    requests
}

fn exchange(document: &'static str, line: usize, text: &str) -> Option<Request> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, path) = lines.next()?.split_once(' ')?;
    let mut request = Request::new(document, line, method, path)?;
    request.sender = Sender::Nobody;
    for header in lines {
        let (name, value) = header.split_once(": ")?;
        match name {
            "Authorization" => request.sender = sender(value),
            "Content-Type" => {}
            _ => request.headers.push((name.to_owned(), value.to_owned())),
        }
    }
    request.body = Printed::parse(body);
    if request.body.is_none() && request.sender == Sender::Nobody && request.method == Method::POST {
        request.sender = Sender::Unsaid; // a header is shown, not the whole request
    }
    Some(request)
}

fn sender(token: &str) -> Sender {
    if token.contains("(optional)") {
        Sender::Nobody
    } else if token.contains("admin") {
        Sender::Admin
    } else if token.contains("service") {
        Sender::Service
    } else {
        Sender::Customer
    }
}
