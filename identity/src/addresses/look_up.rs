//! Looking an address up: one, or those that many requests ask for at the same time.

use domain::ids::UserId;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::{Row, StoredAddress};

/// A user's address: this one, or the default.
#[derive(Debug)]
pub(super) struct AddressOf {
    pub user: UserId,
    pub id: Option<Uuid>,
}

/// The one that is asked for.
pub(super) async fn look_up(
    db: impl PgExecutor<'_>,
    asked: AddressOf,
) -> Result<Option<StoredAddress>, sqlx::Error> {
    Ok(look_up_all(db, &[asked]).await?.pop().flatten())
}

/// Each that is asked for, in its place.
pub(super) async fn look_up_all(
    db: impl PgExecutor<'_>,
    asked: &[AddressOf],
) -> Result<Vec<Option<StoredAddress>>, sqlx::Error> {
    let (users, ids): (Vec<Uuid>, Vec<Option<Uuid>>) =
        asked.iter().map(|asked| (asked.user.0, asked.id)).unzip();
    // One by one, so that it is never planned as a look at all addresses.
    let rows = sqlx::query!(
        r#"SELECT asked.place - 1 AS "index!", known.id, full_name, street, second_line, city, state, zip_code, country,
                  phone, is_default, created_at, updated_at
           FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked(user_id, id, place)
           CROSS JOIN LATERAL (
               SELECT * FROM addresses
               WHERE addresses.user_id = asked.user_id
                   AND CASE WHEN asked.id IS NULL THEN is_default ELSE addresses.id = asked.id END
               LIMIT 1) AS known"#,
        &users,
        &ids as _,
    );
    let mut answers = vec![None; asked.len()];
    for row in rows.fetch_all(db).await? {
        let answer = usize::try_from(row.index).ok().and_then(|index| answers.get_mut(index));
        let Some(answer) = answer else { continue };
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
