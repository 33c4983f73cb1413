//! Addresses that many requests look up at the same time.

use domain::ids::UserId;
use event_store::{NotAnswered, Question, Together};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use super::{Row, StoredAddress};

/// Looks addresses up, together with those that others look up. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AddressBook(Together<AddressOf>);

impl AddressBook {
    /// One that reads by this pool.
    pub fn start(pool: PgPool) -> Self {
        Self(Together::start(pool))
    }

    /// As [`super::default_of`].
    pub async fn default_of(&self, user: UserId) -> Result<Option<StoredAddress>, NotAnswered> {
        self.0.ask(AddressOf { user, id: None }).await
    }

    /// As [`super::find`].
    pub async fn find(&self, user: UserId, id: Uuid) -> Result<Option<StoredAddress>, NotAnswered> {
        self.0.ask(AddressOf { user, id: Some(id) }).await
    }
}

/// A user's address: this one, or the default.
#[derive(Debug)]
pub(super) struct AddressOf {
    pub user: UserId,
    pub id: Option<Uuid>,
}

impl Question for AddressOf {
    type Answer = Option<StoredAddress>;

    async fn ask(together: &[Self], db: &mut PgConnection) -> Result<Vec<Self::Answer>, sqlx::Error> {
        each(db, together).await
    }
}

/// The one that is asked for.
pub(super) async fn one(
    db: impl PgExecutor<'_>,
    asked: AddressOf,
) -> Result<Option<StoredAddress>, sqlx::Error> {
    Ok(each(db, &[asked]).await?.pop().flatten())
}

/// Each that is asked for, in its place.
async fn each(
    db: impl PgExecutor<'_>,
    asked: &[AddressOf],
) -> Result<Vec<Option<StoredAddress>>, sqlx::Error> {
    let users: Vec<Uuid> = asked.iter().map(|asked| asked.user.0).collect();
    let ids: Vec<Option<Uuid>> = asked.iter().map(|asked| asked.id).collect();
    // One by one, so that it is never planned as a look at all addresses.
    let rows = sqlx::query!(
        r#"SELECT asked.place AS "place!", known.id, full_name, street, second_line, city, state, zip_code, country, phone,
                  is_default, created_at, updated_at
           FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked(user_id, id, place)
           CROSS JOIN LATERAL (
               SELECT * FROM addresses
               WHERE addresses.user_id = asked.user_id
                   AND CASE WHEN asked.id IS NULL THEN is_default ELSE addresses.id = asked.id END
               LIMIT 1) AS known"#,
        &users,
        &ids as _,
    )
    .fetch_all(db)
    .await?;
    let mut answers = vec![None; asked.len()];
    for row in rows {
        let place = usize::try_from(row.place).ok().and_then(|place| place.checked_sub(1));
        let Some(answer) = place.and_then(|place| answers.get_mut(place)) else { continue };
        *answer = Some(StoredAddress::from(Row {
            id: row.id,
            full_name: row.full_name,
            street: row.street,
            second_line: row.second_line,
            city: row.city,
            state: row.state,
            zip_code: row.zip_code,
            country: row.country,
            phone: row.phone,
            is_default: row.is_default,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }));
    }
    Ok(answers)
}
