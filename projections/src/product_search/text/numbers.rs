//! Numbers with decimals, and with commas.
//!
//! A comma groups thousands where three digits follow it, and no more than three, the first of them no nought, are before it,
//! be it once or again and again: `1,000` is `1000`; three before it only if the number ends with two noughts. It is one of
//! decimals where one digit follows it, or a nought alone is before it: `17,3` is `17.3`, and `0,125` is `0.125`. Elsewhere, and
//! where more of them follow as in a list, it is between words: `1,2,3` are three, and `13,14` and `140,160` two.

use std::borrow::Cow;

use super::units::is_glued_unit;

/// A text that begins with so many digits: the number that begins there, with the unit that is glued to it, as a word; and
/// how many bytes it has. Nothing where it ends with the digits. `in_list` says that it is behind a number and a comma.
pub(super) fn number(text: &str, digits: usize, in_list: bool) -> Option<(Cow<'_, str>, usize)> {
    let (first, behind) = text.split_at(digits);
    if !first.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if !in_list && let Some((word, bytes)) = with_commas(first, behind) {
        return Some((Cow::Owned(word), digits + bytes));
    }
    let end = digits + decimals('.', behind)?;
    Some((Cow::Borrowed(&text[..end]), end))
}

/// A number with commas, as a word without them, and how many bytes of what is behind its first digits it has.
fn with_commas(first: &str, behind: &str) -> Option<(String, usize)> {
    let (thousands, rest) = behind.split_at(thousands(first, behind));
    let bytes = if thousands.is_empty() {
        let decimals = decimals(',', behind)?;
        if first != "0" && digits(&behind[1..]) > 1 {
            return None;
        }
        decimals
    } else {
        decimals('.', rest).or_else(|| glued(rest))?
    };
    let (rest, behind) = rest.split_at(bytes);
    let goes_on = behind.strip_prefix(',').is_some_and(|behind| digits(behind) > 0);
    if goes_on {
        return None;
    }
    let word = format!("{first}{}{}", thousands.replace(',', ""), rest.replace(',', "."));
    Some((word, thousands.len() + bytes))
}

/// How many bytes of commas with three digits each follow the first digits.
fn thousands(first: &str, behind: &str) -> usize {
    if first.len() > 3 || first.starts_with('0') {
        return 0;
    }
    let mut end = 0;
    while behind[end..].strip_prefix(',').is_some_and(|group| digits(group) == 3) {
        end += 4;
    }
    if first.len() < 3 || behind[..end].ends_with("00") { end } else { 0 }
}

/// How many bytes of decimals behind this sign a text begins with, with the unit that is glued to them: `1.5m` is not 15
/// metres.
fn decimals(sign: char, text: &str) -> Option<usize> {
    let behind = text.strip_prefix(sign)?;
    let digits = digits(behind);
    if digits == 0 {
        return None;
    }
    Some(sign.len_utf8() + digits + glued(&behind[digits..])?)
}

/// How many bytes the unit has that is glued to what is before this text; nothing where something else is.
fn glued(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    (end == 0 || is_glued_unit(&text[..end])).then_some(end)
}

/// How many digits a text begins with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
