//! The index's schema.

use std::borrow::Cow;

use tantivy::Term;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
};

use crate::product_search::VERSION;
use crate::product_search::text::{Language, Text};

/// The name of the fast field with a product's slot.
pub(super) const SLOT: &str = "slot";

/// Why an index with this schema can't be used for a catalog in this language.
pub(super) fn difference(schema: &Schema, language: Language) -> Cow<'static, str> {
    let prefix = format!("form_{VERSION}_");
    let mut names = schema.fields().map(|(_, entry)| entry.name());
    match names.find_map(|name| name.strip_prefix(&prefix)) {
        Some(other) if other != language.name() => {
            format!("it is of a catalog in {other}, which is in {} now", language.name()).into()
        }
        Some(_) | None => "another build made it".into(),
    }
}

/// The fields of the schema.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    /// The product's place in the table in memory.
    pub(super) slot: Field,
    texts: [Field; Text::COUNT],
    /// Words as they are written, for completion and for what is typed wrong.
    pub(super) surface: Field,
    /// What the document was made of, as a text: Tantivy reads bytes one by one.
    pub(super) source: Field,
}

impl Fields {
    /// The schema of an index that this build makes for this language.
    pub(super) fn schema(language: Language) -> (Schema, Self) {
        let mut schema = SchemaBuilder::new();
        let text = |option| {
            let indexing = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(option);
            TextOptions::default().set_indexing_options(indexing.set_fieldnorms(false))
        };
        let positions = text(IndexRecordOption::WithFreqsAndPositions);
        let fields = Self {
            slot: schema.add_u64_field(SLOT, INDEXED | FAST),
            texts: Text::ALL.map(|text| schema.add_text_field(text.name(), positions.clone())),
            surface: schema.add_text_field("surface", text(IndexRecordOption::Basic)),
            source: schema.add_text_field("source", STORED),
        };
        schema.add_u64_field(&format!("form_{VERSION}_{}", language.name()), STORED);
        (schema.build(), fields)
    }

    pub(super) fn text(&self, text: Text) -> Field {
        self.texts[text as usize]
    }

    /// The term by which a product's document is deleted.
    pub(super) fn slot_term(&self, slot: u32) -> Term {
        Term::from_field_u64(self.slot, slot.into())
    }
}
