//! Where an order goes to, as a request gives it.

use api_contract::{ApiError, Code, Fields};
use domain::order::Region;
use serde::Serialize;
use uuid::Uuid;

use crate::country;

/// An address. What the documents call `addressLine1`, `postalCode`, `postCode` is the same as `street`, `zipCode`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Whose name is on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// Street and house.
    pub street: String,
    /// A second line.
    #[serde(rename = "addressLine2", skip_serializing_if = "Option::is_none")]
    pub second_line: Option<String>,
    /// The town.
    pub city: String,
    /// State, province or region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip_code: Option<String>,
    /// An ISO 3166 code or a name.
    pub country: String,
    /// For the carrier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl Address {
    /// Reads it: street, city and country must be there.
    pub fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let full_name = f.field("fullName").or("name").text(1..=200);
        let street = f.field("street").or("addressLine1").required().text(1..=200);
        let second_line = f.field("addressLine2").text(0..=200);
        let city = f.field("city").required().text(1..=100);
        let state = f.field("state").or("province").or("region").text(0..=100);
        let zip_code = f.field("zipCode").or("postalCode").or("postCode").text(0..=20);
        let country = f.field("country").required().parse(1..=100, |text| {
            let plausible = country::is_plausible(text);
            let problem = "must be an ISO 3166 code of two or three letters, or a country's name";
            if plausible { Ok(text.trim().to_owned()) } else { Err(problem.into()) }
        });
        let phone = f.field("phone").or("phoneNumber").phone();
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Some(Self {
            full_name,
            street: street?,
            second_line: given(second_line),
            city: city?,
            state: given(state),
            zip_code: given(zip_code),
            country: country?,
            phone,
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

/// An address that a request names or has in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A stored one.
    Stored(Uuid),
    /// This one.
    Inline(Address),
}

impl Place {
    /// Reads an address by its id or as an object; one of them, if it is required.
    pub fn read(
        f: &mut Fields<'_, '_>,
        id_field: &'static str,
        field: &'static str,
        required: bool,
    ) -> Option<Self> {
        let named = f.field(id_field).is_given();
        let given = f.field(field).is_given();
        let stored = f.field(id_field).id::<Uuid>();
        let inline = f.field(field).object(Address::read);
        if named && given {
            f.violation(
                field,
                Code::ValidationError,
                format!("only one of {field} and {id_field} may be given"),
            );
        } else if required && !named && !given {
            f.violation(field, Code::RequiredField, format!("{field} or {id_field} is required"));
        }
        stored.map(Self::Stored).or(inline.map(Self::Inline))
    }

    /// The address itself. There are no stored addresses yet, so there is none of any id.
    pub fn resolve(self, id_field: &'static str) -> Result<Address, ApiError> {
        match self {
            Self::Inline(address) => Ok(address),
            Self::Stored(_) => Err(ApiError::not_found("Address").field(id_field)),
        }
    }
}

#[cfg(test)]
mod tests {
    use api_contract::JsonBody;

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
