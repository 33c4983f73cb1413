//! Answering a query from a snapshot.

use std::sync::Arc;

use domain::ids::ProductId;
use tantivy::TantivyError;

use super::facets::category_of;
use super::highlight::Marks;
use super::query::{SearchQuery, Sort};
use super::results::{Hit, SearchPage};
use super::sift::Sifting;
use crate::cursor::Cursor;
use crate::product_search::index::Snapshot;
use crate::product_search::relevance::{Plan, Scale, Typed, Weights, matching};
use crate::product_search::table::CategoryOrWord;

/// Asks a snapshot.
pub(crate) fn search(
    snapshot: &Snapshot,
    query: &SearchQuery,
    weights: &Weights,
) -> Result<SearchPage, TantivyError> {
    let weights = if query.sort == Sort::Relevance { *weights } else { weights.in_another_order() };
    let plan = planned(snapshot, query, &weights)?;
    let mut sifting = Sifting::new(query, plan.is_some(), snapshot);
    let mut scale = None;
    if let Some(plan) = &plan {
        let began = query.after.as_ref().and_then(|after| Scale::from_numbers(&after.scale));
        let take = |it| sifting.take(it, &snapshot.table);
        scale = Some(matching(snapshot, plan, &weights, began, take)?);
    } else {
        sifting.take_all(&snapshot.table);
    }
    let sifted = sifting.end(query.offset, snapshot);
    let last = sifted.page.last().filter(|_| sifted.more);
    let scale = scale.iter().flat_map(Scale::numbers);
    let next = last.map(|(place, _)| Cursor::behind(place.clone(), scale, query.fingerprint()));
    let marks = plan.as_ref().filter(|_| query.highlights);
    let marks = marks.map(|plan| Marks::of(plan, &snapshot.words.analyzer));
    let mut hits = Vec::with_capacity(sifted.page.len());
    for (_, slot) in sifted.page {
        hits.extend(hit(snapshot, slot, marks.as_ref())?);
    }
    Ok(SearchPage {
        hits,
        total: sifted.total,
        next,
        facets: sifted.facets,
        corrected: plan.and_then(|plan| plan.corrected),
    })
}

/// What is looked for, if a text is.
fn planned(
    snapshot: &Snapshot,
    query: &SearchQuery,
    weights: &Weights,
) -> Result<Option<Plan>, TantivyError> {
    let typed = query.words().map(|text| Typed::read(text, &snapshot.words.analyzer));
    typed.map(|typed| Plan::of(&typed, snapshot, weights)).transpose()
}

/// A product as it is shown.
pub(super) fn hit(
    snapshot: &Snapshot,
    slot: u32,
    marks: Option<&Marks<'_>>,
) -> Result<Option<Hit>, TantivyError> {
    let Some(ready) = snapshot.ready(slot)? else { return Ok(None) };
    let category = snapshot.table.row(slot).category;
    let category = match *snapshot.categories.which(category, &snapshot.table.categories) {
        CategoryOrWord::Known(id) => category_of(&snapshot.categories, id),
        CategoryOrWord::Word(_) => None,
    };
    Ok(Some(Hit {
        id: ProductId(ready.id),
        stock: snapshot.table.row(slot).stock,
        rating: snapshot.table.rest(slot).rating,
        category,
        highlights: marks.map(|marks| marks.on(&ready)),
        details: Arc::clone(&ready.details),
        created_at: ready.created_at,
        updated_at: ready.updated_at,
        version: ready.version,
    }))
}
