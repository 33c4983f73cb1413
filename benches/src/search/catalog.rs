//! Icecat's catalog, as it is and multiplied.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use domain::ids::ProductId;
use domain::product::Attribute;
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
    /// What its attributes say in words, as ours reads them: of what it has, the name; of what it hasn't, nothing.
    pub attributes: String,
}

/// What requests are made of.
#[derive(Clone)]
pub struct Sold {
    /// Words of its name that people may type.
    pub words: Vec<String>,
    /// Who makes it.
    pub brand: String,
    /// Where it stands.
    pub category: String,
    /// Its price, in hundredths.
    pub cents: i64,
}

/// The records, as what is sold.
pub fn sold(records: &[Record]) -> Vec<Sold> {
    let of = |record: &Record| Sold {
        words: words(record["title"].as_str().unwrap_or_default()),
        brand: record["supplier"].as_str().unwrap_or_default().to_owned(),
        category: category(record),
        cents: record["price"].as_i64().unwrap_or(1000),
    };
    records.iter().map(of).filter(|sold| !sold.words.is_empty()).collect()
}

/// Words of three letters or digits and more, without the marks around them.
fn words(title: &str) -> Vec<String> {
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '.');
    let words =
        title.split_whitespace().map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()));
    words.filter(|word| word.chars().count() >= 3 && word.chars().all(is_plain)).map(str::to_owned).collect()
}

/// Its type, where Icecat says one; otherwise one of thirty shelves, by its brand.
fn category(record: &Record) -> String {
    let text = |field: &str| record.get(field)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    text("attr_t_product_type").or_else(|| text("attr_t_type")).unwrap_or_else(|| {
        let brand = text("supplier").unwrap_or_default();
        format!("Shelf {}", brand.bytes().map(usize::from).sum::<usize>() % 30)
    })
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
        let attributes: Vec<&str> = product.attributes.iter().filter_map(in_words).collect();
        let attributes = attributes.join(" ");
        let (brand, description) = (product.brand.unwrap_or_default(), product.description);
        Ok(Product { sku: product.sku, name: product.name, model, brand, description, attributes })
    };
    records.iter().map(of).collect()
}

fn in_words(attribute: &Attribute) -> Option<&str> {
    match attribute.value.as_str() {
        "Yes" => Some(attribute.name.as_str()),
        "No" => None,
        value => value.contains(char::is_alphabetic).then_some(value),
    }
}

/// So many products in categories, as a file: each time round, names and model numbers have a new ending and prices differ.
pub fn multiplied(records: &[Record], count: usize, path: &Path) -> Result<(), Error> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for (n, record) in records.iter().cycle().take(count).enumerate() {
        let round = n / records.len();
        let mut record = record.clone();
        record.insert("category".to_owned(), category(&record).into());
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
