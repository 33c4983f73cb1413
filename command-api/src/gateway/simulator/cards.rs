//! The simulator's test cards: what each token does.

use super::super::CardFace;

/// What a token does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Card {
    /// The status that a charge begins with.
    pub status: &'static str,
    /// Why it is declined.
    pub code: Option<&'static str>,
    pub brand: Option<&'static str>,
    pub last4: Option<&'static str>,
    pub manner: Manner,
}

/// What is odd about the simulator's answers for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Nothing.
    Plain,
    /// It charges, and the first answer is lost.
    AnswerLost,
    /// It takes its time, and then tells so often.
    Late { told: u32 },
    /// It takes its time, and tells of the end before it tells of the beginning.
    Reordered,
    /// What goes back to it comes back a little later, which it tells.
    RefundFails,
}

fn good(brand: &'static str, last4: &'static str) -> Card {
    Card { status: "succeeded", code: None, brand: Some(brand), last4: Some(last4), manner: Manner::Plain }
}

fn bad(code: &'static str) -> Card {
    Card {
        status: "declined",
        code: Some(code),
        brand: Some("visa"),
        last4: Some("0002"),
        manner: Manner::Plain,
    }
}

fn late(manner: Manner) -> Card {
    Card { status: "processing", manner, ..good("visa", "4242") }
}

/// What this token does. Stripe's words do what they do at Stripe; the last ones are the simulator's own.
pub(super) fn card(token: &str) -> Card {
    match token {
        "tok_visa" => good("visa", "4242"),
        "tok_visa_debit" => good("visa", "5556"),
        "tok_mastercard" => good("mastercard", "4444"),
        "tok_amex" => good("amex", "8431"),
        "tok_discover" => good("discover", "1117"),
        "tok_threeDSecure2Required" | "tok_threeDSecureRequired" => {
            Card { status: "requires_action", ..good("visa", "3220") }
        }
        "tok_chargeDeclined" | "tok_visa_chargeDeclined" => bad("card_declined"),
        "tok_chargeDeclinedInsufficientFunds"
        | "tok_visa_chargeDeclinedInsufficientFunds"
        | "tok_insufficientFunds" => bad("insufficient_funds"),
        "tok_chargeDeclinedLostCard" | "tok_visa_chargeDeclinedLostCard" => bad("lost_card"),
        "tok_chargeDeclinedStolenCard" | "tok_visa_chargeDeclinedStolenCard" => bad("stolen_card"),
        "tok_chargeDeclinedFraudulent" => bad("fraudulent"),
        "tok_chargeDeclinedExpiredCard" => bad("expired_card"),
        "tok_chargeDeclinedIncorrectCvc" => bad("incorrect_cvc"),
        "tok_chargeDeclinedProcessingError" => bad("processing_error"),
        "tok_refundFail" => Card { manner: Manner::RefundFails, ..good("visa", "5126") },
        "tok_timeoutAfterCharge" => Card { manner: Manner::AnswerLost, ..good("visa", "4242") },
        "tok_webhookDelayed" => late(Manner::Late { told: 1 }),
        "tok_webhookRepeated" => late(Manner::Late { told: 3 }),
        "tok_webhookLost" => late(Manner::Late { told: 0 }),
        "tok_webhookReordered" => late(Manner::Reordered),
        _ => Card { brand: None, last4: None, ..bad("invalid_token") },
    }
}

impl Card {
    /// What a person may know of it; nothing where there is no such card.
    pub(super) fn face(self) -> Option<CardFace> {
        let (brand, last4) = (self.brand?.to_owned(), self.last4?.to_owned());
        Some(CardFace { brand, last4, expiry_month: 12, expiry_year: 2034 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_do_what_stripe_s_do() {
        assert_eq!(card("tok_visa").status, "succeeded");
        assert_eq!(card("tok_mastercard").last4, Some("4444"));
        assert_eq!(card("tok_chargeDeclined").code, Some("card_declined"));
        assert_eq!(card("tok_threeDSecure2Required").status, "requires_action");
        assert_eq!(
            (card("tok_refundFail").status, card("tok_refundFail").manner),
            ("succeeded", Manner::RefundFails)
        );
        assert_eq!(card("tok_of_somebody_else").code, Some("invalid_token"));
    }

    #[test]
    fn what_is_no_card_has_no_face() {
        assert_eq!(card("tok_visa").face().map(|face| face.last4), Some("4242".to_owned()));
        assert_eq!(card("tok_chargeDeclined").face().map(|face| face.brand), Some("visa".to_owned()));
        assert_eq!(card("4242424242424242").face(), None);
    }
}
