//! The index's schema and its documents.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, SchemaBuilder, TextFieldIndexing,
    TextOptions,
};
use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, TextAnalyzer,
};
use tantivy::{Index, TantivyDocument, Term};
use uuid::Uuid;

use super::entry::Entry;
use crate::catalog::word_key;

/// The name of our analyzer in the schema.
const ANALYZER: &str = "product_text";

/// Longer words are noise.
const LONGEST_WORD: usize = 80;

#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) id: Field,
    pub(super) name: Field,
    pub(super) description: Field,
    pub(super) brand: Field,
    pub(super) tags: Field,
    pub(super) category: Field,
    pub(super) tag: Field,
    pub(super) seller: Field,
    pub(super) price: Field,
    pub(super) in_stock: Field,
    pub(super) featured: Field,
    pub(super) hidden: Field,
    pub(super) created_at: Field,
    pub(super) name_key: Field,
    pub(super) tie: Field,
    pub(super) source: Field,
}

/// Names of the fast fields that lists are sorted by.
pub(super) const PRICE: &str = "price";
pub(super) const CREATED_AT: &str = "created_at";
pub(super) const NAME_KEY: &str = "name_key";
pub(super) const TIE: &str = "tie";

impl Fields {
    /// The schema of an index that this build makes. An index of another one is built again.
    pub(super) fn schema() -> (Schema, Self) {
        let mut schema = SchemaBuilder::new();
        let text = TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer(ANALYZER)
                .set_index_option(IndexRecordOption::WithFreqsAndPositions),
        );
        let fields = Self {
            id: schema.add_text_field("id", STRING | STORED),
            name: schema.add_text_field("name", text.clone()),
            description: schema.add_text_field("description", text.clone()),
            brand: schema.add_text_field("brand", text.clone()),
            tags: schema.add_text_field("tags", text),
            category: schema.add_text_field("category", STRING),
            tag: schema.add_text_field("tag", STRING),
            seller: schema.add_text_field("seller", STRING),
            price: schema.add_i64_field(PRICE, INDEXED | FAST),
            in_stock: schema.add_bool_field("in_stock", INDEXED | FAST),
            featured: schema.add_bool_field("featured", INDEXED),
            hidden: schema.add_bool_field("hidden", INDEXED),
            created_at: schema.add_i64_field(CREATED_AT, FAST),
            name_key: schema.add_text_field(NAME_KEY, TextOptions::default().set_fast(None)),
            tie: schema.add_u64_field(TIE, FAST),
            source: schema.add_text_field("source", STORED),
        };
        (schema.build(), fields)
    }

    /// The document of a product.
    pub(super) fn document(
        &self,
        id: Uuid,
        entry: &Entry,
        in_stock: bool,
    ) -> Result<TantivyDocument, serde_json::Error> {
        let mut document = TantivyDocument::new();
        document.add_text(self.id, id.to_string());
        document.add_text(self.name, &entry.name);
        document.add_text(self.description, &entry.description);
        if let Some(brand) = &entry.brand {
            document.add_text(self.brand, brand);
        }
        if let Some(category) = &entry.category {
            document.add_text(self.category, word_key(category));
        }
        for tag in &entry.tags {
            document.add_text(self.tags, tag);
            document.add_text(self.tag, word_key(tag));
        }
        document.add_text(self.seller, entry.seller_id.to_string());
        document.add_i64(self.price, entry.price);
        document.add_bool(self.in_stock, in_stock);
        document.add_bool(self.featured, entry.featured);
        document.add_bool(self.hidden, entry.hidden);
        document.add_i64(self.created_at, entry.created_at.timestamp_micros());
        // Unique, so that pages of equal names don't overlap.
        document.add_text(self.name_key, format!("{}\u{1}{id}", word_key(&entry.name)));
        // The random half of a UUIDv7.
        document.add_u64(self.tie, id.as_u64_pair().1);
        document.add_text(self.source, serde_json::to_string(entry)?);
        Ok(document)
    }

    /// The term by which a product's document is found and deleted.
    pub(super) fn id_term(&self, id: Uuid) -> Term {
        Term::from_field_text(self.id, &id.to_string())
    }
}

/// Tells an index how its texts are split into words.
pub(super) fn register_analyzer(index: &Index) {
    index.tokenizers().register(ANALYZER, analyzer());
}

/// Words in lower case, without accents, cut to their English stems.
pub(super) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .filter(Stemmer::new(Language::English))
        .build()
}
