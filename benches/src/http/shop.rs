//! The shop that is bought from, made over HTTP as a seller makes it, and its customers.

use std::net::SocketAddr;
use std::path::Path;

use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::connection::{Ask, Connection};
use super::daybook::Daybook;
use crate::Error;

/// How many products there are, and of each.
const PRODUCTS: usize = 1000;
/// Units of each product at the start.
pub const UNITS: u64 = 1_000_000;
/// What buyers log in with.
pub const PASSWORD: &str = "Tulip-Garden-7";

/// Products, a seller and customers.
pub struct Shop {
    /// `Bearer …` of the seller.
    pub seller: String,
    /// The products' ids.
    pub products: Vec<Uuid>,
    /// The customers.
    pub buyers: Vec<Buyer>,
}

/// Somebody who buys.
#[derive(Clone)]
pub struct Buyer {
    /// Whom to log in.
    pub email: String,
    /// `Bearer …`
    pub token: String,
    /// An address of theirs.
    pub address: String,
    /// Their id.
    pub id: Uuid,
}

impl Shop {
    /// Fills an empty Daybook.
    pub async fn open(daybook: &Daybook, home: &Path, buyers: usize) -> Result<Self, Error> {
        let accounts: Value = serde_json::from_slice(&std::fs::read(home.join("sample-shop.json"))?)?;
        let mut connection = Connection::open(daybook.address).await?;
        let seller = login(&mut connection, &accounts["seller"]).await?;
        let mut making = Vec::new();
        for part in 0..8 {
            making.push(tokio::spawn(products(daybook.address, seller.clone(), part)));
        }
        let mut products = Vec::with_capacity(PRODUCTS);
        for made in making {
            products.extend(made.await??);
        }
        let registering = (0..buyers).map(|_| tokio::spawn(register(daybook.address)));
        let mut all = Vec::with_capacity(buyers);
        for buyer in registering.collect::<Vec<_>>() {
            all.push(buyer.await??);
        }
        Ok(Self { seller, products, buyers: all })
    }

    /// A product of the seller's; its id.
    pub async fn product(connection: &mut Connection, seller: &str, stock: u64) -> Result<Uuid, Error> {
        let id = Uuid::now_v7().simple();
        let body = json!({
            "name": format!("Thing {id}"), "description": "One of a thousand things", "price": "9.99", "stock": stock,
            "tags": ["thing"], "images": ["https://cdn.example.com/thing.jpg"],
        });
        let ask = Ask::of(Method::POST, "/api/v1/products", seller, body.to_string());
        let made = data(&connection.expect(StatusCode::CREATED, ask).await?)?;
        uuid(&made["id"])
    }

    /// Units of all products together, by the catalog.
    pub async fn stock(&self, connection: &mut Connection) -> Result<u64, Error> {
        let mut stock = 0;
        for product in &self.products {
            let path = format!("/api/v1/products/{product}");
            let shown = data(&connection.expect(StatusCode::OK, Ask::get(&path, "")).await?)?;
            stock += shown["stock"].as_u64().ok_or("a product without a stock")?;
        }
        Ok(stock)
    }
}

/// `Bearer …` of an account of the sample shop that a `daybook up` with this home made: `admin`, `seller` or `customer`.
pub async fn sign_in(daybook: &Daybook, role: &str) -> Result<String, Error> {
    let accounts: Value = serde_json::from_slice(&std::fs::read(daybook.home.join("sample-shop.json"))?)?;
    login(&mut Connection::open(daybook.address).await?, &accounts[role]).await
}

async fn products(address: SocketAddr, seller: String, part: usize) -> Result<Vec<Uuid>, Error> {
    let mut connection = Connection::open(address).await?;
    let mut products = Vec::new();
    for _ in (part..PRODUCTS).step_by(8) {
        products.push(Shop::product(&mut connection, &seller, UNITS).await?);
    }
    Ok(products)
}

async fn register(address: SocketAddr) -> Result<Buyer, Error> {
    let mut connection = Connection::open(address).await?;
    let email = format!("{}@example.com", Uuid::now_v7().simple());
    let body = json!({ "email": email, "password": PASSWORD, "fullName": "Ann Archer" });
    let ask = Ask::of(Method::POST, "/api/v1/auth/register", "", body.to_string());
    let account = data(&connection.expect(StatusCode::CREATED, ask).await?)?;
    let token = format!("Bearer {}", text(&account["accessToken"])?);
    let ask = Ask::of(Method::POST, "/api/v1/users/addresses", &token, home_address());
    let address = data(&connection.expect(StatusCode::CREATED, ask).await?)?;
    Ok(Buyer { email, address: text(&address["id"])?, id: uuid(&account["userId"])?, token })
}

/// Where the goods go.
pub fn home_address() -> Bytes {
    let address = json!({ "street": "1 Main St", "city": "Karachi", "zipCode": "75500", "country": "PK", "isDefault": true });
    address.to_string().into()
}

async fn login(connection: &mut Connection, account: &Value) -> Result<String, Error> {
    let ask = Ask::of(Method::POST, "/api/v1/auth/login", "", account.to_string());
    let session = data(&connection.expect(StatusCode::OK, ask).await?)?;
    Ok(format!("Bearer {}", text(&session["accessToken"])?))
}

/// The `data` of an answer.
pub fn data(answer: &[u8]) -> Result<Value, Error> {
    Ok(serde_json::from_slice::<Value>(answer)?["data"].take())
}

fn text(value: &Value) -> Result<String, Error> {
    Ok(value.as_str().ok_or("an answer lacks a text")?.to_owned())
}

fn uuid(value: &Value) -> Result<Uuid, Error> {
    Ok(text(value)?.parse()?)
}
