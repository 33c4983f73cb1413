//! The fields of a line by their column, and how each kind of field is read.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use csv::StringRecord;
use domain::{Currency, Minor};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::amount;
use super::line::{Goods, Kind, Line, Reason};

/// An outside number or code is at most so long: it becomes part of a stream's id.
const LONGEST_KEY: usize = 128;
/// A name is at most so long.
const LONGEST_TEXT: usize = 1000;

/// How a file's lines are laid out.
pub trait Layout: Send + Sync {
    /// The columns, each by the names that it may have.
    fn columns(&self) -> &'static [&'static [&'static str]];
    /// The columns of quantity and price.
    fn quantity_and_price(&self) -> (usize, usize);
    /// What a line says.
    fn read(&self, fields: &Fields<'_>) -> Result<Goods, Reason>;
}

/// Where each of a layout's columns stands in a file.
#[derive(Clone, Debug)]
pub struct Header {
    /// As it is in the file.
    pub record: StringRecord,
    places: Vec<usize>,
}

impl Header {
    /// Finds the layout's columns; the first one that is missing is the error.
    pub fn find(layout: &dyn Layout, record: StringRecord) -> Result<Self, &'static str> {
        let place = |names: &&'static [&'static str]| {
            let named = |field: &str| names.iter().any(|name| field.trim().eq_ignore_ascii_case(name));
            record.iter().position(named).ok_or_else(|| names.first().copied().unwrap_or_default())
        };
        let places = layout.columns().iter().map(place).collect::<Result<_, _>>()?;
        Ok(Self { record, places })
    }

    /// Understands a line.
    pub fn line(&self, layout: &dyn Layout, number: u64, record: StringRecord) -> Line {
        let (amount, reading) = if record.len() == self.record.len() {
            let fields = Fields { layout, header: self, record: &record };
            match fields.amount() {
                Ok(amount) => (amount, layout.read(&fields)),
                Err(reason) => (Decimal::ZERO, Err(reason)),
            }
        } else {
            let columns = Reason::Columns { expected: self.record.len(), found: record.len() };
            (Decimal::ZERO, Err(columns))
        };
        Line { number, record, amount, reading }
    }
}

/// The fields of one line, by the layout's columns.
pub struct Fields<'a> {
    layout: &'a dyn Layout,
    header: &'a Header,
    record: &'a StringRecord,
}

impl Fields<'_> {
    fn name(&self, column: usize) -> &'static str {
        self.layout.columns().get(column).and_then(|names| names.first()).copied().unwrap_or_default()
    }

    /// A field without the space around it.
    pub fn raw(&self, column: usize) -> &str {
        let place = self.header.places.get(column).copied().unwrap_or(usize::MAX);
        self.record.get(place).unwrap_or_default().trim()
    }

    fn amount(&self) -> Result<Decimal, Reason> {
        let (quantity, price) = self.layout.quantity_and_price();
        let product = amount::product(self.decimal(quantity)?, self.decimal(price)?);
        product.ok_or(Reason::TooLarge(self.name(price)))
    }

    /// A number.
    pub fn decimal(&self, column: usize) -> Result<Decimal, Reason> {
        amount::decimal(self.raw(column)).ok_or(Reason::NotANumber(self.name(column)))
    }

    /// A whole number of either sign.
    pub fn whole(&self, column: usize) -> Result<i64, Reason> {
        let decimal = self.decimal(column)?;
        if decimal.scale() > 0 {
            return Err(Reason::NotWhole(self.name(column)));
        }
        decimal.to_i64().ok_or(Reason::TooLarge(self.name(column)))
    }

    /// A price in minor units, at least 0.
    pub fn price(&self, column: usize, currency: Currency) -> Result<Minor, Reason> {
        let decimal = self.decimal(column)?;
        if decimal < Decimal::ZERO {
            return Err(Reason::NegativePrice);
        }
        if decimal.scale() > currency.decimals() {
            return Err(Reason::TooFine(currency));
        }
        let minor = amount::product(decimal, Decimal::from(10_u64.pow(currency.decimals())));
        minor.and_then(|minor| minor.to_i64()).ok_or(Reason::TooLarge(self.name(column)))
    }

    /// A number of units that were sold (above 0) or returned.
    pub fn units(&self, column: usize, sold: i64) -> Result<Kind, Reason> {
        let units = u32::try_from(sold.unsigned_abs()).map_err(|_| Reason::TooLarge(self.name(column)))?;
        match sold {
            0 => Err(Reason::ZeroQuantity),
            1.. => Ok(Kind::Sale(units)),
            ..0 => Ok(Kind::Return(units)),
        }
    }

    /// A number or code of an outside system.
    pub fn key(&self, column: usize) -> Result<String, Reason> {
        let key = self.optional(column, LONGEST_KEY)?;
        key.ok_or(Reason::Missing(self.name(column)))
    }

    /// A text that may be empty.
    pub fn text(&self, column: usize) -> Result<String, Reason> {
        Ok(self.optional(column, LONGEST_TEXT)?.unwrap_or_default())
    }

    /// A short text, or nothing where it is empty.
    pub fn word(&self, column: usize) -> Result<Option<String>, Reason> {
        self.optional(column, LONGEST_KEY)
    }

    fn optional(&self, column: usize, longest: usize) -> Result<Option<String>, Reason> {
        let text = self.raw(column);
        if text.contains('\0') {
            return Err(Reason::Nul(self.name(column)));
        }
        if text.chars().count() > longest {
            return Err(Reason::TooLong(self.name(column)));
        }
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    /// A moment: by one of these forms, or in RFC 3339; without a zone it is in UTC.
    pub fn time(&self, column: usize, forms: &[&str]) -> Result<DateTime<Utc>, Reason> {
        let text = self.raw(column);
        let zoned = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
        let naive = |form: &&str| NaiveDateTime::parse_from_str(text, form).ok();
        let time = forms.iter().find_map(naive).map(|time| time.and_utc()).or_else(zoned).or_else(|| {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            Some(day.and_hms_opt(0, 0, 0)?.and_utc())
        });
        let plausible = time.filter(|time| (1900..3000).contains(&time.year()));
        plausible.ok_or(Reason::NotATime(self.name(column)))
    }

    /// An ISO 4217 code.
    pub fn currency(&self, column: usize) -> Result<Currency, Reason> {
        self.raw(column).parse().map_err(|_| Reason::NotACurrency(self.name(column)))
    }
}
