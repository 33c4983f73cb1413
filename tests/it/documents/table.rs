//! docs/documents.md: what each printed request is answered with. The test writes it with `UPDATE_DOCS=1`, and fails
//! when it is not what the test finds.

use std::fmt;
use std::path::Path;

use super::numbers;
use super::request::Request;

/// Where we answer otherwise on purpose: document, request, the fields, and why.
const ON_PURPOSE: [(&str, &str, &[&str], &str); 1] = [(
    "004",
    "GET /api/v1/cart",
    &["`data.tax`", "`data.total`"],
    "8 % of 999.97 is 80.00, not 79.99: the rule that gives the document's own order, 64.00 on 799.98",
)];

/// One request and what became of it.
pub struct Row {
    pub document: &'static str,
    line: usize,
    request: String,
    /// Whether it is of a later part.
    pub later: bool,
    /// The status that is printed, in this document or for the same endpoint in another one.
    pub expected: Option<u16>,
    pub answered: Option<u16>,
    notes: Vec<String>,
    lacks: Vec<String>,
}

impl Row {
    /// A request that was not sent yet.
    pub fn new(request: &Request, later: bool) -> Self {
        let name = format!("{} {}", request.method, request.path);
        Self {
            document: request.document,
            line: request.line,
            later,
            expected: None,
            answered: None,
            notes: Vec::new(),
            lacks: Vec::new(),
            request: name,
        }
    }

    /// Something worth knowing.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Something that is not as printed; on purpose, it is a note.
    pub fn lacks(&mut self, what: String) {
        let purpose = ON_PURPOSE.iter().find(|(document, request, fields, _)| {
            *document == self.document
                && *request == self.request
                && fields.iter().any(|field| what.starts_with(field))
        });
        let Some((.., why)) = purpose else { return self.lacks.push(what) };
        if !self.notes.iter().any(|note| note == why) {
            self.note((*why).to_owned());
        }
    }

    /// Without a printed status any success is right.
    pub fn status_is_right(&self) -> bool {
        match (self.expected, self.answered) {
            (Some(expected), Some(answered)) => expected == answered,
            (None, Some(answered)) => (200..300).contains(&answered),
            (_, None) => false,
        }
    }

    /// Whether it is not answered as its document says.
    pub fn falls_short(&self) -> bool {
        !self.later && (!self.lacks.is_empty() || !self.status_is_right())
    }

    fn cells(&self) -> String {
        let number = |status: Option<u16>| status.map_or_else(String::new, |it| it.to_string());
        let mut notes = if self.later { vec!["later".to_owned()] } else { self.notes.clone() };
        notes.extend(self.lacks.iter().map(|lack| format!("**short: {lack}**")));
        let (expected, answered) = (number(self.expected), number(self.answered));
        let request = self.request.replace('|', "\\|");
        format!("| `{request}` | {} | {expected} | {answered} | {} |", self.line, notes.join("; "))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{} {}: {}", self.document, self.line, self.request, self.lacks.join("; "))
    }
}

/// Compares the table with the one in docs/.
pub fn check(rows: &[Row]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/documents.md");
    let table = table(rows);
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &table).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == table,
        "docs/documents.md differs: run this test with UPDATE_DOCS=1 and look at the difference"
    );
}

fn table(rows: &[Row]) -> String {
    let (later, now): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.later);
    let right = now.iter().filter(|row| !row.falls_short()).count();
    let mut text = format!(
        "# What the documents print\n\n\
         Five documents describe five APIs for one shop; Daybook's is all of them. Each request that they print is sent as it\n\
         is printed, only ids, tokens and the host put in, and must be answered with the printed status and with every printed\n\
         field, of the printed type. A document without a status or a body means the one that another document prints for the\n\
         same endpoint. A field keeps its name in camelCase; where answers have another word for it, the table says so.\n\n\
         `UPDATE_DOCS=1 ./dev test documents` writes this file; without it the test compares.\n\n\
         {right} of {} requests are answered as printed; {} are of parts that come later.\n",
        now.len(),
        later.len(),
    );
    for document in numbers(rows) {
        text.push_str("\n## Document ");
        text.push_str(document);
        text.push_str("\n\n| Request | Line | Printed | Answered | Notes |\n|---|---|---|---|---|\n");
        for row in rows.iter().filter(|row| row.document == document) {
            text.push_str(&row.cells());
            text.push('\n');
        }
    }
    text
}
