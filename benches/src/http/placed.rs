//! What is told of an order that was placed.

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::Error;

/// What a payment wants of it. The total is sent back as it came: money is never a float.
#[derive(Deserialize)]
pub struct Placed<'a> {
    /// Which.
    pub id: Uuid,
    /// What it costs.
    #[serde(borrow)]
    pub total: &'a RawValue,
    /// In which currency.
    pub currency: &'a str,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Placed<'a>,
}

impl<'a> Placed<'a> {
    /// Of an answer.
    pub fn read(answer: &'a [u8]) -> Result<Self, Error> {
        Ok(serde_json::from_slice::<Answer<'a>>(answer)?.data)
    }
}
