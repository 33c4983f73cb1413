//! From what a person types and picks to a query of the index.
//!
//! Text is split into words as the index's is, and nothing in it is an operator, so no text is an error.

use std::ops::Bound;

use domain::Money;
use domain::ids::{ProductId, SellerId};
use tantivy::collector::{Collector, Count, TopDocs};
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, Query, RangeQuery, TermQuery,
    TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, Order, Searcher, SegmentReader, TantivyDocument, TantivyError, Term};

use super::entry::price_key;
use super::fields::{CREATED_AT, Fields, NAME_KEY, PRICE, TIE, analyzer};
use crate::catalog::word_key;

/// Words beyond these are not looked at.
const MOST_WORDS: usize = 32;

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The best match first; without text the newest.
    #[default]
    Relevance,
    /// The cheapest first.
    PriceAscending,
    /// The dearest first.
    PriceDescending,
    /// From A to Z.
    NameAscending,
    /// From Z to A.
    NameDescending,
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// As typed; blank is none.
    pub text: Option<String>,
    /// Only of these categories: ids, or words that sellers have for one, whatever their case.
    pub categories: Option<Vec<String>>,
    /// A tag, whatever its case.
    pub tag: Option<String>,
    /// Only this seller's.
    pub seller: Option<SellerId>,
    /// The lowest price. Prices compare as numbers, whatever their currency.
    pub min_price: Option<Money>,
    /// The highest price.
    pub max_price: Option<Money>,
    /// Only what is in stock, or only what isn't.
    pub in_stock: Option<bool>,
    /// Only what is shown first, or only what isn't.
    pub featured: Option<bool>,
    /// The order.
    pub sort: Sort,
    /// How many to leave out.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

/// A page of what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPage {
    /// The products of this page.
    pub ids: Vec<ProductId>,
    /// How many there are on all pages.
    pub total: usize,
}

/// Asks an index. Every word must be somewhere in a product; where no product has all of them, any will do.
pub(super) fn search(
    searcher: &Searcher,
    fields: Fields,
    query: &SearchQuery,
) -> Result<SearchPage, TantivyError> {
    let words = query.text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(words);
    let page = search_with(searcher, fields, query, words.as_deref(), Occur::Must)?;
    match &words {
        Some(words) if page.total == 0 && words.len() > 1 => {
            search_with(searcher, fields, query, Some(words), Occur::Should)
        }
        Some(_) | None => Ok(page),
    }
}

fn words(text: &str) -> Vec<String> {
    let mut analyzer = analyzer();
    let mut stream = analyzer.token_stream(text);
    let mut words = Vec::new();
    while stream.advance() && words.len() < MOST_WORDS {
        let word = &stream.token().text;
        if !words.contains(word) {
            words.push(word.clone());
        }
    }
    words
}

fn search_with(
    searcher: &Searcher,
    fields: Fields,
    query: &SearchQuery,
    words: Option<&[String]>,
    each_word: Occur,
) -> Result<SearchPage, TantivyError> {
    let text: Box<dyn Query> = match words {
        None => Box::new(AllQuery),
        Some([]) => Box::new(EmptyQuery),
        Some(words) => Box::new(BooleanQuery::new(
            words.iter().map(|word| (each_word, word_query(fields, word))).collect(),
        )),
    };
    let mut clauses = vec![(Occur::Must, text)];
    for filter in filters(fields, query) {
        clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(filter, 0.0))));
    }
    let all = BooleanQuery::new(clauses);
    let known = usize::try_from(searcher.num_docs()).unwrap_or(usize::MAX);
    if query.limit == 0 || query.offset >= known {
        return Ok(SearchPage { ids: Vec::new(), total: searcher.search(&all, &Count)? });
    }
    let top = TopDocs::with_limit(query.limit.min(known)).and_offset(query.offset);
    let (total, addresses) = collect(searcher, &all, top, query.sort, words.is_some())?;
    let ids = addresses.into_iter().map(|address| id_of(searcher, fields, address));
    Ok(SearchPage { ids: ids.collect::<Result<_, _>>()?, total })
}

/// A word counts most in the name.
fn word_query(fields: Fields, word: &str) -> Box<dyn Query> {
    let in_field = |field: Field, boost: f32| -> (Occur, Box<dyn Query>) {
        let term = TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::WithFreqs);
        (Occur::Should, Box::new(BoostQuery::new(Box::new(term), boost)))
    };
    Box::new(BooleanQuery::new(vec![
        in_field(fields.name, 3.0),
        in_field(fields.brand, 2.0),
        in_field(fields.tags, 1.5),
        in_field(fields.description, 1.0),
    ]))
}

fn filters(fields: Fields, query: &SearchQuery) -> Vec<Box<dyn Query>> {
    let mut filters: Vec<Box<dyn Query>> = Vec::new();
    let mut term = |term: Term| filters.push(Box::new(TermQuery::new(term, IndexRecordOption::Basic)));
    // Nobody finds what is hidden.
    term(Term::from_field_bool(fields.hidden, false));
    if let Some(tag) = &query.tag {
        term(Term::from_field_text(fields.tag, &word_key(tag)));
    }
    if let Some(seller) = &query.seller {
        term(Term::from_field_text(fields.seller, &seller.to_string()));
    }
    if let Some(in_stock) = query.in_stock {
        term(Term::from_field_bool(fields.in_stock, in_stock));
    }
    if let Some(featured) = query.featured {
        term(Term::from_field_bool(fields.featured, featured));
    }
    if let Some(categories) = &query.categories {
        let terms = categories.iter().map(|word| Term::from_field_text(fields.category, &word_key(word)));
        filters.push(Box::new(TermSetQuery::new(terms)));
    }
    let price = |bound: Option<Money>| {
        bound.map_or(Bound::Unbounded, |price| {
            Bound::Included(Term::from_field_i64(fields.price, price_key(price)))
        })
    };
    if query.min_price.is_some() || query.max_price.is_some() {
        filters.push(Box::new(RangeQuery::new(price(query.min_price), price(query.max_price))));
    }
    filters
}

/// Counts what matches and picks the page. What is equal in the order is ordered by the id, so that a page is the same
/// whatever merges have done to the index.
fn collect(
    searcher: &Searcher,
    query: &dyn Query,
    top: TopDocs,
    sort: Sort,
    has_text: bool,
) -> Result<(usize, Vec<DocAddress>), TantivyError> {
    match sort {
        Sort::Relevance if has_text => {
            let by_score = top.tweak_score(|segment: &SegmentReader| {
                let tie = segment.fast_fields().u64(TIE).ok();
                move |doc, score| (score, tie.as_ref().and_then(|tie| tie.first(doc)))
            });
            page(searcher, query, by_score)
        }
        Sort::Relevance | Sort::Newest => page(searcher, query, by_number(top, CREATED_AT, 1)),
        Sort::Oldest => page(searcher, query, by_number(top, CREATED_AT, -1)),
        Sort::PriceAscending => page(searcher, query, by_number(top, PRICE, -1)),
        Sort::PriceDescending => page(searcher, query, by_number(top, PRICE, 1)),
        Sort::NameAscending => page(searcher, query, top.order_by_string_fast_field(NAME_KEY, Order::Asc)),
        Sort::NameDescending => page(searcher, query, top.order_by_string_fast_field(NAME_KEY, Order::Desc)),
    }
}

/// What lists are ordered by, if not by score: a number, then the id.
type Key = (Option<i64>, Option<u64>);

/// By a number, the largest first, or the smallest with sign −1.
fn by_number(top: TopDocs, field: &'static str, sign: i64) -> impl Collector<Fruit = Vec<(Key, DocAddress)>> {
    top.custom_score(move |segment: &SegmentReader| {
        let number = segment.fast_fields().i64(field).ok();
        let tie = segment.fast_fields().u64(TIE).ok();
        move |doc| {
            let number = number.as_ref().and_then(|number| number.first(doc));
            (number.map(|n| n.saturating_mul(sign)), tie.as_ref().and_then(|tie| tie.first(doc)))
        }
    })
}

fn page<S: Send + 'static>(
    searcher: &Searcher,
    query: &dyn Query,
    top: impl Collector<Fruit = Vec<(S, DocAddress)>>,
) -> Result<(usize, Vec<DocAddress>), TantivyError> {
    let (total, found) = searcher.search(query, &(Count, top))?;
    Ok((total, found.into_iter().map(|(_, address)| address).collect()))
}

fn id_of(searcher: &Searcher, fields: Fields, address: DocAddress) -> Result<ProductId, TantivyError> {
    let document: TantivyDocument = searcher.doc(address)?;
    document
        .get_first(fields.id)
        .and_then(|value| value.as_str())
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| TantivyError::InternalError("a document without its product's id".to_owned()))
}
