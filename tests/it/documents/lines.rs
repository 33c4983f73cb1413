//! What the documents have in common: lines, and blocks between fences.

/// The lines of a text with their numbers, from 1.
pub fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// A block between fences.
pub struct Block<'a> {
    /// The line of its first line of content.
    pub line: usize,
    /// What stands behind the opening fence: `json`.
    pub language: &'a str,
    pub text: String,
}

/// A line of prose, or a block.
pub enum Piece<'a> {
    Prose(usize, &'a str),
    Block(Block<'a>),
}

/// A text in its order.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut open) = (Vec::new(), None);
    for (number, line) in numbered(text) {
        match (line.trim().strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block { line: number + 1, language, text: String::new() });
            }
            (Some(_), Some(_)) => pieces.extend(open.take().map(Piece::Block)),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => pieces.push(Piece::Prose(number, line)),
        }
    }
    pieces
}

/// What stands between the first two backticks.
pub fn quoted(line: &str) -> Option<&str> {
    line.split('`').nth(1)
}
