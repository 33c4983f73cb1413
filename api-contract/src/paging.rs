//! Which page of a list.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::error::ApiError;
use crate::fields::Fields;
use crate::query::Query;

/// The largest page.
const MAX_SIZE: i64 = 100;

/// A page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// From 1.
    pub number: u64,
    /// 1 to 100.
    pub size: u64,
}

impl Paging {
    /// Reads `pageNumber` (`page`) and `pageSize` (`limit`, `page_size`) among other parameters. Who asks for more
    /// than 100 gets 100, as Google's AIP-158 has it; the answer says so in its `pageSize`.
    pub fn read(f: &mut Fields<'_, '_>, default_size: u64) -> Option<Self> {
        let number = f.field("pageNumber").or("page");
        let number = if number.is_given() { number.integer(1..=1_000_000_000) } else { Some(1) };
        let size = f.field("pageSize").or("limit");
        let size = if size.is_given() {
            size.integer(1..=i64::MAX).map(|size| size.min(MAX_SIZE))
        } else {
            Some(default_size.cast_signed())
        };
        Some(Self { number: number?.cast_unsigned(), size: size?.cast_unsigned() })
    }

    /// How many items stand before the page.
    pub fn offset(&self) -> i64 {
        ((self.number - 1) * self.size).cast_signed()
    }

    /// How many items the page has at most.
    pub fn limit(&self) -> i64 {
        self.size.cast_signed()
    }
}

/// The extractor for a list without parameters of its own, with 20 on a page.
impl<S: Sync> FromRequestParts<S> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Query::from_request_parts(parts, state).await?.read(|f| Self::read(f, 20))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JsonBody;

    #[test]
    fn a_size_below_one_is_refused_and_a_large_one_is_cut() {
        let size = |size: &str| {
            let body = JsonBody::from_text(format!(r#"{{"pageSize": {size}}}"#));
            body.read(|f| Paging::read(f, 20)).map(|paging| paging.size)
        };
        for wrong in ["0", "-1"] {
            let error = size(wrong).unwrap_err();
            let said: Vec<_> = error.violations().iter().map(|it| it.message.to_string()).collect();
            assert_eq!(said, ["pageSize must be at least 1"], "{wrong}");
        }
        let (large, larger) = ("99999999999999999999", "9".repeat(400));
        for (asked, given) in
            [("1", 1), ("100", 100), ("101", 100), ("9223372036854775807", 100), (large, 100), (&larger, 100)]
        {
            assert_eq!(size(asked).unwrap(), given, "{asked}");
        }
        for (wrong, said) in [
            ("1.5", "pageSize must be a whole number"),
            ("-99999999999999999999", "pageSize must be at least 1"),
            ("1.00000000000000000000000000001", "pageSize has too many digits"),
        ] {
            assert_eq!(size(wrong).unwrap_err().violations()[0].message.to_string(), said, "{wrong}");
        }
    }
}
