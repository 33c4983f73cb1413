//! The peer that most shops begin with: Postgres's full text search, in English.

use sqlx::PgPool;

use super::catalog::Product;
use crate::Error;
use crate::database::{Database, Server};

/// A table with weighted vectors: name A, brand and model number B, description C, attributes D.
pub struct FullText {
    database: Database,
    pool: PgPool,
}

impl FullText {
    /// Fills it.
    pub async fn of(server: &Server, products: &[Product]) -> Result<Self, Error> {
        let database = server.bare().await?;
        let pool =
            sqlx::postgres::PgPoolOptions::new().max_connections(1).connect_with(database.owner()).await?;
        sqlx::raw_sql("CREATE TABLE products (place bigint, sku text, words tsvector)")
            .execute(&pool)
            .await?;
        let column =
            |of: fn(&Product) -> &String| products.iter().map(|it| of(it).clone()).collect::<Vec<_>>();
        sqlx::query(
            "INSERT INTO products SELECT place, sku, setweight(to_tsvector('english', name), 'A')
                 || setweight(to_tsvector('english', brand || ' ' || model), 'B')
                 || setweight(to_tsvector('english', description), 'C')
                 || setweight(to_tsvector('english', attributes), 'D')
             FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
                 WITH ORDINALITY AS p(sku, name, brand, model, description, attributes, place)",
        )
        .bind(column(|it| &it.sku))
        .bind(column(|it| &it.name))
        .bind(column(|it| &it.brand))
        .bind(column(|it| &it.model))
        .bind(column(|it| &it.description))
        .bind(column(|it| &it.attributes))
        .execute(&pool)
        .await?;
        sqlx::raw_sql("CREATE INDEX ON products USING gin (words)").execute(&pool).await?;
        Ok(Self { database, pool })
    }

    /// The ten best, with all words by `ts_rank`, and behind them those with any.
    pub async fn search(&self, query: &str) -> Result<Vec<String>, Error> {
        Ok(sqlx::query_scalar(
            "SELECT sku FROM products,
                  (SELECT every, replace(every::text, '&', '|')::tsquery AS any_of
                   FROM plainto_tsquery('english', $1) AS every) AS asked
             WHERE words @@ any_of
             ORDER BY words @@ every DESC, ts_rank(words, any_of, 1) DESC, place LIMIT 10",
        )
        .bind(query)
        .fetch_all(&self.pool)
        .await?)
    }

    /// Drops it.
    pub async fn drop(self) -> Result<(), Error> {
        self.pool.close().await;
        self.database.drop().await
    }
}
