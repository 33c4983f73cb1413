//! Money as an exact JSON number.

use domain::Money;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// An amount as a JSON number with its currency's decimals: `299.90`, or `300` yen. The currency stands beside it.
///
/// It is written as text, so it must be serialized straight to JSON: `serde_json::Value` would make a binary float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(pub Money);

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self(money)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        let description = "An exact decimal number with the decimals of its currency";
        ObjectBuilder::new().schema_type(Type::Number).description(Some(description)).into()
    }
}

impl ToSchema for Amount {}
