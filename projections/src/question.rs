//! What a list is asked for, in short: its cursors have that, so that none goes on with another list.
//!
//! The next page may be asked of another process, or of a newer build. So what is hashed are bytes that are laid down here,
//! and by an algorithm that is laid down too; what std hashes, and how, may change.

use std::collections::BTreeSet;

use domain::Money;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What was asked for, in short: not a proof, but no slip passes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(pub(crate) u32);

/// What is asked for, piece by piece, each with its length before it, so that no two questions make one text.
#[derive(Default)]
pub(crate) struct Question(Sha256);

impl Question {
    /// A word; none is not the same as an empty one.
    pub(crate) fn word(self, word: Option<&str>) -> Self {
        self.piece(word.map(str::as_bytes))
    }

    /// Words that mean the same in any order, however often each is there.
    pub(crate) fn words(self, words: Option<impl IntoIterator<Item = String>>) -> Self {
        let words: Option<BTreeSet<String>> = words.map(|words| words.into_iter().collect());
        let count = words.as_ref().map(|words| i64::try_from(words.len()).unwrap_or(i64::MAX));
        words.iter().flatten().fold(self.number(count), |question, word| question.word(Some(word)))
    }

    pub(crate) fn number(self, number: Option<i64>) -> Self {
        self.piece(number.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice))
    }

    pub(crate) fn whether(self, is_so: Option<bool>) -> Self {
        self.number(is_so.map(i64::from))
    }

    pub(crate) fn money(self, money: Option<Money>) -> Self {
        let currency = money.map(|money| money.currency);
        self.number(money.map(|money| money.amount)).word(currency.as_ref().map(domain::Currency::code))
    }

    pub(crate) fn id(self, id: Option<Uuid>) -> Self {
        self.piece(id.as_ref().map(|id| id.as_bytes().as_slice()))
    }

    fn piece(mut self, bytes: Option<&[u8]>) -> Self {
        self.0.update([u8::from(bytes.is_some())]);
        if let Some(bytes) = bytes {
            self.0.update((bytes.len() as u64).to_be_bytes());
            self.0.update(bytes);
        }
        self
    }

    pub(crate) fn fingerprint(self) -> Fingerprint {
        let digest = self.0.finalize();
        Fingerprint(digest.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Question {
        Question::default().words(Some(words.iter().map(|&word| word.to_owned())))
    }

    /// Guards against cursors that another process or the next build refuses.
    #[test]
    fn a_fingerprint_is_the_same_in_every_build() {
        let usd = Money::new(-105, "usd".parse().unwrap());
        let question = Question::default().word(Some("café")).word(None).number(Some(7)).whether(Some(true));
        let question = question.money(Some(usd)).id(Some(Uuid::from_u128(7)));
        let question = question.words(Some(["b", "a", "b"].map(str::to_owned)));
        assert_eq!(question.fingerprint(), Fingerprint(0xedee_42a2));
    }

    #[test]
    fn words_are_the_same_in_any_order_and_no_two_questions_are_one() {
        let (one, same) = (words(&["acme", "bright"]), words(&["bright", "acme", "bright"]));
        assert_eq!(one.fingerprint(), same.fingerprint());
        let questions = [
            Question::default().words(None::<[String; 0]>),
            words(&[]),
            words(&[""]),
            words(&["acme", "bright"]),
            words(&["acme"]).word(Some("bright")),
            words(&["acmebright"]),
            Question::default().word(Some("acme")).word(None),
            Question::default().word(None).word(Some("acme")),
        ];
        let all: BTreeSet<u32> = questions.into_iter().map(|it| it.fingerprint().0).collect();
        assert_eq!(all.len(), 8);
    }
}
