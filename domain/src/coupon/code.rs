//! A coupon's code, which is its id.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest code.
pub const LONGEST_CODE: usize = 50;

/// A coupon's code: 1 to [`LONGEST_CODE`] of the letters `A` to `Z`, digits, `-` and `_`. Whoever writes it in small
/// letters means the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CouponCode(String);

/// The text can't be a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {LONGEST_CODE} letters, digits, hyphens or underscores")]
pub struct NoCouponCode;

impl CouponCode {
    /// In capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CouponCode {
    type Err = NoCouponCode;

    fn from_str(text: &str) -> Result<Self, NoCouponCode> {
        let code = text.to_ascii_uppercase();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let fits = (1..=LONGEST_CODE).contains(&code.len()) && code.chars().all(plain);
        if fits { Ok(Self(code)) } else { Err(NoCouponCode) }
    }
}

impl TryFrom<String> for CouponCode {
    type Error = NoCouponCode;

    fn try_from(text: String) -> Result<Self, NoCouponCode> {
        text.parse()
    }
}

impl From<CouponCode> for String {
    fn from(code: CouponCode) -> Self {
        code.0
    }
}

impl fmt::Display for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for CouponCode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CouponCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Z0-9_-]{1,50}$", "description": "A coupon's code" })
    }
}
