//! Adding what a batch changes to the rows, in key order.

use sqlx::PgConnection;

use super::fold::Changes;
use crate::arrays::column;
use crate::generation::Generation;
use crate::read_model::ApplyError;

impl Changes<'_> {
    /// One statement for each table.
    pub(super) async fn write(
        &self,
        generation: Generation,
        db: &mut PgConnection,
    ) -> Result<(), ApplyError> {
        self.add_sums(generation, db).await?;
        self.add_products(generation, db).await?;
        self.add_product_days(generation, db).await?;
        self.note_customers(generation, db).await?;
        self.note_purchases(generation, db).await?;
        Ok(())
    }

    async fn add_sums(&self, generation: Generation, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let rows: Vec<_> = self.sums.iter().collect();
        if rows.is_empty() {
            return Ok(());
        }
        let add = "
            INSERT INTO seller_stats_g{g}_sums AS s
                (seller_id, at, currency, gross, refunds, orders, units, returned_units)
            SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
                                 $7::bigint[], $8::bigint[])
            ON CONFLICT (seller_id, at, currency) DO UPDATE
            SET gross = s.gross + excluded.gross, refunds = s.refunds + excluded.refunds,
                orders = s.orders + excluded.orders, units = s.units + excluded.units,
                returned_units = s.returned_units + excluded.returned_units";
        sqlx::query(&generation.sql(add))
            .bind(column(&rows, |(key, _)| key.0))
            .bind(column(&rows, |(key, _)| key.1))
            .bind(column(&rows, |(key, _)| key.2))
            .bind(column(&rows, |(_, sums)| sums.gross))
            .bind(column(&rows, |(_, sums)| sums.refunds))
            .bind(column(&rows, |(_, sums)| sums.orders))
            .bind(column(&rows, |(_, sums)| sums.units))
            .bind(column(&rows, |(_, sums)| sums.returned_units))
            .execute(db)
            .await?;
        Ok(())
    }

    async fn add_products(&self, generation: Generation, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let rows: Vec<_> = self.products.iter().collect();
        if rows.is_empty() {
            return Ok(());
        }
        let add = "
            INSERT INTO seller_stats_g{g}_products AS p
                (seller_id, at, product_id, currency, gross, refunds, units, returned_units)
            SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[],
                                 $7::bigint[], $8::bigint[])
            ON CONFLICT (seller_id, at, product_id, currency) DO UPDATE
            SET gross = p.gross + excluded.gross, refunds = p.refunds + excluded.refunds,
                units = p.units + excluded.units, returned_units = p.returned_units + excluded.returned_units";
        sqlx::query(&generation.sql(add))
            .bind(column(&rows, |(key, _)| key.0))
            .bind(column(&rows, |(key, _)| key.1))
            .bind(column(&rows, |(key, _)| key.2))
            .bind(column(&rows, |(key, _)| key.3))
            .bind(column(&rows, |(_, sums)| sums.gross))
            .bind(column(&rows, |(_, sums)| sums.refunds))
            .bind(column(&rows, |(_, sums)| sums.units))
            .bind(column(&rows, |(_, sums)| sums.returned_units))
            .execute(db)
            .await?;
        Ok(())
    }

    async fn add_product_days(
        &self,
        generation: Generation,
        db: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        let rows: Vec<_> = self.product_days.iter().collect();
        if rows.is_empty() {
            return Ok(());
        }
        let add = "
            INSERT INTO seller_stats_g{g}_product_days AS p
                (seller_id, day, product_id, currency, gross, refunds, units, returned_units)
            SELECT * FROM unnest($1::uuid[], $2::date[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[],
                                 $7::bigint[], $8::bigint[])
            ON CONFLICT (seller_id, day, product_id, currency) DO UPDATE
            SET gross = p.gross + excluded.gross, refunds = p.refunds + excluded.refunds,
                units = p.units + excluded.units, returned_units = p.returned_units + excluded.returned_units";
        sqlx::query(&generation.sql(add))
            .bind(column(&rows, |(key, _)| key.0))
            .bind(column(&rows, |(key, _)| key.1))
            .bind(column(&rows, |(key, _)| key.2))
            .bind(column(&rows, |(key, _)| key.3))
            .bind(column(&rows, |(_, sums)| sums.gross))
            .bind(column(&rows, |(_, sums)| sums.refunds))
            .bind(column(&rows, |(_, sums)| sums.units))
            .bind(column(&rows, |(_, sums)| sums.returned_units))
            .execute(db)
            .await?;
        Ok(())
    }

    async fn note_customers(&self, generation: Generation, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let rows: Vec<_> = self.customers.iter().collect();
        if rows.is_empty() {
            return Ok(());
        }
        let note = "
            INSERT INTO seller_stats_g{g}_customers AS c (seller_id, customer_id, first_at)
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
            ON CONFLICT (seller_id, customer_id) DO UPDATE SET first_at = excluded.first_at
            WHERE excluded.first_at < c.first_at";
        sqlx::query(&generation.sql(note))
            .bind(column(&rows, |(key, _)| key.0))
            .bind(column(&rows, |(key, _)| key.1))
            .bind(column(&rows, |(_, first_at)| **first_at))
            .execute(db)
            .await?;
        Ok(())
    }

    async fn note_purchases(&self, generation: Generation, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let rows: Vec<_> = self.purchases.iter().collect();
        if rows.is_empty() {
            return Ok(());
        }
        let note = "
            INSERT INTO seller_stats_g{g}_purchases (seller_id, at, customer_id)
            SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[])
            ON CONFLICT DO NOTHING";
        sqlx::query(&generation.sql(note))
            .bind(column(&rows, |(seller, ..)| *seller))
            .bind(column(&rows, |(_, at, _)| *at))
            .bind(column(&rows, |(.., customer)| *customer))
            .execute(db)
            .await?;
        Ok(())
    }
}
