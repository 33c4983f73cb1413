//! Countries as people write them (ISO 3166-1 and -2).

use rust_iso3166::{ALL, CountryCode, from_alpha2, from_alpha3};

/// The country's two letters, whichever code or name was written; a name that isn't known, in capitals.
pub fn code(written: &str) -> String {
    let capitals = written.trim().to_uppercase();
    known(&capitals).map_or(capitals, |country| country.alpha2.to_owned())
}

/// Whether it can be a country: two or three letters must be a code, anything longer is taken for a name.
pub fn is_plausible(written: &str) -> bool {
    let capitals = written.trim().to_uppercase();
    capitals.chars().any(char::is_alphabetic) && (capitals.chars().count() > 3 || known(&capitals).is_some())
}

/// `US-NY` of a country's two letters and a region's code or name.
pub fn subdivision(country: &str, region: &str) -> String {
    let region = region.trim().to_uppercase();
    let country_code = from_alpha2(country);
    let known = country_code.as_ref().and_then(CountryCode::subdivisions).unwrap_or_default();
    let named = known.iter().find(|known| known.name.to_uppercase() == region);
    match named {
        Some(known) => known.code.to_owned(),
        None if region.starts_with(&format!("{country}-")) => region,
        None => format!("{country}-{region}"),
    }
}

/// The two letters of a country that is known.
pub fn known_code(written: &str) -> Option<&'static str> {
    known(&written.trim().to_uppercase()).map(|country| country.alpha2)
}

/// `US-NY`, if that country has such a region.
pub fn known_subdivision(country: &str, region: &str) -> Option<String> {
    let code = subdivision(country, region);
    let country = from_alpha2(country)?;
    country.subdivisions()?.iter().any(|known| known.code == code).then_some(code)
}

fn known(capitals: &str) -> Option<CountryCode> {
    match capitals.len() {
        // Reserved for the United Kingdom by ISO 3166-1, and what its people write.
        2 if capitals == "UK" => from_alpha2("GB"),
        2 => from_alpha2(capitals),
        3 => from_alpha3(capitals),
        _ => ALL.iter().find(|country| country.name.to_uppercase() == capitals).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_understood() {
        for written in ["US", "us", "USA", "United States of America"] {
            assert_eq!(code(written), "US");
        }
        assert_eq!(code("UK"), "GB");
        assert_eq!(code("Pakistan"), "PK");
        assert_eq!(code("Atlantis"), "ATLANTIS");
    }

    #[test]
    fn two_or_three_letters_must_be_a_code() {
        assert!(is_plausible("PK") && is_plausible("USA") && is_plausible("Atlantis"));
        assert!(!is_plausible("XQ") && !is_plausible("ZZZ") && !is_plausible("12") && !is_plausible("1234"));
    }
}
