//! Document 002: `Endpoint:`, `Method:`, and blocks under `Request:`, `Success Response:` and `Error Response:`.

use super::lines::{Piece, pieces};
use super::printed::Printed;
use super::request::{Request, Sender};

/// Its requests.
pub fn requests(document: &'static str, text: &str) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    let (mut endpoint, mut under, mut answer) = ((0, ""), "", String::new());
    for piece in pieces(text) {
        match piece {
            Piece::Prose(line, prose) => {
                let Some((label, value)) = prose.split_once(':') else { continue };
                under = label;
                match (label, value.trim(), requests.last_mut()) {
                    ("Endpoint", path, _) => endpoint = (line, path),
                    ("Method", method, _) => {
                        requests.extend(Request::new(document, endpoint.0, method, endpoint.1));
                    }
                    ("Authentication", who, Some(request)) => {
                        request.sender = if who == "None" { Sender::Nobody } else { Sender::Unsaid };
                    }
                    ("Success Response", ..) => answer.clear(),
                    _ => {}
                }
            }
            Piece::Block(block) => {
                let Some(request) = requests.last_mut() else { continue };
                match under {
                    "Request" => request.body = Printed::parse(&block.text),
                    "Success Response" => {
                        // A page break may have torn it in two.
                        answer.push_str(&block.text);
                        request.answer = Printed::parse(&answer);
                    }
                    _ => {}
                }
            }
        }
    }
    requests
}
