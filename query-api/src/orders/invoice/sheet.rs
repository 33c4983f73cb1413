//! Paper: pages of text and lines, and how they become a PDF.
//!
//! What stands where is decided first, for all pages, because each says how many there are.

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::text::TextDirection;
use krilla::{Document, SerializeSettings};

use super::fonts::{Fonts, Weight};

/// A4, in points.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
/// Where text begins and ends.
pub(super) const LEFT: f32 = 48.0;
pub(super) const RIGHT: f32 = WIDTH - 48.0;
const TOP: f32 = 64.0;
const BOTTOM: f32 = HEIGHT - 72.0;

/// How dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Ink,
    Grey,
    Accent,
    Hairline,
    Shade,
}

impl Tone {
    fn fill(self) -> Fill {
        let color = match self {
            Self::Ink => rgb::Color::new(0x1d, 0x23, 0x2b),
            Self::Grey => rgb::Color::new(0x66, 0x70, 0x7c),
            Self::Accent => rgb::Color::new(0x1f, 0x3f, 0x6b),
            Self::Hairline => rgb::Color::new(0xd3, 0xd9, 0xe0),
            Self::Shade => rgb::Color::new(0xf1, 0xf4, 0xf8),
        };
        Fill { paint: color.into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
    }
}

/// How a text is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) size: f32,
    pub(super) weight: Weight,
    pub(super) tone: Tone,
}

impl Style {
    pub(super) const fn plain(size: f32) -> Self {
        Self { size, weight: Weight::Plain, tone: Tone::Ink }
    }

    pub(super) const fn bold(size: f32) -> Self {
        Self { size, weight: Weight::Bold, tone: Tone::Ink }
    }

    pub(super) const fn in_tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

enum Mark {
    Text { x: f32, baseline: f32, style: Style, text: String },
    Box { left: f32, top: f32, right: f32, bottom: f32, tone: Tone },
}

/// Pages that are being written, from top to bottom.
pub(super) struct Sheet {
    pub(super) fonts: &'static Fonts,
    pages: Vec<Vec<Mark>>,
    /// How far down the last page is written.
    pub(super) y: f32,
}

impl Sheet {
    pub(super) fn new(fonts: &'static Fonts) -> Self {
        Self { fonts, pages: vec![Vec::new()], y: TOP }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// Whether so much more fits on the page.
    pub(super) fn fits(&self, height: f32) -> bool {
        self.y + height <= BOTTOM
    }

    pub(super) fn next_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Writes a text that begins at `x`, on the baseline `y`.
    pub(super) fn text(&mut self, x: f32, baseline: f32, style: Style, text: impl Into<String>) {
        self.mark(Mark::Text { x, baseline, style, text: text.into() });
    }

    /// Writes a text that ends at `x`.
    pub(super) fn text_to(&mut self, x: f32, baseline: f32, style: Style, text: &str) {
        let wide = self.fonts.width(text, style.size, style.weight);
        self.text(x - wide, baseline, style, text);
    }

    /// Writes a text in lines of at most this width; answers the baseline of the next.
    pub(super) fn paragraph(&mut self, x: f32, baseline: f32, width: f32, style: Style, text: &str) -> f32 {
        let mut at = baseline;
        for line in self.fonts.wrap(text, style.size, style.weight, width) {
            self.text(x, at, style, line);
            at += style.size * 1.4;
        }
        at
    }

    pub(super) fn rule(&mut self, left: f32, right: f32, y: f32, thick: f32, tone: Tone) {
        self.mark(Mark::Box { left, top: y, right, bottom: y + thick, tone });
    }

    pub(super) fn shade(&mut self, top: f32, bottom: f32) {
        self.mark(Mark::Box { left: LEFT - 6.0, top, right: RIGHT + 6.0, bottom, tone: Tone::Shade });
    }

    /// Writes on every page what is at its foot.
    pub(super) fn foot(&mut self, text: &str) {
        let (count, style) = (self.pages.len(), Style::plain(8.0).in_tone(Tone::Grey));
        let baseline = HEIGHT - 36.0;
        for number in 0..count {
            let place = format!("Page {} of {count}", number + 1);
            let x = RIGHT - self.fonts.width(&place, style.size, style.weight);
            let marks = [
                Mark::Box {
                    left: LEFT,
                    top: baseline - 14.0,
                    right: RIGHT,
                    bottom: baseline - 13.5,
                    tone: Tone::Hairline,
                },
                Mark::Text { x: LEFT, baseline, style, text: text.to_owned() },
                Mark::Text { x, baseline, style, text: place },
            ];
            if let Some(page) = self.pages.get_mut(number) {
                page.extend(marks);
            }
        }
    }

    /// The PDF.
    pub(super) fn print(self, title: &str, made: DateTime) -> Result<Vec<u8>, PrintError> {
        let mut document = Document::new_with(SerializeSettings::default());
        let about =
            Metadata::new().title(title.to_owned()).creator("Daybook".to_owned()).language("en".to_owned());
        document.set_metadata(about.creation_date(made));
        for marks in &self.pages {
            let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(PrintError::Page)?;
            let mut page = document.start_page_with(size);
            let mut surface = page.surface();
            for mark in marks {
                draw(&mut surface, self.fonts, mark);
            }
            surface.finish();
            page.finish();
        }
        document.finish().map_err(|error| PrintError::Pdf(format!("{error:?}")))
    }
}

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrintError {
    /// The fonts that were compiled in can't be read.
    #[error("the fonts can't be read")]
    Fonts,
    /// The page has no size.
    #[error("the page has no size")]
    Page,
    /// The library refused.
    #[error("the PDF can't be made: {0}")]
    Pdf(String),
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, mark: &Mark) {
    match mark {
        Mark::Text { x, baseline, style, text } => {
            surface.set_fill(Some(style.tone.fill()));
            let mut at = *x;
            for (face, run) in fonts.runs(text, style.weight) {
                let start = Point::from_xy(at, *baseline);
                surface.draw_text(start, face.font.clone(), style.size, run, false, TextDirection::Auto);
                at += fonts.width(run, style.size, style.weight);
            }
        }
        Mark::Box { left, top, right, bottom, tone } => {
            let Some(rect) = Rect::from_ltrb(*left, *top, *right, *bottom) else { return };
            let mut path = PathBuilder::new();
            path.push_rect(rect);
            let Some(path) = path.finish() else { return };
            surface.set_fill(Some(tone.fill()));
            surface.draw_path(&path);
        }
    }
}
