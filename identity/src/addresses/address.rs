//! An address, as requests give it and answers show it.

use api_contract::{Field, Fields};
use domain::order::Region;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::country;

/// An address. What the documents call `addressLine1`, `postalCode`, `postCode` is the same as `street`, `zipCode`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Whose name is on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200, example = "John Doe")]
    pub full_name: Option<String>,
    /// Street and house; `addressLine1` is read as well.
    #[schema(min_length = 1, max_length = 200, example = "123 Main St")]
    pub street: String,
    /// A second line.
    #[serde(rename = "addressLine2", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub second_line: Option<String>,
    /// The town.
    #[schema(min_length = 1, max_length = 100, example = "New York")]
    pub city: String,
    /// State, province or region.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100, example = "NY")]
    pub state: Option<String>,
    /// Postal code; `postalCode` and `postCode` are read as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 20, example = "10001")]
    pub zip_code: Option<String>,
    /// An ISO 3166 code of two or three letters, or a name.
    #[schema(min_length = 1, max_length = 100, example = "USA")]
    pub country: String,
    /// For the carrier: 5 to 20 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40, pattern = r"^\+?[0-9 .()-]*$", example = "+1234567890")]
    pub phone: Option<String>,
}

/// What a request says of an address: all of it, or what is to change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressFields {
    pub(super) full_name: Option<String>,
    pub(super) street: Option<String>,
    pub(super) second_line: Option<String>,
    pub(super) city: Option<String>,
    pub(super) state: Option<String>,
    pub(super) zip_code: Option<String>,
    pub(super) country: Option<String>,
    pub(super) phone: Option<String>,
}

impl AddressFields {
    /// Reads what is to change: nothing has to be there, and an empty text takes an optional line away.
    pub fn read(f: &mut Fields<'_, '_>) -> Self {
        Self::read_as(f, false)
    }

    fn read_as(f: &mut Fields<'_, '_>, whole: bool) -> Self {
        fn needed<'f, 'j>(field: Field<'f, 'j>, whole: bool) -> Field<'f, 'j> {
            if whole { field.required() } else { field }
        }
        let full_name = f.field("fullName").or("name").text(0..=200);
        let street = needed(f.field("street").or("addressLine1"), whole).text(1..=200);
        let second_line = f.field("addressLine2").text(0..=200);
        let city = needed(f.field("city"), whole).text(1..=100);
        let state = f.field("state").or("province").or("region").text(0..=100);
        let zip_code = f.field("zipCode").or("postalCode").or("postCode").text(0..=20);
        let country = needed(f.field("country"), whole).parse(1..=100, |text| {
            let plausible = country::is_plausible(text);
            let problem = "must be an ISO 3166 code of two or three letters, or a country's name";
            if plausible { Ok(text.trim().to_owned()) } else { Err(problem.into()) }
        });
        let phone = f.field("phone").or("phoneNumber").phone();
        Self { full_name, street, second_line, city, state, zip_code, country, phone }
    }
}

impl Address {
    /// Reads it: street, city and country must be there.
    pub fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let read = AddressFields::read_as(f, true);
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Some(Self {
            full_name: given(read.full_name),
            street: read.street?,
            second_line: given(read.second_line),
            city: read.city?,
            state: given(read.state),
            zip_code: given(read.zip_code),
            country: read.country?,
            phone: read.phone,
        })
    }

    /// What tax and statistics need of it: ISO codes alone. Whatever else stands there may be anything about a person,
    /// and stays in `personal`.
    pub fn region(&self) -> Region {
        let country = country::known_code(&self.country);
        let state = self.state.as_deref();
        let region =
            country.zip(state).and_then(|(country, state)| country::known_subdivision(country, state));
        Region { country: country.map(str::to_owned), region }
    }
}

#[cfg(test)]
mod tests {
    use api_contract::{ApiError, JsonBody};

    use super::*;

    fn read(json: &str) -> Result<Address, ApiError> {
        JsonBody::from_text(json).read(Address::read)
    }

    #[test]
    fn addresses_are_accepted_as_the_documents_print_them() {
        let s3 = r#"{"full_name": "John Doe", "address_line1": "123 Main St", "city": "Karachi",
                     "postal_code": "75500", "country": "PK", "phone": "+92 300 1234567"}"#;
        let s4 = r#"{"street": "123 Main St", "city": "New York", "state": "NY", "zipCode": "10001", "country": "USA"}"#;
        assert_eq!(read(s3).unwrap().zip_code.as_deref(), Some("75500"));
        assert_eq!(read(s4).unwrap().region().region.as_deref(), Some("US-NY"));
    }

    #[test]
    fn nothing_that_a_customer_writes_freely_gets_into_an_event() {
        let words = r#"{"street": "1 Elm St", "city": "X", "state": "Ann Archer, +1 555 0100", "country": "Ann of Elm Street"}"#;
        assert_eq!(read(words).unwrap().region(), Region { country: None, region: None });
        let state =
            r#"{"street": "1 Elm St", "city": "X", "state": "Ann Archer, +1 555 0100", "country": "US"}"#;
        assert_eq!(read(state).unwrap().region(), Region { country: Some("US".to_owned()), region: None });
    }

    #[test]
    fn everything_that_is_missing_is_said_at_once() {
        let error = read(r#"{"country": "XQ", "phone": "call me"}"#).unwrap_err();
        let fields: Vec<_> = error.violations().iter().filter_map(|v| v.field.as_deref()).collect();
        assert_eq!(fields, ["street", "city", "country", "phone"]);
    }
}
