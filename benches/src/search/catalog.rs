//! Icecat's catalog, as it is and multiplied.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use domain::ids::ProductId;
use event_store::Log;
use flate2::read::GzDecoder;
use projections::product_search::{ProductSearch, SearchQuery, Words};
use serde_json::Value;

use crate::Error;
use crate::database::Database;
use crate::http::Daybook;

/// Where Icecat's files are, if they are there.
pub fn shared() -> Option<PathBuf> {
    Some(shared_data::file("data/icecat_products.jsonl.gz")?.parent()?.to_owned())
}

/// What the peers index of a product.
pub struct Product {
    /// Icecat's id.
    pub sku: String,
    /// Icecat's title.
    pub name: String,
    /// Icecat's name.
    pub model: String,
    /// Icecat's supplier.
    pub brand: String,
    /// Icecat's short description.
    pub description: String,
}

/// A line of the file.
type Record = serde_json::Map<String, Value>;

/// The records of the file.
pub fn records(shared: &Path) -> Result<Vec<Record>, Error> {
    let file = std::fs::File::open(shared.join("icecat_products.jsonl.gz"))?;
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

/// The products of these records.
pub fn products(records: &[Record]) -> Result<Vec<Product>, Error> {
    let (nobody, currency) = (domain::ids::SellerId(uuid::Uuid::nil()), "USD".parse()?);
    let of = |record: &Record| -> Result<Product, Error> {
        let mut product = icecat::product(record, nobody, currency)?;
        let model = product.specifications.remove(icecat::MODEL).unwrap_or_default();
        let (brand, description) = (product.brand.unwrap_or_default(), product.description);
        Ok(Product { sku: product.sku, name: product.name, model, brand, description })
    };
    records.iter().map(of).collect()
}

/// So many products, as a file: each time round, names and model numbers have a new ending and prices differ.
pub fn multiplied(records: &[Record], count: usize, path: &Path) -> Result<(), Error> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for (n, record) in records.iter().cycle().take(count).enumerate() {
        let round = n / records.len();
        let mut record = record.clone();
        if round > 0 {
            for field in ["id", "name", "title"] {
                let text = record[field].as_str().unwrap_or_default();
                let other = if field == "title" {
                    format!("{text} Series {round}")
                } else {
                    format!("{text}-{round}")
                };
                record[field] = other.into();
            }
            let cents = record["price"].as_u64().unwrap_or(1000);
            record["price"] = (cents * (90 + (n as u64 * 7) % 40) / 100).into();
        }
        serde_json::to_writer(&mut file, &record)?;
        file.write_all(b"\n")?;
    }
    Ok(file.flush()?)
}

/// Takes a file of products over, as users do it.
pub async fn import(database: &Database, home: &Path, file: &Path) -> Result<(), Error> {
    let file = file.to_str().ok_or("a path that is no text")?;
    let said = Daybook::run(database, home, &["import", "products", file]).await?;
    crate::report::say(&format!("daybook import products: {}", said.lines().last().unwrap_or_default()));
    Ok(())
}

/// An index in this process of what a log says.
pub async fn indexed(database: &Database, folder: &Path, words: Words) -> Result<ProductSearch, Error> {
    std::fs::create_dir(folder)?;
    let pool = database.pool(2).await?;
    let search = ProductSearch::of_log(folder, &Log::new(pool.clone()), words).await?;
    pool.close().await;
    Ok(search)
}

/// The SKU of each product.
pub fn skus(search: &ProductSearch) -> Result<HashMap<ProductId, String>, Error> {
    let all = SearchQuery { limit: usize::MAX, ..SearchQuery::default() };
    let hits = search.search_now(&all)?.value.hits;
    Ok(hits.into_iter().map(|hit| (hit.id, hit.details.sku.clone())).collect())
}
