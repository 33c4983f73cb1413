//! How good the order of what is found is, on Icecat's catalog with people's judgements.

#![allow(clippy::print_stdout, reason = "the figures are what is asked for")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use flate2::read::GzDecoder;

use super::super::Weight;
use super::*;

/// Queries with what people thought of products, by the product's number: 0 to 3.
type Judgements = Vec<(String, HashMap<u32, u32>)>;

/// Product n is the n-th line.
fn catalog() -> Option<(Vec<Happened>, Judgements)> {
    let file = std::fs::File::open(shared_data::file("data/icecat_products.jsonl.gz")?).unwrap();
    let mut numbers = HashMap::new();
    let mut events = Vec::new();
    for (n, line) in (1..).zip(BufReader::new(GzDecoder::new(file)).lines()) {
        let product = icecat::read(line.unwrap().as_bytes(), SELLER, "USD".parse().unwrap()).unwrap();
        numbers.insert(product.sku.clone(), n);
        events.push(created(n, product));
        events.push(received(n, 1, 100));
    }
    let mut text = String::new();
    std::fs::File::open(shared_data::file("data/icecat_judgements_dev.csv")?)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    let mut judgements: Judgements = Vec::new();
    for line in text.lines().skip(1) {
        let (rest, rating) = line.trim().rsplit_once(',').unwrap();
        let (query, product) = rest.rsplit_once(',').unwrap();
        if judgements.last().is_none_or(|(last, _)| last != query) {
            judgements.push((query.to_owned(), HashMap::new()));
        }
        let Some(n) = numbers.get(product) else { continue };
        judgements.last_mut().unwrap().1.insert(*n, rating.parse().unwrap());
    }
    judgements.retain(|(_, ratings)| ratings.values().any(|rating| *rating > 0));
    Some((events, judgements))
}

fn gain(rating: u32) -> f64 {
    f64::from((1_u32 << rating) - 1)
}

/// nDCG@10.
fn ndcg(ids: &[u128], ratings: &HashMap<u32, u32>) -> f64 {
    let dcg = |ratings: &mut dyn Iterator<Item = u32>| -> f64 {
        (2_u32..12).zip(ratings).map(|(place, rating)| gain(rating) / f64::from(place).log2()).sum()
    };
    let of = |id: &u128| u32::try_from(*id).ok().and_then(|n| ratings.get(&n)).copied().unwrap_or(0);
    let mut best: Vec<u32> = ratings.values().copied().collect();
    best.sort_unstable_by(|one, other| other.cmp(one));
    dcg(&mut ids.iter().map(of)) / dcg(&mut best.into_iter())
}

fn each(search: &ProductSearch, queries: &Judgements) -> Vec<f64> {
    let ask = |(typed, ratings): &(String, HashMap<u32, u32>)| {
        let page = search.search_now(&SearchQuery { limit: 10, ..text(typed) }).unwrap().value;
        ndcg(&ids(&page), ratings)
    };
    queries.iter().map(ask).collect()
}

#[allow(clippy::cast_precision_loss, reason = "a number of queries")]
fn mean(figures: &[f64]) -> f64 {
    figures.iter().sum::<f64>() / figures.len() as f64
}

/// One edit in a word of five letters or more, by a seed.
fn misspelt(judgements: &Judgements) -> Judgements {
    use rand::{Rng, SeedableRng};
    let mut random = rand::rngs::StdRng::seed_from_u64(11);
    let long = |typed: &str| typed.split(' ').any(|word| word.chars().count() >= 5);
    let able: Vec<_> = judgements.iter().filter(|(typed, _)| long(typed)).collect();
    let edit = |typed: &str, random: &mut rand::rngs::StdRng| {
        let mut words: Vec<Vec<char>> = typed.split(' ').map(|word| word.chars().collect()).collect();
        let long: Vec<_> = (0..words.len()).filter(|n| words[*n].len() >= 5).collect();
        let word = &mut words[long[random.random_range(0..long.len())]];
        let letter = char::from(random.random_range(b'a'..=b'z'));
        let place = random.random_range(0..word.len());
        match random.random_range(0..4) {
            0 => drop(word.remove(place)),
            1 => word.insert(place, letter),
            2 => word[place] = letter,
            _ => {
                let place = place.min(word.len() - 2);
                word.swap(place, place + 1);
            }
        }
        words.into_iter().map(String::from_iter).collect::<Vec<_>>().join(" ")
    };
    (0..200)
        .map(|n| {
            let (typed, ratings) = able[n % able.len()];
            let mut other = typed.clone();
            while other == *typed {
                other = edit(typed, &mut random);
            }
            (other, ratings.clone())
        })
        .collect()
}

fn indexed(events: Vec<Happened>, folder: &Path) -> ProductSearch {
    let events: Vec<_> = (1..).zip(events).map(|(position, event)| event.publish(position)).collect();
    let mut index = open(folder);
    assert_eq!(index.apply(&events, &[], head(i64::try_from(events.len()).unwrap())), []);
    index.commit().unwrap();
    ProductSearch::of(&index)
}

#[test]
fn what_people_judged_relevant_comes_first() {
    let Some((events, judgements)) = catalog() else { return };
    let folder = TempDir::new().unwrap();
    let search = indexed(events, folder.path());
    let right = mean(&each(&search, &judgements));
    assert!(right >= 0.80, "nDCG@10 is {right:.4}");
    let misspelt = misspelt(&judgements);
    let same: Vec<_> = misspelt
        .iter()
        .map(|(_, ratings)| judgements.iter().find(|(_, other)| other == ratings).unwrap().clone())
        .collect();
    let (wrong, right) = (mean(&each(&search, &misspelt)), mean(&each(&search, &same)));
    assert!(wrong >= 0.9 * right, "misspelt {wrong:.4}, as they should be {right:.4}");
}

/// What each weight adds.
#[test]
#[ignore = "measures"]
fn weights() {
    let (events, judgements) = catalog().unwrap();
    let folder = TempDir::new().unwrap();
    let search = indexed(events, folder.path());
    let ours = Weights::default();
    let show = |what: &str, weights: Weights| {
        let asked = search.weighing(weights);
        println!("{:.4}  {what}", mean(&each(&asked, &judgements)));
    };
    show("ours", ours);
    let boost = |it: Weight, boost: f32| Weight { boost, ..it };
    let length = |it: Weight, length: f32| Weight { length, ..it };
    for b in [0.0, 0.25, 1.0, 2.0] {
        show(&format!("model {b}"), Weights { model: boost(ours.model, b), ..ours });
    }
    for b in [0.0, 0.5, 2.0] {
        show(&format!("brand {b}"), Weights { brand: boost(ours.brand, b), ..ours });
    }
    for b in [0.0, 0.2, 0.6, 1.0] {
        show(&format!("attributes {b}"), Weights { attributes: boost(ours.attributes, b), ..ours });
    }
    for b in [0.0, 0.5, 1.5] {
        show(&format!("description {b}"), Weights { description: boost(ours.description, b), ..ours });
    }
    for b in [0.0, 0.2, 0.6, 0.8] {
        show(&format!("name's length {b}"), Weights { name: length(ours.name, b), ..ours });
    }
    for b in [0.0, 0.5, 0.9, 1.0] {
        show(
            &format!("description's length {b}"),
            Weights { description: length(ours.description, b), ..ours },
        );
    }
    for b in [0.0, 0.5, 0.9] {
        show(&format!("attributes' length {b}"), Weights { attributes: length(ours.attributes, b), ..ours });
    }
    for k1 in [0.6, 0.9, 1.6, 2.0] {
        show(&format!("k1 {k1}"), Weights { k1, ..ours });
    }
    for coverage in [0.0, 0.5, 2.0, 4.0] {
        show(&format!("coverage {coverage}"), Weights { coverage, ..ours });
    }
    for enough in [1, 5, 20, 100_000] {
        show(&format!("enough {enough}"), Weights { enough, ..ours });
    }
    for synonym in [0.0, 0.3, 0.7, 0.9] {
        show(&format!("synonym {synonym}"), Weights { synonym, ..ours });
    }
    for joined in [0.0, 0.5, 1.0] {
        show(&format!("joined {joined}"), Weights { joined, ..ours });
    }
    let misspelt = misspelt(&judgements);
    for typo in [0.0, 0.5, 0.7, 1.0] {
        let asked = search.weighing(Weights { typo, ..ours });
        println!("{:.4}  misspelt, typo {typo}", mean(&each(&asked, &misspelt)));
    }
    let mut told: Vec<_> =
        each(&search, &misspelt).into_iter().zip(&misspelt).map(|(it, (q, _))| (it, q)).collect();
    told.sort_by(|one, other| one.0.total_cmp(&other.0));
    for (it, q) in told.iter().take(60) {
        let page = search.search_now(&SearchQuery { limit: 1, ..text(q) }).unwrap().value;
        println!("{it:.2} {q} -> {:?}", page.corrected);
    }
    for (it, (q, _)) in each(&search, &judgements).into_iter().zip(&judgements) {
        println!("{it:.3} {q}");
    }
}
