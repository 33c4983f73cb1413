//! The read models in Postgres.

use sqlx::PgPool;

use crate::catalog::Catalog;
use crate::coupons::Coupons;
use crate::order_history::OrderHistory;
use crate::read_model::ReadModel;
use crate::reviews::Reviews;
use crate::seller_stats::SellerStats;

/// Each of them, in the order in which they are shown.
pub static READ_MODELS: [&dyn ReadModel; 5] = [&OrderHistory, &SellerStats, &Catalog, &Coupons, &Reviews];

/// The read model of this name.
pub fn find(name: &str) -> Option<&'static dyn ReadModel> {
    READ_MODELS.into_iter().find(|model| model.name() == name)
}

/// The position that all of them have come to, in the version that this build knows; 0 where one isn't there.
pub async fn read_by_all(pool: &PgPool) -> Result<i64, sqlx::Error> {
    let names: Vec<String> = READ_MODELS.iter().map(|model| model.name().to_owned()).collect();
    let versions: Vec<i32> = READ_MODELS.iter().map(|model| model.version()).collect();
    sqlx::query_scalar!(
        r#"SELECT min(coalesce(c.position, 0)) AS "position!"
           FROM unnest($1::text[], $2::integer[]) AS known(name, version)
           LEFT JOIN read_models m ON m.name = known.name AND m.version = known.version
           LEFT JOIN checkpoints c ON c.name = m.name || '@' || m.generation"#,
        &names,
        &versions
    )
    .fetch_one(pool)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDatabase;

    #[tokio::test]
    async fn the_last_read_model_says_how_far_all_have_come() {
        let database = TestDatabase::new().await;
        let farther = async |name: &str, position: i64| {
            let move_it = "UPDATE checkpoints SET position = $2 WHERE name = $1";
            sqlx::query(move_it).bind(name).bind(position).execute(&database.owner).await.unwrap();
            read_by_all(&database.app).await.unwrap()
        };
        assert_eq!(read_by_all(&database.app).await.unwrap(), 0);
        assert_eq!(farther("order_history@1", 90).await, 0);
        assert_eq!(farther("seller_stats@1", 70).await, 0);
        assert_eq!(farther("coupons@1", 80).await, 0);
        assert_eq!(farther("reviews@1", 85).await, 0);
        assert_eq!(farther("catalog@1", 60).await, 60);

        // A version that this build doesn't know says nothing.
        sqlx::query("UPDATE read_models SET version = version + 1 WHERE name = 'coupons'")
            .execute(&database.owner)
            .await
            .unwrap();
        assert_eq!(read_by_all(&database.app).await.unwrap(), 0);
    }
}
