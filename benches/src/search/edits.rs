//! Queries with a slip of the pen.

use super::judgements::Judged;
use crate::random::Random;

/// So many are made.
const MISSPELT: usize = 200;
/// Only words of so many letters are misspelt.
const LETTERS: usize = 5;

/// Queries as they were meant and as they are typed: one letter left out, put in, changed or swapped with its
/// neighbour, in one word of five letters or more.
pub fn misspelt(judged: &[Judged], seed: u64) -> Vec<(Judged, Judged)> {
    let mut random = Random(seed);
    let able: Vec<_> =
        judged.iter().filter(|it| it.query.split(' ').any(|word| word.chars().count() >= LETTERS)).collect();
    let mut all = Vec::with_capacity(MISSPELT);
    for meant in able.iter().cycle().take(MISSPELT) {
        let mut typed = meant.query.clone();
        while typed == meant.query {
            typed = edit(&meant.query, &mut random);
        }
        all.push(((*meant).clone(), Judged { query: typed, ratings: meant.ratings.clone() }));
    }
    all
}

fn edit(query: &str, random: &mut Random) -> String {
    let mut words: Vec<Vec<char>> = query.split(' ').map(|word| word.chars().collect()).collect();
    let long: Vec<usize> = (0..words.len()).filter(|n| words[*n].len() >= LETTERS).collect();
    let word = &mut words[long[random.below(long.len())]];
    let letter = u8::try_from(random.below(26)).map_or('a', |n| char::from(b'a' + n));
    let place = random.below(word.len());
    match random.below(4) {
        0 => drop(word.remove(place)),
        1 => word.insert(place, letter),
        2 => word[place] = letter,
        _ => {
            let place = place.min(word.len() - 2);
            word.swap(place, place + 1);
        }
    }
    words.into_iter().map(String::from_iter).collect::<Vec<_>>().join(" ")
}
