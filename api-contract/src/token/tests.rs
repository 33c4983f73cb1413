use std::sync::atomic::{AtomicUsize, Ordering};

use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use jsonwebtoken::{EncodingKey, Header};

use super::*;

const NOW: i64 = 4_000_000_000;

struct Keys(Vec<PublicKey>, Arc<AtomicUsize>);

#[async_trait]
impl KeySource for Keys {
    async fn public_keys(&self) -> Result<Vec<PublicKey>, BoxError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(self.0.clone())
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn verifier() -> Verifier {
    Verifier::new(Keys(vec![public("ours", &key(1))], Arc::default()))
}

fn public(kid: &str, key: &SigningKey) -> PublicKey {
    PublicKey { kid: kid.into(), key: key.verifying_key().to_bytes() }
}

fn claims() -> Claims {
    Claims {
        sub: UserId(Uuid::from_u128(1)),
        roles: vec![Role::Customer],
        shop: None,
        sid: None,
        exp: NOW,
        iat: 0,
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        jti: Uuid::from_u128(2),
    }
}

fn signed(kid: &str, key: &SigningKey, claims: &impl Serialize) -> String {
    let der = key.to_pkcs8_der().unwrap();
    let header = Header { kid: Some(kid.into()), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_der(der.as_bytes())).unwrap()
}

async fn refusal(token: &str) -> Code {
    verifier().verify(token).await.unwrap_err().violations()[0].code
}

#[tokio::test]
async fn a_token_of_ours_is_what_it_says() {
    // jsonwebtoken panics here if no feature gives it a crypto provider.
    assert_eq!(verifier().verify(&signed("ours", &key(1), &claims())).await.unwrap(), claims());
}

#[tokio::test]
async fn an_expired_token_is_expired_and_a_forged_one_is_invalid() {
    let old = Claims { exp: chrono::Utc::now().timestamp() - 1, ..claims() };
    assert_eq!(refusal(&signed("ours", &key(1), &old)).await, Code::ExpiredToken);
    assert_eq!(refusal(&signed("ours", &key(2), &old)).await, Code::InvalidToken);
}

#[tokio::test]
async fn a_token_that_was_verified_expires_all_the_same() {
    let verifier = verifier();
    let short = Claims { exp: Utc::now().timestamp() + 1, ..claims() };
    let token = signed("ours", &key(1), &short);
    assert_eq!(verifier.verify(&token).await.unwrap(), short);
    let mut answers = 0;
    let refused = loop {
        // Before it is asked: the second may end while it answers.
        let asked_at = Utc::now().timestamp();
        match verifier.verify(&token).await {
            Ok(_) => answers += 1,
            Err(error) => break error,
        }
        assert!(asked_at <= short.exp, "after {answers} answers");
        tokio::task::yield_now().await;
    };
    assert_eq!(refused.violations()[0].code, Code::ExpiredToken);
    // And another signature under the same words is another token.
    let good = signed("ours", &key(1), &claims());
    verifier.verify(&good).await.unwrap();
    let forged = signed("ours", &key(2), &claims());
    assert_eq!(verifier.verify(&forged).await.unwrap_err().violations()[0].code, Code::InvalidToken);
}

#[tokio::test]
async fn nothing_else_is_valid() {
    let good = signed("ours", &key(1), &claims());
    let (body, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = body.split_once('.').unwrap();
    let none = |alg: &str| URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"ours"}}"#));
    let admin =
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&Claims { roles: vec![Role::Admin], ..claims() }).unwrap());

    // The public key is public: whoever verifies with it as an HMAC secret accepts what anybody signs.
    let public = key(1).verifying_key();
    let hmac = |secret: &[u8]| {
        let header = Header { kid: Some("ours".into()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(secret)).unwrap()
    };
    let pem = ed25519_dalek::pkcs8::EncodePublicKey::to_public_key_pem(&public, LineEnding::LF).unwrap();

    for token in [
        String::new(),
        "x".into(),
        "a.b.c".into(),
        format!("{body}."),
        format!("{}.{payload}.", none("none")),
        format!("{}.{payload}.{signature}", none("None")),
        format!("{}.{admin}.{signature}", body.split_once('.').unwrap().0),
        hmac(public.as_bytes()),
        hmac(STANDARD.encode(public.as_bytes()).as_bytes()),
        hmac(pem.as_bytes()),
        signed("ours", &key(2), &claims()),
        signed("theirs", &key(2), &claims()),
        signed("ours", &key(1), &Claims { iss: "other".into(), ..claims() }),
        signed("ours", &key(1), &Claims { aud: "other".into(), ..claims() }),
        signed("ours", &key(1), &serde_json::json!({ "sub": Uuid::nil(), "exp": NOW })),
    ] {
        assert_eq!(refusal(&token).await, Code::InvalidToken, "{token}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_looked_for_but_not_at_any_rate() {
    let looks = Arc::<AtomicUsize>::default();
    let verifier = Verifier::new(Keys(vec![public("ours", &key(1))], looks.clone()));
    let foreign = signed("theirs", &key(2), &claims());
    for _ in 0..50 {
        assert!(verifier.verify(&foreign).await.is_err());
        assert!(verifier.verify(&signed("ours", &key(1), &claims())).await.is_ok());
    }
    assert_eq!(looks.load(Ordering::Relaxed), 1);
    tokio::time::advance(REFRESH_INTERVAL).await;
    assert!(verifier.verify(&foreign).await.is_err());
    assert_eq!(looks.load(Ordering::Relaxed), 2);
}
