//! The Online Retail data, several times over: each time with other invoices and customers, and seven months later.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDateTime};
use flate2::read::GzDecoder;

use crate::Error;

/// One import makes 609,000 events.
const TIMES: u64 = 4;
/// The data is of so many days.
const DAYS: u64 = 212;
const DATE: &str = "%Y-%m-%d %H:%M:%S";

/// The file, if it is there.
pub fn file() -> Option<PathBuf> {
    shared_data::file("data/online_retail_2010-12_to_2011-06.csv.gz")
}

/// Writes it so many times over to a file; how many lines that has.
pub fn multiplied(file: &Path, to: &Path) -> Result<usize, Error> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(to)?);
    let mut written = 0;
    for time in 0..TIMES {
        let lines = BufReader::new(GzDecoder::new(std::fs::File::open(file)?)).lines();
        for (nth, line) in lines.enumerate() {
            let line = line?;
            if nth > 0 {
                writeln!(out, "{}", shifted(&line, time)?)?;
                written += 1;
            } else if time == 0 {
                writeln!(out, "{line}")?;
            }
        }
    }
    out.flush()?;
    Ok(written)
}

/// `C536379,…` becomes `C2536379,…`. Only the description, in the middle, may have commas of its own.
fn shifted(line: &str, time: u64) -> Result<String, Error> {
    let broken = || format!("not a line of Online Retail: {line}");
    let mut fields = line.rsplitn(5, ',');
    let mut last = || fields.next().ok_or_else(broken);
    let (country, customer, price, date, rest) = (last()?, last()?, last()?, last()?, last()?);
    let digits = rest.find(|letter: char| letter.is_ascii_digit()).ok_or_else(broken)?;
    let (letter, rest) = rest.split_at(digits);
    let at = NaiveDateTime::parse_from_str(date, DATE)? + Days::new(time * DAYS);
    if time == 0 {
        return Ok(line.to_owned());
    }
    let customer = if customer.is_empty() { String::new() } else { format!("{time}{customer}") };
    Ok(format!("{letter}{time}{rest},{},{price},{customer},{country}", at.format(DATE)))
}
