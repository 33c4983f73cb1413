//! Adding what a batch changes to the rows, in key order.

use std::collections::BTreeMap;

use sqlx::postgres::PgHasArrayType;
use sqlx::{Encode, PgConnection, Postgres, Type};
use uuid::Uuid;

use super::fold::Changes;
use super::row::Sums;
use crate::arrays::column;
use crate::generation::Generation;
use crate::one_statement::OneStatement;
use crate::read_model::ApplyError;

/// Adds to the sums of products, of some table and the column that says when.
macro_rules! add_products_sql {
    ($table:literal, $when:literal, $type:literal) => {
        concat!(
            "INSERT INTO seller_stats_g{g}_", $table, " AS p
                 (seller_id, ", $when, ", product_id, currency, gross, refunds, units, returned_units)
             SELECT * FROM unnest($1::uuid[], $2::", $type, "[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[],
                                  $7::bigint[], $8::bigint[])
             ON CONFLICT (seller_id, ", $when, ", product_id, currency) DO UPDATE
             SET gross = p.gross + excluded.gross, refunds = p.refunds + excluded.refunds,
                 units = p.units + excluded.units, returned_units = p.returned_units + excluded.returned_units"
        )
    };
}

impl Changes<'_> {
    /// One statement for each table, all of them sent as one.
    pub(super) async fn write(
        &self,
        generation: Generation,
        db: &mut PgConnection,
    ) -> Result<(), ApplyError> {
        let mut statement = OneStatement::of(generation);
        // The other way round than they run.
        self.note_purchases(&mut statement);
        self.note_customers(&mut statement);
        add_products(
            "days",
            add_products_sql!("product_days", "day", "date"),
            &self.product_days,
            &mut statement,
        );
        add_products(
            "products",
            add_products_sql!("products", "at", "timestamptz"),
            &self.products,
            &mut statement,
        );
        self.add_sums(&mut statement);
        Ok(statement.execute(db).await?)
    }

    fn add_sums(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self.sums.iter().collect();
        if rows.is_empty() {
            return;
        }
        let add = "
            INSERT INTO seller_stats_g{g}_sums AS s
                (seller_id, at, currency, gross, refunds, units, returned_units, orders)
            SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
                                 $7::bigint[], $8::bigint[])
            ON CONFLICT (seller_id, at, currency) DO UPDATE
            SET gross = s.gross + excluded.gross, refunds = s.refunds + excluded.refunds,
                orders = s.orders + excluded.orders, units = s.units + excluded.units,
                returned_units = s.returned_units + excluded.returned_units";
        statement
            .add("sums", add)
            .bind(column(&rows, |(key, _)| key.0))
            .bind(column(&rows, |(key, _)| key.1))
            .bind(column(&rows, |(key, _)| key.2));
        bind_sums(&rows, statement).bind(column(&rows, |(_, sums)| sums.orders));
    }

    fn note_customers(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self.customers.iter().collect();
        if rows.is_empty() {
            return;
        }
        let note = "
            INSERT INTO seller_stats_g{g}_customers AS c (seller_id, customer_id, first_at)
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
            ON CONFLICT (seller_id, customer_id) DO UPDATE SET first_at = excluded.first_at
            WHERE excluded.first_at < c.first_at";
        statement
            .add("customers", note)
            .bind(column(&rows, |(key, _)| key.0))
            .bind(column(&rows, |(key, _)| key.1))
            .bind(column(&rows, |(_, first_at)| **first_at));
    }

    fn note_purchases(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self.purchases.iter().collect();
        if rows.is_empty() {
            return;
        }
        let note = "
            INSERT INTO seller_stats_g{g}_purchases (seller_id, at, customer_id)
            SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[])
            ON CONFLICT DO NOTHING";
        statement
            .add("purchases", note)
            .bind(column(&rows, |(seller, ..)| *seller))
            .bind(column(&rows, |(_, at, _)| *at))
            .bind(column(&rows, |(.., customer)| *customer));
    }
}

fn add_products<W>(
    name: &'static str,
    add: &'static str,
    products: &BTreeMap<(Uuid, W, Uuid, &str), Sums>,
    statement: &mut OneStatement,
) where
    W: Copy + for<'q> Encode<'q, Postgres> + Type<Postgres> + PgHasArrayType,
{
    let rows: Vec<_> = products.iter().collect();
    if rows.is_empty() {
        return;
    }
    statement
        .add(name, add)
        .bind(column(&rows, |(key, _)| key.0))
        .bind(column(&rows, |(key, _)| key.1))
        .bind(column(&rows, |(key, _)| key.2))
        .bind(column(&rows, |(key, _)| key.3));
    bind_sums(&rows, statement);
}

/// Binds gross, refunds, units and returned units.
fn bind_sums<'t, K>(rows: &[(K, &Sums)], statement: &'t mut OneStatement) -> &'t mut OneStatement {
    statement
        .bind(column(rows, |(_, sums)| sums.gross))
        .bind(column(rows, |(_, sums)| sums.refunds))
        .bind(column(rows, |(_, sums)| sums.units))
        .bind(column(rows, |(_, sums)| sums.returned_units))
}
