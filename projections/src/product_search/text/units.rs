//! A number with its unit, as one word: `17"`, `17 inch` and `17-inch` are `17in`.

/// Units that stand behind a number, and how they are written here.
const UNITS: &[(&str, &str)] = &[
    ("inch", "in"),
    ("inches", "in"),
    ("zoll", "in"),
    ("foot", "ft"),
    ("feet", "ft"),
    ("meter", "m"),
    ("meters", "m"),
    ("metre", "m"),
    ("metres", "m"),
    ("gram", "g"),
    ("grams", "g"),
    ("kilogram", "kg"),
    ("kilograms", "kg"),
    ("liter", "l"),
    ("liters", "l"),
    ("litre", "l"),
    ("litres", "l"),
    ("watt", "w"),
    ("watts", "w"),
    ("volt", "v"),
    ("volts", "v"),
    ("lbs", "lb"),
];

/// Units that are written in one way only.
const SHORT_UNITS: &[&str] = &[
    "cm", "mm", "m", "km", "ft", "gb", "tb", "mb", "kb", "kg", "g", "mg", "lb", "oz", "l", "ml", "cl", "w",
    "kw", "v", "a", "ah", "mah", "hz", "khz", "mhz", "ghz", "dpi", "mp", "rpm", "ppm", "mbps", "gbps",
];

/// `17 inch` as one word.
pub(crate) fn measure(number: &str, unit: &str) -> Option<String> {
    if !is_number(number) {
        return None;
    }
    let long = UNITS.iter().find(|(long, _)| *long == unit).map(|(_, short)| *short);
    let short = long.or_else(|| SHORT_UNITS.iter().find(|short| **short == unit).copied())?;
    Some(format!("{number}{short}"))
}

/// Whether this is a unit where no blank is before it, in any case: there `in` is one, which is a word elsewhere.
pub(super) fn is_glued_unit(word: &str) -> bool {
    let is = |unit: &str| unit.eq_ignore_ascii_case(word);
    is("in") || UNITS.iter().any(|(long, _)| is(long)) || SHORT_UNITS.iter().any(|short| is(short))
}

/// What one word is besides itself: `17"` and `17inch` are `17in`, `2.0` is `2`.
pub(super) fn alone(surface: &str, behind: &str) -> Option<String> {
    if is_number(surface) {
        let inches = ["\"", "”", "″", "''", "’’"].iter().any(|sign| behind.starts_with(sign));
        return if inches {
            Some(format!("{surface}in"))
        } else {
            surface.strip_suffix(".0").map(str::to_owned)
        };
    }
    let unit = surface.find(|c: char| c.is_ascii_alphabetic())?;
    UNITS
        .iter()
        .find(|(long, _)| surface[unit..] == **long)
        .and_then(|_| measure(&surface[..unit], &surface[unit..]))
}

fn is_number(surface: &str) -> bool {
    surface.starts_with(|c: char| c.is_ascii_digit())
        && surface.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
