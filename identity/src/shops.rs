//! Shops. A product names its seller by a shop's id.

use domain::ids::{SellerId, UserId};
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

/// The house's own shop: of products that an admin creates without naming a seller.
pub const HOUSE: SellerId = SellerId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));

/// A shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shop {
    /// Its id.
    pub id: SellerId,
    /// Whose; nobody's is the house's.
    pub owner: Option<UserId>,
    /// What people call it.
    pub name: String,
    /// Its word in addresses.
    pub slug: String,
    /// It may sell.
    pub verified: bool,
}

/// Opens a shop that may sell at once, as `daybook user create --role seller` does.
pub async fn open_verified(
    db: impl PgExecutor<'_>,
    owner: UserId,
    name: &str,
) -> Result<SellerId, sqlx::Error> {
    insert(db, Some(owner), name).await
}

async fn insert(db: impl PgExecutor<'_>, owner: Option<UserId>, name: &str) -> Result<SellerId, sqlx::Error> {
    let id = Uuid::now_v7();
    // The end of the id makes two shops of one name differ.
    let simple = id.simple().to_string();
    let slug = format!("{}-{}", slug(name), &simple[simple.len() - 6..]);
    sqlx::query!(
        "INSERT INTO shops (id, owner_id, name, slug, status) VALUES ($1, $2, $3, $4, 'verified')",
        id,
        owner.map(|owner| owner.0),
        name,
        slug,
    )
    .execute(db)
    .await?;
    Ok(SellerId(id))
}

/// The oldest shop of this name, or with this id.
pub async fn find_named(db: impl PgExecutor<'_>, name: &str) -> Result<Option<SellerId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM shops WHERE name = $1 OR id::text = $1 ORDER BY created_at, id LIMIT 1",
        name,
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(SellerId))
}

/// The oldest shop of this name, opened if there is none: nobody's, and verified. Two who ask at once get the same.
pub async fn named(db: &PgPool, name: &str) -> Result<SellerId, sqlx::Error> {
    let mut transaction = db.begin().await?;
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('daybook/shops/' || $1, 0))", name)
        .fetch_one(&mut *transaction)
        .await?;
    let id = match find_named(&mut *transaction, name).await? {
        Some(id) => id,
        None => insert(&mut *transaction, None, name).await?,
    };
    transaction.commit().await?;
    Ok(id)
}

/// These shops, in no order.
pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[SellerId]) -> Result<Vec<Shop>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!("SELECT id, owner_id, name, slug, status FROM shops WHERE id = ANY($1)", &ids)
        .fetch_all(db)
        .await?;
    let read = rows.into_iter().map(|row| Shop {
        id: SellerId(row.id),
        owner: row.owner_id.map(UserId),
        name: row.name,
        slug: row.slug,
        verified: row.status == "verified",
    });
    Ok(read.collect())
}

fn slug(name: &str) -> String {
    let letters =
        name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect::<String>();
    letters.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
