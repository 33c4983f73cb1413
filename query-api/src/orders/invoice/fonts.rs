//! The fonts of an invoice, and how wide a text is.
//!
//! Noto Sans has Latin, Greek and Cyrillic; what it lacks (Hebrew, Arabic, Armenian, Georgian, symbols) is taken from
//! `DejaVu` Sans. A character that neither has is a box on paper. The files and their licences are in `assets/fonts`; of
//! each only the characters that are used go into a PDF.

use std::sync::LazyLock;

use krilla::text::Font;
use rustybuzz::ttf_parser::GlyphId;
use rustybuzz::{Face, UnicodeBuffer};

static NOTO: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf");
static NOTO_BOLD: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Bold.ttf");
static DEJAVU: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSans.ttf");

static FONTS: LazyLock<Option<Fonts>> = LazyLock::new(|| {
    let (plain, bold, rest) = (Typeface::read(NOTO)?, Typeface::read(NOTO_BOLD)?, Typeface::read(DEJAVU)?);
    Some(Fonts { plain: [plain, rest.clone()], bold: [bold, rest] })
});

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Plain,
    Bold,
}

/// A font file, for measuring and for the PDF.
#[derive(Clone)]
pub(super) struct Typeface {
    pub(super) font: Font,
    face: Face<'static>,
}

/// Of each weight the font, and the one for what it lacks.
pub(super) struct Fonts {
    plain: [Typeface; 2],
    bold: [Typeface; 2],
}

impl Typeface {
    fn read(file: &'static [u8]) -> Option<Self> {
        Some(Self { font: Font::new(file.to_vec().into(), 0)?, face: Face::from_slice(file, 0)? })
    }

    fn has(&self, c: char) -> bool {
        self.face.glyph_index(c).is_some_and(|glyph| glyph != GlyphId(0))
    }

    /// How wide a text of one script is at size 1.
    #[allow(clippy::cast_precision_loss, reason = "a line's width in font units is far below 2^24")]
    fn width(&self, text: &str) -> f32 {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        let shaped = rustybuzz::shape(&self.face, &[], buffer);
        let units: i32 = shaped.glyph_positions().iter().map(|glyph| glyph.x_advance).sum();
        units as f32 / self.face.units_per_em() as f32
    }
}

impl Fonts {
    /// The fonts; nothing if the files that were compiled in are none.
    pub(super) fn get() -> Option<&'static Self> {
        FONTS.as_ref()
    }

    /// A text's runs, each in the font that has its characters. What needs no font of its own (spaces, marks that
    /// neither font has) stays with what is before it.
    pub(super) fn runs<'s, 't>(&'s self, text: &'t str, weight: Weight) -> Vec<(&'s Typeface, &'t str)> {
        let [first, second] = match weight {
            Weight::Plain => &self.plain,
            Weight::Bold => &self.bold,
        };
        let mut runs: Vec<(bool, usize)> = Vec::new();
        for (at, c) in text.char_indices() {
            let last = runs.last().map(|(main, _)| *main);
            let main = match last {
                Some(last) if c.is_whitespace() => last,
                _ => first.has(c) || !second.has(c),
            };
            if last != Some(main) {
                runs.push((main, at));
            }
        }
        let ends = runs.iter().skip(1).map(|(_, at)| *at).chain([text.len()]);
        let run = |((main, from), to): (&(bool, usize), usize)| {
            (if *main { first } else { second }, text.get(*from..to).unwrap_or_default())
        };
        runs.iter().zip(ends).map(run).collect()
    }

    /// How wide a text is, in points.
    pub(super) fn width(&self, text: &str, size: f32, weight: Weight) -> f32 {
        self.runs(text, weight).iter().map(|(face, run)| face.width(run) * size).sum()
    }

    /// The text in lines of at most this width. A word that is wider is broken where it must be.
    pub(super) fn wrap(&self, text: &str, size: f32, weight: Weight, width: f32) -> Vec<String> {
        let space = self.width(" ", size, weight);
        let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0.0_f32);
        for word in text.split_whitespace() {
            for piece in self.pieces(word, size, weight, width) {
                let wide = self.width(&piece, size, weight);
                if line.is_empty() {
                    used = wide;
                } else if used + space + wide <= width {
                    line.push(' ');
                    used += space + wide;
                } else {
                    lines.push(std::mem::take(&mut line));
                    used = wide;
                }
                line.push_str(&piece);
            }
        }
        lines.push(line);
        lines
    }

    /// A word, or what it is broken into.
    fn pieces(&self, word: &str, size: f32, weight: Weight, width: f32) -> Vec<String> {
        if self.width(word, size, weight) <= width {
            return vec![word.to_owned()];
        }
        let (mut pieces, mut piece) = (Vec::new(), String::new());
        for c in word.chars() {
            piece.push(c);
            if self.width(&piece, size, weight) > width && piece.chars().count() > 1 {
                piece.pop();
                pieces.push(std::mem::replace(&mut piece, c.to_string()));
            }
        }
        pieces.push(piece);
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_in_the_fonts_that_have_it() {
        let fonts = Fonts::get().unwrap();
        let runs = |text| fonts.runs(text, Weight::Plain).into_iter().map(|(_, run)| run).collect::<Vec<_>>();
        assert_eq!(runs("Łukasz Žižek, Ελένη, Дарья"), ["Łukasz Žižek, Ελένη, Дарья"]);
        assert_eq!(runs("Café عمان 12"), ["Café ", "عمان ", "12"]);
        assert_eq!(runs("東京"), ["東京"], "no font has it: boxes, but no panic");
        assert!(runs("").is_empty());
    }

    #[test]
    fn lines_fit_whatever_is_in_them() {
        let fonts = Fonts::get().unwrap();
        for text in [
            "Wireless Headphones with a very long name indeed",
            &"W".repeat(200),
            "東京都".repeat(40).as_str(),
        ] {
            let lines = fonts.wrap(text, 9.5, Weight::Plain, 120.0);
            assert!(lines.len() > 1);
            assert!(lines.iter().all(|line| fonts.width(line, 9.5, Weight::Plain) <= 120.5), "{lines:?}");
            let joined: String = lines.concat().split_whitespace().collect();
            assert_eq!(joined, text.split_whitespace().collect::<String>(), "nothing is lost");
        }
        assert_eq!(fonts.wrap("", 9.5, Weight::Plain, 120.0), [""]);
    }
}
