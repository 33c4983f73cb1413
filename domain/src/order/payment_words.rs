//! The words for a kind of payment: those that an order may be placed with, and those that are published.

/// What an order may be placed with. Each of them is published.
pub const ACCEPTED: [&str; 10] = [
    "card",
    "credit_card",
    "debit_card",
    "paypal",
    "google_pay",
    "apple_pay",
    "bank_transfer",
    "invoice",
    "cash",
    "cash_on_delivery",
];

/// What is published besides: older events have these. Words may be added here, and none is ever taken away.
const ALSO_PUBLISHED: [&str; 6] = ["cod", "wallet", "stripe", "simulator", "manual", "import"];

/// The word that a text is, however it is written: `Credit Card` and `credit-card` are `credit_card`.
fn word(text: &str) -> String {
    text.to_ascii_lowercase().replace([' ', '-'], "_")
}

/// Whether an order may be placed with this word.
pub fn is_accepted(text: &str) -> bool {
    ACCEPTED.contains(&word(text).as_str())
}

/// The word as it is published. Any other text may be a token or a saved method's id, and is not.
pub(super) fn published(text: &str) -> Option<String> {
    let word = word(text);
    (ACCEPTED.contains(&word.as_str()) || ALSO_PUBLISHED.contains(&word.as_str())).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_is_accepted_is_published_however_it_is_written() {
        for accepted in ACCEPTED {
            for between in ["_", " ", "-"] {
                let written = accepted.replace('_', between);
                for written in [written.to_ascii_uppercase(), written] {
                    assert!(is_accepted(&written), "{written}");
                    assert_eq!(published(&written).as_deref(), Some(accepted), "{written}");
                }
            }
        }
    }

    /// Guards those who read what was published.
    #[test]
    fn no_word_that_was_published_is_taken_away() {
        let before = "card credit_card debit_card paypal apple_pay google_pay bank_transfer cash_on_delivery cod wallet \
                      stripe simulator manual import";
        for word in before.split_whitespace() {
            assert_eq!(published(word).as_deref(), Some(word));
        }
        for other in
            ["tok_visa", "pm_card_visa", "0190b5a0-0000-7000-8000-000000000000", "4242 4242 4242 4242", ""]
        {
            assert_eq!(published(other), None, "{other}");
        }
    }
}
