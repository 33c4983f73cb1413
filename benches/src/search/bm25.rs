//! The peers that rank by BM25: over one text, and Tantivy with its defaults.

use std::collections::HashMap;

use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::schema::{STORED, STRING, Schema, TEXT, Value};
use tantivy::{Index, Searcher, TantivyDocument};

use super::catalog::Product;
use crate::Error;

/// BM25 with k1 1.2 and b 0.75 over model number, name and description as one text of lower-case words (Robertson,
/// Walker: Okapi at TREC-3, 1994; the rarity as Lucene has it).
pub struct Plain {
    skus: Vec<String>,
    lengths: Vec<f64>,
    average: f64,
    postings: HashMap<String, Vec<(usize, f64)>>,
}

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[allow(clippy::cast_precision_loss, reason = "numbers of words and products")]
impl Plain {
    /// Indexes a catalog.
    pub fn of(products: &[Product]) -> Self {
        let mut plain =
            Self { skus: Vec::new(), lengths: Vec::new(), average: 0.0, postings: HashMap::new() };
        for (n, product) in products.iter().enumerate() {
            let text = words(&format!("{} {} {}", product.model, product.name, product.description));
            plain.skus.push(product.sku.clone());
            plain.lengths.push(text.len() as f64);
            let mut times: HashMap<String, f64> = HashMap::new();
            for word in text {
                *times.entry(word).or_default() += 1.0;
            }
            for (word, times) in times {
                plain.postings.entry(word).or_default().push((n, times));
            }
        }
        plain.average = plain.lengths.iter().sum::<f64>() / products.len() as f64;
        plain
    }

    /// The ten best.
    pub fn search(&self, query: &str) -> Vec<String> {
        let all = self.skus.len() as f64;
        let mut scores: HashMap<usize, f64> = HashMap::new();
        for word in words(query) {
            let Some(postings) = self.postings.get(&word) else { continue };
            let with = postings.len() as f64;
            let rarity = (1.0 + (all - with + 0.5) / (with + 0.5)).ln();
            for (n, times) in postings {
                let longer = 0.25 + 0.75 * self.lengths[*n] / self.average;
                *scores.entry(*n).or_default() += rarity * times * 2.2 / (times + 1.2 * longer);
            }
        }
        let mut ranked: Vec<_> = scores.into_iter().collect();
        ranked.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        ranked.into_iter().take(10).map(|(n, _)| self.skus[n].clone()).collect()
    }
}

/// Tantivy's `TEXT` fields of model number, name, brand, description and attributes, and its query parser.
pub struct Defaults {
    searcher: Searcher,
    parser: QueryParser,
    sku: tantivy::schema::Field,
}

impl Defaults {
    /// Indexes a catalog, in memory.
    pub fn of(products: &[Product]) -> Result<Self, Error> {
        let mut schema = Schema::builder();
        let sku = schema.add_text_field("sku", STRING | STORED);
        let texts = ["model", "name", "brand", "description", "attributes"]
            .map(|name| schema.add_text_field(name, TEXT));
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, 64 << 20)?;
        for product in products {
            let mut document = TantivyDocument::new();
            document.add_text(sku, &product.sku);
            let Product { model, name, brand, description, attributes, sku: _ } = product;
            let said = [model, name, brand, description, attributes];
            texts.iter().zip(said).for_each(|(field, text)| document.add_text(*field, text));
            writer.add_document(document)?;
        }
        writer.commit()?;
        Ok(Self {
            searcher: index.reader()?.searcher(),
            parser: QueryParser::for_index(&index, texts.to_vec()),
            sku,
        })
    }

    /// The ten best.
    pub fn search(&self, query: &str) -> Result<Vec<String>, Error> {
        let (query, _) = self.parser.parse_query_lenient(query);
        let mut skus = Vec::new();
        for (_, address) in self.searcher.search(&query, &TopDocs::with_limit(10))? {
            let document: TantivyDocument = self.searcher.doc(address)?;
            skus.extend(document.get_first(self.sku).and_then(|it| it.as_str()).map(str::to_owned));
        }
        Ok(skus)
    }
}
