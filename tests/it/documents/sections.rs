//! Document 000: a section for each endpoint, with its route, and bodies in blocks or in the line.

use super::lines::{Piece, pieces, quoted};
use super::printed::Printed;
use super::request::{Request, Sender};

/// What the next block is.
#[derive(Clone, Copy)]
enum Next {
    Nothing,
    Body,
    Answer,
}

/// Its requests.
pub fn requests(document: &'static str, text: &str) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    let mut next = Next::Nothing;
    for piece in pieces(text) {
        match piece {
            Piece::Prose(line, prose) if prose.starts_with('#') => {
                next = Next::Nothing;
                let heading = prose.strip_prefix("### ").and_then(|it| it.split_once(' '));
                requests
                    .extend(heading.and_then(|(method, path)| Request::new(document, line, method, path)));
            }
            Piece::Prose(_, prose) => {
                if let Some(request) = requests.last_mut() {
                    next = point(request, prose).unwrap_or(next);
                }
            }
            Piece::Block(block) => {
                if let Some(request) = requests.last_mut() {
                    take(request, next, &block.text);
                }
                next = Next::Nothing;
            }
        }
    }
    requests
}

/// One bullet of a section.
fn point(request: &mut Request, prose: &str) -> Option<Next> {
    let (name, rest) = prose.trim().strip_prefix("- **")?.split_once("**:")?;
    match name {
        "Route" => quoted(rest)?.clone_into(&mut request.path),
        "Query Params" => request.path.push_str(quoted(rest)?),
        "Auth" => request.sender = sender(rest),
        "Request Body" | "Response" => {
            let next = if name == "Response" { Next::Answer } else { Next::Body };
            if let Some(inline) = quoted(rest) {
                take(request, next, inline);
                return Some(Next::Nothing);
            }
            return Some(next);
        }
        _ => {}
    }
    Some(Next::Nothing)
}

fn sender(auth: &str) -> Sender {
    if auth.contains("Seller") {
        Sender::Seller
    } else if auth.contains("Public") {
        Sender::Nobody
    } else {
        Sender::Customer
    }
}

fn take(request: &mut Request, next: Next, text: &str) {
    match next {
        Next::Nothing => {}
        Next::Body => request.body = Printed::parse(text),
        Next::Answer => request.answer = Printed::parse(text),
    }
}
