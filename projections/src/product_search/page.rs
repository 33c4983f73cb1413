//! Answering a query from a snapshot.

use domain::ids::ProductId;
use tantivy::TantivyError;

use super::facets::{Counting, category_of};
use super::filter::Filter;
use super::highlight::Marks;
use super::matching::{Match, matching};
use super::order::key;
use super::plan::Plan;
use super::query::{Cursor, Hit, Key, SearchPage, SearchQuery};
use super::snapshot::Snapshot;
use super::typed::Typed;
use super::weights::Weights;

/// Asks a snapshot.
pub(super) fn search(
    snapshot: &Snapshot,
    query: &SearchQuery,
    weights: &Weights,
) -> Result<SearchPage, TantivyError> {
    let text = query.text.as_deref().map(str::trim_start).filter(|text| !text.trim().is_empty());
    let plan = match text {
        Some(text) => {
            let typed = Typed::read(text, &snapshot.words.analyzer);
            Some(Plan::of(&typed, snapshot, weights)?)
        }
        None => None,
    };
    let matches = match &plan {
        Some(plan) => matching(snapshot, plan, weights)?,
        None => everything(snapshot),
    };
    let after = query.after.as_ref().map(|after| place_of_now(snapshot, after, &matches));
    let filter = Filter::of(query, snapshot);
    let mut counting = query.facets.then(|| Counting::new(snapshot));
    let mut wanted: Vec<(Cursor, u32)> = Vec::new();
    let mut total = 0;
    for it in matches {
        let row = snapshot.table.row(it.slot);
        let failed = filter.failed(row);
        if let Some(counting) = &mut counting {
            counting.count(row, failed);
        }
        if failed.none() {
            total += 1;
            let place = Cursor { key: key(query.sort, plan.is_some(), it, row), id: row.id };
            if after.as_ref().is_none_or(|after| place.order(after).is_gt()) {
                wanted.push((place, it.slot));
            }
        }
    }
    let next = cut(&mut wanted, query.offset, query.limit);
    let marks = plan.as_ref().filter(|_| query.highlights);
    let marks = marks.map(|plan| Marks::of(plan, &snapshot.words.analyzer));
    let mut hits = Vec::with_capacity(wanted.len());
    for (_, slot) in wanted {
        hits.extend(hit(snapshot, slot, marks.as_ref())?);
    }
    Ok(SearchPage {
        hits,
        total,
        next,
        facets: counting.map(|counting| counting.told(snapshot)),
        corrected: plan.and_then(|plan| plan.corrected),
    })
}

/// Every product that anybody may find.
fn everything(snapshot: &Snapshot) -> Vec<Match> {
    let shown = snapshot.table.rows().filter(|(_, row)| row.is_shown());
    shown.map(|(slot, _)| Match { slot, score: 0.0 }).collect()
}

/// Where a list goes on. A score is of its moment: any product that comes or changes moves the scores of all others, so the
/// place is where the last product stands now. Only where it doesn't match any more, its score of then has to do.
fn place_of_now(snapshot: &Snapshot, after: &Cursor, matches: &[Match]) -> Cursor {
    let now = match after.key {
        Key::Score(_) => matches.iter().find(|it| snapshot.table.row(it.slot).id == after.id),
        Key::Number(_) | Key::Word(_) | Key::WordDown(_) => None,
    };
    let key = now.map_or_else(|| after.key.clone(), |it| Key::Score(it.score));
    Cursor { key, id: after.id }
}

/// Leaves one page, in order, and says where the next one begins.
fn cut(places: &mut Vec<(Cursor, u32)>, offset: usize, limit: usize) -> Option<Cursor> {
    let order = |one: &(Cursor, u32), other: &(Cursor, u32)| one.0.order(&other.0);
    let end = offset.saturating_add(limit);
    let more = places.len() > end;
    if more && end > 0 {
        places.select_nth_unstable_by(end - 1, order);
    }
    places.truncate(end);
    places.sort_unstable_by(order);
    places.drain(..offset.min(places.len()));
    places.last().filter(|_| more).map(|(place, _)| place.clone())
}

/// A product as it is shown.
pub(super) fn hit(
    snapshot: &Snapshot,
    slot: u32,
    marks: Option<&Marks<'_>>,
) -> Result<Option<Hit>, TantivyError> {
    let Some(stored) = snapshot.stored(slot)? else { return Ok(None) };
    let category = stored.entry.category().and_then(|word| match snapshot.categories.counted(&word) {
        super::categories::Counted::Known(id) => category_of(&snapshot.categories, id),
        super::categories::Counted::Word(_) => None,
    });
    Ok(Some(Hit {
        id: ProductId(stored.id),
        stock: snapshot.table.row(slot).stock,
        category,
        highlights: marks.map(|marks| marks.on(&stored.entry)),
        entry: stored.entry,
    }))
}
