//! Where an order goes to: an address that its request names, or has in it.

use api_contract::{ApiError, Code, Fields};
use domain::ids::UserId;
use identity::addresses::{Address, AddressBook};
use uuid::Uuid;

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

    /// The address itself. A stored one must be the user's: somebody else's is like one that doesn't exist.
    pub async fn resolve(
        self,
        (addresses, user): (&AddressBook, UserId),
        id_field: &'static str,
    ) -> Result<Address, ApiError> {
        let id = match self {
            Self::Inline(address) => return Ok(address),
            Self::Stored(id) => id,
        };
        let stored = addresses.find(user, id).await.map_err(identity::failed)?;
        stored.map(|stored| stored.address).ok_or_else(|| ApiError::not_found("Address").field(id_field))
    }
}
