//! Document 003: tables of endpoints, flows between the client and its services, and data models.

use super::lines::{Piece, pieces, quoted};
use super::printed::Printed;
use super::request::Request;

/// Its requests. A row of a table that a flow shows in full is there once.
pub fn requests(document: &'static str, text: &str) -> Vec<Request> {
    let (mut rows, mut shown) = (Vec::new(), Vec::new());
    for piece in pieces(text) {
        match piece {
            Piece::Prose(line, prose) => rows.extend(row(document, line, prose)),
            Piece::Block(block) if block.language.is_empty() => {
                shown.extend(flow(document, block.line, &block.text));
            }
            Piece::Block(block) if block.language == "javascript" => {
                if let Some(request) = created_by(&mut rows, &block.text) {
                    request.body = model(&block.text);
                }
            }
            Piece::Block(_) => {}
        }
    }
    rows.retain(|row| !shown.iter().any(|it: &Request| it.method == row.method && it.path == row.path));
    rows.extend(shown);
    rows.sort_by_key(|request| request.line);
    rows
}

/// `| POST | /auth/register | … |`, below the base path of the flows.
fn row(document: &'static str, line: usize, prose: &str) -> Option<Request> {
    let method = prose.strip_prefix("| ")?.split(' ').next()?;
    Request::new(document, line, method, &format!("/api{}", quoted(prose)?))
}

/// `1. Client → POST /api/cart/items { … }`, and what comes back to the client.
fn flow(document: &'static str, first: usize, text: &str) -> Option<Request> {
    let mut steps = text.match_indices("Client ");
    let (start, _) = steps.next()?;
    let asked = text[start..].split_once('→')?.1;
    let (head, _) = asked.split_once("\n2.")?;
    let mut words = head.split_whitespace();
    let line = first + text[..start].matches('\n').count();
    let mut request = Request::new(document, line, words.next()?, words.next()?)?;
    request.body = head
        .find('{')
        .filter(|_| request.method != reqwest::Method::GET)
        .and_then(|at| Printed::parse(&head[at..]));
    let (answered, _) = text.rmatch_indices(". Client ").next()?;
    let answered = &text[answered..];
    request.answer = answered.find('{').and_then(|at| Printed::parse(&answered[at..]));
    Some(request)
}

/// The row that makes one of what a data model shows.
fn created_by<'a>(rows: &'a mut [Request], text: &str) -> Option<&'a mut Request> {
    let collection = text.strip_prefix("// ")?.split(' ').next()?;
    let path = format!("/api/{collection}");
    rows.iter_mut()
        .find(|row| row.method == reqwest::Method::POST && row.path == path && collection == "products")
}

/// A data model as a body: without what the database makes.
fn model(text: &str) -> Option<Printed> {
    let Printed::Object(mut members) = Printed::parse(text)? else { return None };
    members.retain(|(key, _)| key != "_id");
    Some(Printed::Object(members))
}
