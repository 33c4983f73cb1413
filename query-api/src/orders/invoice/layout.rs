//! Where everything stands on the paper.

use chrono::{Datelike, Timelike};
use krilla::metadata::DateTime;

use super::content::{Invoice, Row, day};
use super::fonts::{Fonts, Weight};
use super::sheet::{LEFT, PrintError, RIGHT, Sheet, Style, Tone};

const BODY: Style = Style::plain(9.5);
const LABEL: Style = Style::plain(8.0).in_tone(Tone::Grey);
/// The table's columns: where the texts begin, and where the numbers end.
const SKU: f32 = 286.0;
const QUANTITY_END: f32 = 412.0;
const PRICE_END: f32 = 480.0;
const NAME_WIDTH: f32 = SKU - LEFT - 14.0;
const SKU_WIDTH: f32 = QUANTITY_END - SKU - 34.0;
/// Where the labels of the sums begin.
const SUMS: f32 = 356.0;

impl Invoice {
    /// The PDF. It is work for a processor: not for a thread that others wait for.
    pub(in crate::orders) fn print(&self) -> Result<Vec<u8>, PrintError> {
        let mut sheet = Sheet::new(Fonts::get().ok_or(PrintError::Fonts)?);
        self.head(&mut sheet);
        self.parties(&mut sheet);
        self.table(&mut sheet);
        self.sums(&mut sheet);
        let name = self.number.as_deref().unwrap_or(self.title);
        sheet.foot(&format!("{name} · Order {}", self.order_number));
        sheet.print(
            &format!("{} {}", self.title, self.number.as_deref().unwrap_or(&self.order_number)),
            self.made(),
        )
    }

    fn made(&self) -> DateTime {
        let (date, part) = (self.date, |number: u32| u8::try_from(number).unwrap_or_default());
        let year = u16::try_from(date.year()).unwrap_or_default();
        let day = DateTime::new(year).month(part(date.month())).day(part(date.day()));
        let time = day.hour(part(date.hour())).minute(part(date.minute())).second(part(date.second()));
        time.utc_offset_hour(0).utc_offset_minute(0)
    }

    fn head(&self, sheet: &mut Sheet) {
        let top = sheet.y;
        sheet.text(LEFT, top + 16.0, Style::bold(24.0).in_tone(Tone::Accent), self.title);
        sheet.text(LEFT, top + 38.0, BODY.in_tone(Tone::Grey), self.state.as_str());
        let number = self.number.as_ref().map(|number| ("Invoice number", number.clone()));
        let dated = self.number.as_ref().map(|_| ("Invoice date", day(self.date)));
        let order = [("Order number", self.order_number.clone()), ("Order date", day(self.ordered))];
        let mut at = top + 4.0;
        for (label, value) in number.into_iter().chain(dated).chain(order) {
            sheet.text(SUMS, at, LABEL, label);
            sheet.text_to(RIGHT, at, BODY, &value);
            at += 15.0;
        }
        sheet.y = at.max(top + 52.0) + 14.0;
    }

    fn parties(&self, sheet: &mut Sheet) {
        let names = self.sellers.iter().map(|(name, _)| name.clone()).collect();
        let columns = [
            ("Sold by", names),
            ("Billed to", self.billed_to.clone()),
            ("Shipped to", self.shipped_to.clone()),
        ];
        let (width, gap) = ((RIGHT - LEFT - 2.0 * 18.0) / 3.0, 18.0);
        let (top, mut lowest, mut x) = (sheet.y, sheet.y, LEFT);
        for (label, lines) in columns {
            sheet.text(x, top, LABEL, label);
            let mut at = top + 15.0;
            // A market's order may have many sellers: the table names them all.
            for (number, line) in lines.iter().take(12).enumerate() {
                let style = if number == 0 { Style::bold(BODY.size) } else { BODY };
                at = sheet.paragraph(x, at, width, style, line);
            }
            lowest = lowest.max(at);
            x += width + gap;
        }
        sheet.y = lowest + 16.0;
    }

    fn table(&self, sheet: &mut Sheet) {
        self.table_head(sheet);
        let many = self.sellers.len() > 1;
        for (seller, rows) in &self.sellers {
            if many {
                self.group(sheet, seller);
            }
            for row in rows {
                self.row(sheet, row);
            }
        }
        sheet.y += 10.0;
    }

    fn table_head(&self, sheet: &mut Sheet) {
        let style = Style::bold(8.0).in_tone(Tone::Accent);
        sheet.shade(sheet.y - 2.0, sheet.y + 16.0);
        let at = sheet.y + 10.0;
        sheet.text(LEFT, at, style, "Item");
        sheet.text(SKU, at, style, "SKU");
        sheet.text_to(QUANTITY_END, at, style, "Quantity");
        sheet.text_to(PRICE_END, at, style, "Unit price");
        sheet.text_to(RIGHT, at, style, &format!("Amount {}", self.currency));
        sheet.y += 22.0;
    }

    fn room(&self, sheet: &mut Sheet, height: f32) {
        if !sheet.fits(height) {
            sheet.next_page();
            self.table_head(sheet);
        }
    }

    /// The name of whose lines come next; not alone at the foot of a page.
    fn group(&self, sheet: &mut Sheet, seller: &str) {
        let style = Style::bold(9.0);
        let lines = sheet.fonts.wrap(&format!("Sold by {seller}"), style.size, style.weight, RIGHT - LEFT);
        self.room(sheet, 60.0);
        for line in lines.into_iter().take(2) {
            sheet.text(LEFT, sheet.y + 11.0, style, line);
            sheet.y += 13.0;
        }
        sheet.y += 4.0;
    }

    fn row(&self, sheet: &mut Sheet, row: &Row) {
        let step = BODY.size * 1.4;
        let names = sheet.fonts.wrap(&row.name, BODY.size, Weight::Plain, NAME_WIDTH);
        let skus = sheet.fonts.wrap(&row.sku, BODY.size, Weight::Plain, SKU_WIDTH);
        let mut numbers = Some((&row.quantity, &row.unit_price, &row.total));
        let count = names.len().max(skus.len());
        // A row is kept together unless it is longer than a page.
        self.room(sheet, (step * count_of(count) + 8.0).min(600.0));
        for line in 0..count {
            self.room(sheet, step);
            let at = sheet.y + 10.0;
            sheet.text(LEFT, at, BODY, names.get(line).cloned().unwrap_or_default());
            sheet.text(SKU, at, BODY.in_tone(Tone::Grey), skus.get(line).cloned().unwrap_or_default());
            if let Some((quantity, price, total)) = numbers.take() {
                sheet.text_to(QUANTITY_END, at, BODY, quantity);
                sheet.text_to(PRICE_END, at, BODY, price);
                sheet.text_to(RIGHT, at, BODY, total);
            }
            sheet.y += step;
        }
        sheet.y += 3.0;
        sheet.rule(LEFT, RIGHT, sheet.y, 0.5, Tone::Hairline);
        sheet.y += 3.0;
    }

    /// What the lines come to; kept together.
    fn sums(&self, sheet: &mut Sheet) {
        let rows = self.sums.len() + self.paid.len() + self.remarks.len();
        if !sheet.fits(16.0 * count_of(rows) + 80.0) {
            sheet.next_page();
        }
        let mut at = sheet.y + 8.0;
        for (label, value) in &self.sums {
            at = sum(sheet, at, BODY, label, value);
        }
        sheet.rule(SUMS, RIGHT, at - 8.0, 1.0, Tone::Accent);
        at = sum(sheet, at + 8.0, Style::bold(12.0), "Total", &format!("{} {}", self.total, self.currency));
        at += 2.0;
        for (label, value) in &self.paid {
            at = sum(sheet, at, BODY, label, value);
        }
        sheet.y = at + 18.0;
        for remark in &self.remarks {
            sheet.y = sheet.paragraph(LEFT, sheet.y, RIGHT - LEFT, LABEL, remark);
        }
    }
}

fn sum(sheet: &mut Sheet, at: f32, style: Style, label: &str, value: &str) -> f32 {
    sheet.text(SUMS, at, style, label);
    sheet.text_to(RIGHT, at, style, value);
    at + 16.0
}

/// How many, as a factor of a length.
fn count_of(number: usize) -> f32 {
    f32::from(u16::try_from(number).unwrap_or(u16::MAX))
}
