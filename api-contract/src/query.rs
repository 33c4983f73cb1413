//! The query string, read by the same getters as a body.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use crate::error::{ApiError, Code};
use crate::fields::{Fields, read_object};
use crate::json::{Json, camel_case};

/// The parameters of a query string. Numbers and booleans are read from text; an empty parameter is none.
#[derive(Debug)]
pub struct Query(String);

impl Query {
    /// Reads the parameters, as [`crate::JsonBody::read`] does with a body's fields.
    pub fn read<T>(&self, read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>) -> Result<T, ApiError> {
        let pairs = form_urlencoded::parse(self.0.as_bytes());
        let members =
            pairs.map(|(name, value)| (name.into_owned(), Json::String(value.into_owned()))).collect();
        let unreadable = self.unreadable();
        let read = |f: &mut Fields<'_, '_>| {
            for name in unreadable {
                let message = format!("{name} must be text in UTF-8");
                f.violation(&name, Code::InvalidFormat, message);
            }
            read(f)
        };
        read_object(&Json::Object(members), true, read).map(|(value, _)| value)
    }

    /// The parameters whose values are no UTF-8. They were not what they are read as: every wrong byte becomes the same
    /// sign.
    fn unreadable(&self) -> Vec<String> {
        let parts = self.0.split('&').filter_map(|part| part.split_once('='));
        let unreadable = parts.filter(|(_, value)| percent_decode_str(value).decode_utf8().is_err());
        let names = unreadable.filter_map(|(name, _)| form_urlencoded::parse(name.as_bytes()).next());
        names.map(|(name, _)| camel_case(&name)).collect()
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(parts.uri.query().unwrap_or_default().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::Paging;

    /// What is wrong with a query string of which one parameter is read.
    fn wrong(query: &str) -> Vec<String> {
        let read = Query(query.to_owned()).read(|f| Some(f.field("category").text(0..=10)));
        let error = read.err();
        let violations = error.iter().flat_map(crate::ApiError::violations);
        violations.filter_map(|it| it.field.as_deref().map(str::to_owned)).collect()
    }

    #[test]
    fn a_list_may_be_given_in_several_parameters() {
        let read = |query: &str| {
            let read = Query(query.to_owned()).read(|f| Some(f.field("brand").texts(0..=10)));
            read.map_err(|error| error.violations().len())
        };
        let texts = |texts: &[&str]| Ok(Some(texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()));
        assert_eq!(read("brand=Folio&a=1&brand=+Acme,Co+&brand="), texts(&["Folio", "Acme,Co"]));
        assert_eq!(read("brand=Folio&brand=Folio"), texts(&["Folio", "Folio"]));
        assert_eq!((read("brand=&a=1"), read("")), (Ok(None), Ok(None)));
        assert_eq!(read("brand=Folio&brand=a+much+longer+one"), Err(1));
    }

    #[test]
    fn zeros_before_a_number_are_none_of_its_digits() {
        let size = |text: &str| {
            let read = Query(format!("pageSize={text}")).read(|f| Paging::read(f, 20));
            read.map(|paging| paging.size).map_err(|error| error.violations()[0].message.to_string())
        };
        let zeros = "0".repeat(40);
        assert_eq!(size(&format!("{zeros}7")), Ok(7));
        assert_eq!(size(&format!("{zeros}{}", "9".repeat(40))), Ok(100));
        let gbp = "GBP".parse().unwrap();
        let read = Query(format!("price={zeros}5.25&rating={zeros}5.25")).read(|f| {
            let price = f.field("price").money(gbp, 0..=i64::MAX)?;
            Some((price.amount, f.field("rating").decimal(Decimal::ZERO..=Decimal::TEN)?))
        });
        assert_eq!(read.unwrap(), (525, Decimal::new(525, 2)));
        for none in ["0", zeros.as_str()] {
            assert_eq!(size(none), Err("pageSize must be at least 1".to_owned()));
        }
        for broken in ["0.5", "1.5"] {
            assert_eq!(size(broken), Err("pageSize must be a whole number".to_owned()));
        }
    }

    #[test]
    fn a_value_that_is_no_text_is_named() {
        for query in ["category=%FF", "a=1&category=caf%E9&b=%C3%A9", "category=%ED%A0%80"] {
            assert_eq!(wrong(query), ["category"], "{query}");
        }
        assert_eq!(wrong("category=%FF&seller_id=%C3"), ["category", "sellerId"]);
        for query in ["category=caf%C3%A9", "category=%EF%BF%BD", "category=%zz+%", "%FF=1", "%FF", "", "=&&"]
        {
            assert!(wrong(query).is_empty(), "{query}");
        }
    }
}
