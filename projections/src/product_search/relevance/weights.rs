//! How much a word counts where.

use crate::product_search::text::Text;

/// The weights of BM25F (Robertson, Zaragoza, Taylor: Simple BM25 extension to multiple weighted fields, 2004), and
/// what is ours on top of it. ADR 0011 says how they were measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// How soon a word that comes again counts no more.
    pub k1: f32,
    /// The name.
    pub name: Weight,
    /// Model numbers and other codes.
    pub model: Weight,
    /// Who makes it.
    pub brand: Weight,
    /// Free words.
    pub tags: Weight,
    /// Values of attributes and specifications.
    pub attributes: Weight,
    /// The descriptions.
    pub description: Weight,
    /// The names of its category and of those above.
    pub category: f32,
    /// Of a word that means the same.
    pub synonym: f32,
    /// Of two words that are one in the product, or of one that is several there.
    pub joined: f32,
    /// Of a word that begins so, where none is so.
    pub prefix: f32,
    /// Of a word that differs by one letter from one that nothing has; by two, the square.
    pub typo: f32,
    /// Of such a word where a few products have the one that was typed: so little that theirs come first.
    pub guess: f32,
    /// A product that has only some of the words counts by the part that it has, to this power.
    pub coverage: f32,
    /// Of what is out of stock.
    pub out_of_stock: f32,
    /// A search that finds fewer products with all words looks for those with one word less, and so on.
    pub enough: usize,
}

impl Weights {
    /// The same where the best match doesn't come first: then nothing that lacks a word is found beside what has all, for
    /// it would stand before that.
    pub(crate) fn in_another_order(self) -> Self {
        Self { enough: 1, ..self }
    }
}

/// The weight of one text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight {
    /// How much a word in it counts.
    pub boost: f32,
    /// How much less it counts in a long one: from 0, not at all, to 1.
    pub length: f32,
}

const fn weight(boost: f32, length: f32) -> Weight {
    Weight { boost, length }
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            k1: 1.2,
            name: weight(1.0, 0.4),
            model: weight(0.5, 0.3),
            brand: weight(1.0, 0.0),
            tags: weight(1.0, 0.4),
            attributes: weight(0.3, 0.75),
            description: weight(1.0, 0.9),
            category: 1.0,
            synonym: 0.5,
            joined: 0.5,
            prefix: 0.8,
            typo: 0.7,
            guess: 0.02,
            coverage: 1.0,
            out_of_stock: 0.5,
            enough: 10,
        }
    }
}

impl Weights {
    pub(super) fn of(&self, text: Text) -> Weight {
        match text {
            Text::Name => self.name,
            Text::Model => self.model,
            Text::Brand => self.brand,
            Text::Tags => self.tags,
            Text::Attributes => self.attributes,
            Text::Description => self.description,
        }
    }
}
