//! Webhook signatures in Stripe's form: `t=1492774577,v1=5257a869…`, where `v1` is the HMAC-SHA256 of `t.body` in
//! hexadecimal. There may be several `v1`, while a secret is being changed; other schemes are ignored
//! (<https://docs.stripe.com/webhooks#verify-manually>).

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// A signature may be older or, by a clock that is wrong, newer by so many seconds.
const TOLERANCE: u64 = 300;

/// Whether a signature of this body holds now. The comparison takes the same time however much of it is right.
pub(super) fn holds(header: &str, body: &[u8], secret: &str, now: DateTime<Utc>) -> bool {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let Some(time) = parts().find(|(name, _)| *name == "t").map(|(_, time)| time) else { return false };
    let Ok(seconds) = time.parse::<i64>() else { return false };
    if now.timestamp().abs_diff(seconds) > TOLERANCE {
        return false;
    }
    parts()
        .filter(|(name, _)| *name == "v1")
        .filter_map(|(_, signature)| bytes(signature))
        .any(|signature| keyed(time, body, secret).is_some_and(|mac| mac.verify_slice(&signature).is_ok()))
}

/// Signs a body.
pub(super) fn sign(body: &[u8], secret: &str, at: DateTime<Utc>) -> Option<String> {
    let time = at.timestamp().to_string();
    let signature = keyed(&time, body, secret)?.finalize().into_bytes();
    Some(format!("t={time},v1={}", hex::encode(signature)))
}

fn keyed(time: &str, body: &[u8], secret: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    if hexadecimal.len() != 64 || !hexadecimal.is_ascii() {
        return None;
    }
    (0..64).step_by(2).map(|at| u8::from_str_radix(hexadecimal.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_test";
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_signature_holds_for_its_body_its_secret_and_five_minutes() {
        let header = sign(BODY, SECRET, at(1_000_000)).unwrap();
        assert!(holds(&header, BODY, SECRET, at(1_000_000)));
        assert!(holds(&header, BODY, SECRET, at(1_000_300)) && holds(&header, BODY, SECRET, at(999_700)));
        assert!(!holds(&header, BODY, SECRET, at(1_000_301)) && !holds(&header, BODY, SECRET, at(999_699)));
        assert!(!holds(&header, b"{}", SECRET, at(1_000_000)));
        assert!(!holds(&header, BODY, "whsec_other", at(1_000_000)));
    }

    #[test]
    fn one_of_several_is_enough_and_other_schemes_are_none() {
        let header = sign(BODY, SECRET, at(50)).unwrap();
        let (time, good) = header.split_once(',').unwrap();
        let bad = format!("v1={}", "0".repeat(64));
        assert!(holds(&format!("{time},{bad},{good},v0=abc"), BODY, SECRET, at(50)));
        assert!(!holds(&format!("{time},{bad}"), BODY, SECRET, at(50)));
        assert!(!holds(&header.replace("v1=", "v0="), BODY, SECRET, at(50)));
    }

    #[test]
    fn what_is_no_signature_does_not_hold() {
        for header in
            ["", "t=50", "v1=00", "t=x,v1=00", "t=50,v1=", "t=50,v1=zz", ",,,", "t=9999999999999999999"]
        {
            assert!(!holds(header, BODY, SECRET, at(50)), "{header}");
        }
    }

    /// Computed with another program: `printf '1614265330.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test`.
    #[test]
    fn it_is_the_hmac_that_others_compute() {
        let header = "t=1614265330,v1=347e9afe3d74ec4c5cbefd270edc9246513ae3da7b375223e302560fbd4146eb";
        assert!(holds(header, BODY, SECRET, at(1_614_265_330)));
    }
}
