//! How good the order of what is found is, beside peers, with what each weight adds.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::ProductId;
use projections::product_search::{Language, ProductSearch, SearchQuery, Weights, Words};

use super::bm25::{Defaults, Plain};
use super::catalog;
use super::edits::misspelt;
use super::judgements::{self, Judged, mean, ndcg, spread};
use super::postgres::FullText;
use super::tuning::{RULES, Scored, held_out, one_by_one};
use crate::Error;
use crate::database::{Database, Server};
use crate::report::{Measurement, Report, say};

/// Weights are cross-validated in so many folds, and so often, each time in another order.
const FOLDS: usize = 5;
const TIMES: u64 = 5;
/// What the misspelt queries are made with, each time others.
const SEEDS: [u64; 5] = [11, 12, 13, 14, 15];
/// What we want.
const AIM: f64 = 0.8;

/// The names of what is measured: ours and ours on queries that were held out, each beside what we want; ours beside the
/// peers; and misspelt queries beside the same ones typed right.
pub const NAMES: [&str; 6] = [OURS, HELD_OUT, MISSPELT, PLAIN, TANTIVY, POSTGRES];
const OURS: &str = super::RELEVANCE;
const HELD_OUT: &str = "search-relevance-held-out";
const MISSPELT: &str = "search-relevance-misspelt";
const PLAIN: &str = "search-relevance-plain-bm25";
const TANTIVY: &str = "search-relevance-tantivy";
const POSTGRES: &str = "search-relevance-postgres";

/// An index, and queries with judgements.
struct Judging {
    search: ProductSearch,
    skus: HashMap<ProductId, String>,
    judged: Vec<Judged>,
    /// nDCG@10 of every query, by weights: folds try many of the same.
    known: Mutex<HashMap<String, Arc<Vec<f64>>>>,
}

impl Judging {
    /// An index in this folder of what a log says.
    async fn of_log(
        database: &Database,
        folder: &Path,
        words: Words,
        judged: Vec<Judged>,
    ) -> Result<Self, Error> {
        let search = catalog::indexed(database, folder, words).await?;
        Ok(Self { skus: catalog::skus(&search)?, search, judged, known: Mutex::default() })
    }

    fn found(&self, weights: Weights, query: &str) -> Result<Vec<String>, Error> {
        let query = SearchQuery { text: Some(query.to_owned()), limit: 10, ..SearchQuery::default() };
        let page = self.search.weighing(weights).search_now(&query)?.value;
        Ok(page.hits.iter().filter_map(|hit| self.skus.get(&hit.id)).cloned().collect())
    }

    /// nDCG@10 of each, on two threads.
    fn of(&self, weights: Weights, judged: &[&Judged]) -> Result<Vec<f64>, Error> {
        let some = |part: &[&Judged]| -> Result<Vec<f64>, Error> {
            part.iter().map(|it| Ok(ndcg(&self.found(weights, &it.query)?, it))).collect()
        };
        let (one, other) = judged.split_at(judged.len() / 2);
        std::thread::scope(|scope| {
            let beside = scope.spawn(|| some(one));
            let other = some(other)?;
            let one = beside.join().map_err(|_| "a search panicked")??;
            Ok([one, other].concat())
        })
    }

    /// Of every query.
    fn all(&self, weights: Weights) -> Result<Arc<Vec<f64>>, Error> {
        let key = format!("{weights:?}");
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).map(Arc::clone);
        if let Some(known) = known {
            return Ok(known);
        }
        let judged: Vec<&Judged> = self.judged.iter().collect();
        let all = Arc::new(self.of(weights, &judged)?);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&all));
        Ok(all)
    }
}

impl Scored for Judging {
    fn scored(&self, weights: Weights, queries: &[usize]) -> Result<Vec<f64>, Error> {
        let all = self.all(weights)?;
        Ok(queries.iter().map(|query| all[*query]).collect())
    }
}

/// Queries as they were meant and as they are typed.
struct Slips(Vec<(Judged, Judged)>);

impl Slips {
    fn meant(&self) -> Vec<&Judged> {
        self.0.iter().map(|(meant, _)| meant).collect()
    }

    fn typed(&self) -> Vec<&Judged> {
        self.0.iter().map(|(_, typed)| typed).collect()
    }
}

/// Prints the table.
pub async fn measure(server: &Server, shared: &Path, report: &mut Report) -> Result<(), Error> {
    let judged = judgements::read(&shared.join("icecat_judgements_dev.csv"))?;
    let products = catalog::products(&catalog::records(shared)?)?;
    let (database, home) = (server.daybook().await?, crate::http::home()?);
    catalog::import(&database, &home, &shared.join("icecat_products.jsonl.gz")).await?;
    let judging = Judging::of_log(&database, &home.join("relevance"), Words::default(), judged).await?;
    say(&format!("nDCG@10 over {} queries and {} products", judging.judged.len(), judging.skus.len()));
    let each = judging.all(Weights::default())?;
    let ours = mean(&each);
    say(&format!("{ours:.4}  ours, ± {:.4} (standard error over the queries)", error_of(&each)));
    record(OURS, "what we want", 1.0, &[(ours, AIM)], report)?;
    peers(server, &products, &judging.judged, ours, report).await?;
    unseen(&judging, report)?;
    let slips = SEEDS.map(|seed| Slips(misspelt(&judging.judged, seed)));
    misspelt_queries(&judging, &slips, report)?;
    left_out(&judging, ours, &slips[0].typed())?;
    let plain = Words::of(Language::named("none").ok_or("no language without stems")?);
    let without = Judging::of_log(&database, &home.join("plain"), plain, judging.judged.clone()).await?;
    let without = mean(&without.all(Weights::default())?);
    tell("what English has: stems, words that say nothing, synonyms", without, ours);
    one_changed(&judging, &each)?;
    std::fs::remove_dir_all(&home)?;
    database.drop().await
}

fn record(
    name: &'static str,
    peer: &'static str,
    aim: f64,
    rounds: &[(f64, f64)],
    report: &mut Report,
) -> Result<(), Error> {
    report.add(&Measurement { name, unit: "nDCG@10", peer, aim }, rounds)
}

async fn peers(
    server: &Server,
    products: &[catalog::Product],
    judged: &[Judged],
    ours: f64,
    report: &mut Report,
) -> Result<(), Error> {
    let plain = Plain::of(products);
    let found = judged.iter().map(|it| ndcg(&plain.search(&it.query), it)).collect::<Vec<_>>();
    record(PLAIN, "plain BM25 over one text", 1.0, &[(ours, mean(&found))], report)?;
    let defaults = Defaults::of(products)?;
    let mut found = Vec::new();
    for it in judged {
        found.push(ndcg(&defaults.search(&it.query)?, it));
    }
    record(TANTIVY, "Tantivy's BM25 with its defaults", 1.0, &[(ours, mean(&found))], report)?;
    let postgres = FullText::of(server, products).await?;
    let mut found = Vec::new();
    for it in judged {
        found.push(ndcg(&postgres.search(&it.query).await?, it));
    }
    // Name A, brand and model B, description C, attributes D; those with all words first, then with any.
    record(POSTGRES, "Postgres full text, ts_rank", 1.0, &[(ours, mean(&found))], report)?;
    postgres.drop().await
}

/// How good weights are on queries that they were not chosen by: those that nobody has shown us.
#[allow(clippy::cast_precision_loss, reason = "a number of orders")]
fn unseen(judging: &Judging, report: &mut Report) -> Result<(), Error> {
    let mut by_query = vec![0.0; judging.judged.len()];
    let mut rounds = Vec::new();
    for time in 1..=TIMES {
        let held = held_out(judging, judging.judged.len(), FOLDS, time)?;
        say(&format!(
            "{:.4}  held out: weights chosen on the other {} of {FOLDS} folds, in order {time}",
            mean(&held),
            FOLDS - 1
        ));
        by_query.iter_mut().zip(&held).for_each(|(sum, ndcg)| *sum += ndcg / TIMES as f64);
        rounds.push((mean(&held), AIM));
    }
    say(&format!(
        "{:.4}  held out, over the {TIMES} orders, ± {:.4} (standard error over the queries)",
        mean(&by_query),
        error_of(&by_query)
    ));
    record(HELD_OUT, "what we want", 1.0, &rounds, report)
}

/// Each time other slips in the same queries.
fn misspelt_queries(judging: &Judging, slips: &[Slips], report: &mut Report) -> Result<(), Error> {
    let (weights, mut rounds) = (Weights::default(), Vec::new());
    for slips in slips {
        let meant = mean(&judging.of(weights, &slips.meant())?);
        let typed = mean(&judging.of(weights, &slips.typed())?);
        say(&format!(
            "{typed:.4}  {} misspelt queries, {:.1} % of the {meant:.4} as they were meant",
            slips.0.len(),
            typed / meant * 100.0
        ));
        rounds.push((typed, meant));
    }
    record(MISSPELT, "the same typed right", 0.9, &rounds, report)
}

/// What each weight and rule adds: ours without it, on the queries as they are and as they are misspelt.
fn left_out(judging: &Judging, ours: f64, typed: &[&Judged]) -> Result<(), Error> {
    let misspelt = |weights| Ok::<_, Error>(mean(&judging.of(weights, typed)?));
    let ours_misspelt = misspelt(Weights::default())?;
    say("ours without one of its weights and rules, and what that one adds:");
    for rule in &RULES {
        let weights = (rule.without)(Weights::default());
        tell(rule.name, mean(&judging.all(weights)?), ours);
        if rule.is_of_slips {
            tell(&format!("{}, misspelt queries", rule.name), misspelt(weights)?, ours_misspelt);
        }
    }
    Ok(())
}

fn tell(name: &str, without: f64, ours: f64) {
    say(&format!("  {without:.4}  {:+.4}  {name}", ours - without));
}

fn one_changed(judging: &Judging, each: &[f64]) -> Result<(), Error> {
    say("ours with one weight changed:");
    for step in one_by_one(judging, judging.judged.len())? {
        say(&format!("  {:.4}  {:+.4}  {}", step.ndcg, step.ndcg - mean(each), step.what));
    }
    say("ours, query by query:");
    let mut told: Vec<_> = each.iter().zip(&judging.judged).collect();
    told.sort_by(|one, other| one.0.total_cmp(other.0));
    for (ndcg, it) in told {
        say(&format!("  {ndcg:.4}  {}", it.query));
    }
    Ok(())
}

/// The standard error of a mean.
#[allow(clippy::cast_precision_loss, reason = "a number of queries")]
fn error_of(figures: &[f64]) -> f64 {
    spread(figures) / (figures.len().max(1) as f64).sqrt()
}
