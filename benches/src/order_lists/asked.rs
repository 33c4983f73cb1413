//! What is asked of the lists.

use chrono::{Days, NaiveDate};
use hyper::StatusCode;

use super::fill::Filled;
use crate::Error;
use crate::http::{Ask, Buyer, Connection, Daybook, Shop, data, sign_in};
use crate::random::Random;

/// Different requests of a kind, at most.
const SEVERAL: usize = 200;
const SEED: u64 = 9;
const STATUSES: [&str; 6] = ["pending", "confirmed", "processing", "shipped", "delivered", "cancelled"];
const OF_SHOP: &str = "/api/v1/sellers/me/orders";

/// A list, and how many it must say that there are.
pub struct Request {
    /// What is asked.
    pub path: String,
    /// Whose token: of a buyer the nth of all.
    pub token: String,
    /// A statement that counts them; nothing where it would only be said again.
    count: Option<String>,
}

/// Requests of one kind.
pub struct Kind {
    /// What they are called.
    pub name: &'static str,
    /// Them.
    pub requests: Vec<Request>,
}

/// Makes them.
pub struct Making<'a> {
    filled: &'a Filled,
    shop: &'a Shop,
    admin: String,
    random: Random,
}

impl<'a> Making<'a> {
    /// For a shop with a million orders.
    pub async fn of(daybook: &Daybook, filled: &'a Filled, shop: &'a Shop) -> Result<Self, Error> {
        Ok(Self { filled, shop, admin: sign_in(daybook, "admin").await?, random: Random(SEED) })
    }

    /// Every kind.
    pub async fn kinds(mut self, connection: &mut Connection) -> Result<Vec<Kind>, Error> {
        let kind = |name, requests| Kind { name, requests };
        Ok(vec![
            kind("orders of a buyer", self.of_buyers("/api/v1/orders")),
            kind("orders of a buyer, page 30", self.of_buyers("/api/v1/orders?pageNumber=30")),
            kind("orders of a shop", vec![self.of_shop("", Some(String::new()))]),
            kind("orders of a shop, by status", self.by_status()),
            kind("orders of a shop, by status and days", self.by_status_and_days()),
            kind("orders of a shop, page 1,000 and on", self.late_pages()),
            kind("orders of a shop, behind a cursor", self.behind_cursors(connection).await?),
            kind("orders of a shop, by number", self.by_number().await?),
            kind("all orders, by status and days", self.of_all()),
        ])
    }

    fn of_buyers(&self, path: &str) -> Vec<Request> {
        let of = |buyer: &Buyer| Request {
            path: path.to_owned(),
            token: buyer.token.clone(),
            count: Some(format!(
                "SELECT count(*) FROM {} WHERE customer_id = '{}'",
                self.filled.orders, buyer.id
            )),
        };
        self.shop.buyers.iter().map(of).collect()
    }

    /// With this behind the path, and this condition besides in the count.
    fn of_shop(&self, asked: &str, condition: Option<String>) -> Request {
        let Filled { sellers, shop, .. } = self.filled;
        let count =
            |condition| format!("SELECT count(*) FROM {sellers} WHERE seller_id = '{shop}'{condition}");
        Request {
            path: format!("{OF_SHOP}{asked}"),
            token: self.shop.seller.clone(),
            count: condition.map(count),
        }
    }

    fn by_status(&self) -> Vec<Request> {
        let of =
            |status| self.of_shop(&format!("?status={status}"), Some(format!(" AND status = '{status}'")));
        STATUSES.into_iter().map(of).collect()
    }

    fn by_status_and_days(&mut self) -> Vec<Request> {
        let days = self.some_days();
        let of = |(asked, condition): (String, String)| {
            self.of_shop(&format!("?{asked}"), Some(format!(" AND {condition}")))
        };
        days.into_iter().map(of).collect()
    }

    fn of_all(&mut self) -> Vec<Request> {
        let days = self.some_days();
        let of = |(asked, condition): (String, String)| Request {
            path: format!("/api/v1/orders?scope=all&{asked}"),
            token: self.admin.clone(),
            count: Some(format!("SELECT count(*) FROM {} WHERE {condition}", self.filled.orders)),
        };
        days.into_iter().map(of).collect()
    }

    /// A status that all times have, and from one day to a year; as it is asked for, and in SQL.
    fn some_days(&mut self) -> Vec<(String, String)> {
        let first = NaiveDate::from_ymd_opt(2024, 1, 2).unwrap_or_default();
        let mut some = Vec::new();
        for nth in 0..SEVERAL {
            let status = if nth.is_multiple_of(2) { "delivered" } else { "cancelled" };
            let from = first + Days::new(self.random.below(600) as u64);
            let to = from + Days::new(self.random.below(365) as u64);
            some.push((
                format!("status={status}&startDate={from}&endDate={to}"),
                format!(
                    "status = '{status}' AND placed_at >= '{from} 00:00+00' AND placed_at < '{} 00:00+00'",
                    to + Days::new(1)
                ),
            ));
        }
        some
    }

    fn late_pages(&self) -> Vec<Request> {
        (1000..1000 + SEVERAL).map(|page| self.of_shop(&format!("?pageNumber={page}"), None)).collect()
    }

    /// From a hundred pages in to fifteen thousand.
    async fn behind_cursors(&self, connection: &mut Connection) -> Result<Vec<Request>, Error> {
        let mut requests = Vec::new();
        for page in (100..15_000).step_by(745) {
            let path = format!("{OF_SHOP}?pageNumber={page}");
            let ask = Ask::get(&path, &self.shop.seller);
            let told = data(&connection.expect(StatusCode::OK, ask).await?)?;
            let next = told["nextCursor"].as_str().ok_or("a page without a next one")?;
            requests.push(self.of_shop(&format!("?cursor={next}"), None));
        }
        Ok(requests)
    }

    /// Whole numbers, and what a hundred begin with.
    async fn by_number(&mut self) -> Result<Vec<Request>, Error> {
        let Filled { sellers, shop, pool, .. } = self.filled;
        let numbers =
            format!("SELECT number FROM {sellers} WHERE seller_id = $1 ORDER BY md5(number) LIMIT $2");
        let numbers: Vec<String> =
            sqlx::query_scalar(&numbers).bind(shop).bind(i64::try_from(SEVERAL)?).fetch_all(pool).await?;
        let of = |(nth, number): (usize, String)| {
            let typed = if nth.is_multiple_of(4) { &number[..number.len() - 2] } else { number.as_str() };
            self.of_shop(&format!("?search={typed}"), Some(format!(" AND number LIKE '{typed}%'")))
        };
        Ok(numbers.into_iter().enumerate().map(of).collect())
    }
}

impl Kind {
    /// Asks each once: something must be there, and of the first few as much as the rows have.
    pub async fn check(&self, connection: &mut Connection, filled: &Filled) -> Result<(), Error> {
        for (nth, request) in self.requests.iter().enumerate() {
            let Request { path, token, count } = request;
            let told = data(&connection.expect(StatusCode::OK, Ask::get(path, token)).await?)?;
            let (items, total) = (told["items"].as_array().map_or(0, Vec::len), told["totalCount"].as_i64());
            if items == 0 {
                return Err(format!("{path} is answered without an order").into());
            }
            let Some(count) = count.as_ref().filter(|_| nth < 8) else { continue };
            let counted: i64 = sqlx::query_scalar(count).fetch_one(&filled.pool).await?;
            if total != Some(counted) {
                return Err(format!("{path} says that there are {total:?}, there are {counted}").into());
            }
        }
        Ok(())
    }
}
