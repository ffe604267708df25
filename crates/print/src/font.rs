//! The fonts that are built in, and texts as rows of their glyphs: letters joined, each run in its own direction.
//! Noto Sans and Noto Sans Arabic, reduced to the scripts that stalls write in; see `fonts/README.md`.

use harfrust::{Direction, FontRef, ShaperData, UnicodeBuffer};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{GlyphId, MetadataProvider as _};
use unicode_bidi::{BidiInfo, Level};

use crate::rows::Look;

/// All built-in fonts have so many units to the height of a letter.
pub(crate) const UNITS_PER_EM: i32 = 1_000;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Face {
    Latin,
    LatinStrong,
    Arabic,
    ArabicStrong,
}

impl Face {
    pub(crate) const ALL: [Self; 4] = [Self::Latin, Self::LatinStrong, Self::Arabic, Self::ArabicStrong];

    pub(crate) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Latin => include_bytes!("../fonts/NotoSans-Regular.ttf"),
            Self::LatinStrong => include_bytes!("../fonts/NotoSans-Bold.ttf"),
            Self::Arabic => include_bytes!("../fonts/NotoSansArabic-Regular.ttf"),
            Self::ArabicStrong => include_bytes!("../fonts/NotoSansArabic-Bold.ttf"),
        }
    }

    fn is_arabic(self) -> bool {
        matches!(self, Self::Arabic | Self::ArabicStrong)
    }

    /// How far its letters reach above and below the line they stand on, in units.
    pub(crate) fn reach(self) -> (i32, i32) {
        if self.is_arabic() { (1_080, 520) } else { (1_000, 300) }
    }

    fn place(self) -> usize {
        match self {
            Self::Latin => 0,
            Self::LatinStrong => 1,
            Self::Arabic => 2,
            Self::ArabicStrong => 3,
        }
    }
}

/// One line of text, from left to right as it is seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Shaped {
    pub(crate) runs: Vec<Run>,
    /// In units.
    pub(crate) width: i32,
}

/// Neighbours of one face and one direction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    pub(crate) face: Face,
    /// As it was written.
    pub(crate) text: String,
    pub(crate) glyphs: Vec<Placed>,
}

/// One glyph, in units.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Placed {
    pub(crate) glyph: u32,
    pub(crate) advance: i32,
    pub(crate) x_offset: i32,
    pub(crate) y_offset: i32,
    /// Which bytes of the run's text it stands for.
    pub(crate) bytes: std::ops::Range<usize>,
}

impl Shaped {
    /// How far it reaches above and below its line, in units.
    pub(crate) fn reach(&self) -> (i32, i32) {
        let plain = Face::Latin.reach();
        self.runs
            .iter()
            .map(|run| run.face.reach())
            .fold(plain, |most, one| (most.0.max(one.0), most.1.max(one.1)))
    }
}

/// All fonts, opened.
pub(crate) struct Fonts {
    opened: [Opened; 4],
}

struct Opened {
    font: FontRef<'static>,
    data: ShaperData,
}

/// The fonts that were built in cannot be read: the program is damaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the fonts in this program cannot be read: install it again")]
pub struct NoFonts;

impl Fonts {
    pub(crate) fn open() -> Result<Self, NoFonts> {
        let open = |face: Face| {
            let font = FontRef::new(face.bytes()).map_err(|_| NoFonts)?;
            let data = ShaperData::new(&font);
            Ok(Opened { font, data })
        };
        let [latin, latin_strong, arabic, arabic_strong] = Face::ALL;
        Ok(Self { opened: [open(latin)?, open(latin_strong)?, open(arabic)?, open(arabic_strong)?] })
    }

    /// One line, however wide it becomes.
    pub(crate) fn shape(&self, text: &str, is_right_to_left: bool, look: Look) -> Shaped {
        let level = if is_right_to_left { Level::rtl() } else { Level::ltr() };
        let bidi = BidiInfo::new(text, Some(level));
        let mut runs = Vec::new();
        for paragraph in &bidi.paragraphs {
            let (levels, visual) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for range in visual {
                let is_backwards = levels.get(range.start).is_some_and(Level::is_rtl);
                let part = text.get(range).unwrap_or_default();
                let mut of_part: Vec<Run> = self
                    .by_face(part, look)
                    .into_iter()
                    .map(|(face, text)| self.shape_run(face, text, is_backwards))
                    .collect();
                if is_backwards {
                    of_part.reverse();
                }
                runs.append(&mut of_part);
            }
        }
        let width = runs.iter().flat_map(|run| &run.glyphs).map(|glyph| glyph.advance).sum();
        Shaped { runs, width }
    }

    /// As many lines as it needs, broken between words and, where one is too long, anywhere.
    pub(crate) fn wrap(&self, text: &str, is_right_to_left: bool, look: Look, width: i32) -> Vec<Shaped> {
        let shape = |line: &str| self.shape(line, is_right_to_left, look);
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if shape(&longer).width <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(shape(&line));
                line.clear();
            }
            for letter in word.chars() {
                line.push(letter);
                if shape(&line).width > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(shape(&line));
                    line = letter.to_string();
                }
            }
        }
        lines.push(shape(&line));
        lines
    }

    /// Draws a glyph's outline, in units, upwards from its line.
    pub(crate) fn outline(&self, face: Face, glyph: u32, pen: &mut impl OutlinePen) {
        let outlines = self.font(face).outline_glyphs();
        let Some(outline) = outlines.get(GlyphId::new(glyph)) else { return };
        // A glyph that cannot be drawn stays empty; the test that draws all of them would find it.
        let _ = outline.draw(DrawSettings::unhinted(Size::unscaled(), LocationRef::default()), pen);
    }

    /// Letters that no font has, each once.
    pub(crate) fn missing(&self, text: &str) -> String {
        let mut missing = String::new();
        for letter in text.chars() {
            let is_known = letter.is_whitespace()
                || letter.is_control()
                || is_invisible(letter)
                || Face::ALL.iter().any(|face| self.has(*face, letter));
            if !is_known && !missing.contains(letter) {
                missing.push(letter);
            }
        }
        missing
    }

    fn font(&self, face: Face) -> &FontRef<'static> {
        &self.opened[face.place()].font
    }

    fn has(&self, face: Face, letter: char) -> bool {
        self.font(face).charmap().map(letter).is_some()
    }

    /// Splits a text where another face is needed. What both have stays with what came before it.
    fn by_face<'t>(&self, text: &'t str, look: Look) -> Vec<(Face, &'t str)> {
        let (latin, arabic) = match look {
            Look::Plain => (Face::Latin, Face::Arabic),
            Look::Large => (Face::LatinStrong, Face::ArabicStrong),
        };
        let mut parts: Vec<(Face, std::ops::Range<usize>)> = Vec::new();
        for (at, letter) in text.char_indices() {
            let end = at + letter.len_utf8();
            let is_shared = letter.is_whitespace() || is_invisible(letter);
            let face = match parts.last() {
                Some((face, _)) if is_shared => *face,
                _ if !self.has(latin, letter) && self.has(arabic, letter) => arabic,
                _ => latin,
            };
            match parts.last_mut() {
                Some((last, range)) if *last == face => range.end = end,
                _ => parts.push((face, at..end)),
            }
        }
        parts.into_iter().filter_map(|(face, range)| Some((face, text.get(range)?))).collect()
    }

    fn shape_run(&self, face: Face, text: &str, is_backwards: bool) -> Run {
        let opened = &self.opened[face.place()];
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(if is_backwards { Direction::RightToLeft } else { Direction::LeftToRight });
        let shaped = opened.data.shaper(&opened.font).build().shape(buffer, Default::default());
        let starts: Vec<usize> = shaped
            .glyph_infos()
            .iter()
            .map(|info| usize::try_from(info.cluster).unwrap_or_default())
            .collect();
        let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions()).zip(&starts);
        let placed = glyphs.map(|((info, position), start)| Placed {
            glyph: info.glyph_id,
            advance: position.x_advance,
            x_offset: position.x_offset,
            y_offset: position.y_offset,
            bytes: *start..starts.iter().copied().filter(|other| other > start).min().unwrap_or(text.len()),
        });
        Run { face, text: text.to_owned(), glyphs: placed.collect() }
    }
}

/// Letters that no built-in font has, each once: they come out as empty boxes.
pub fn missing_letters(text: &str) -> Result<String, NoFonts> {
    Ok(Fonts::open()?.missing(text))
}

/// Joiners and marks of direction.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Strokes(usize);

    impl OutlinePen for Strokes {
        fn move_to(&mut self, _: f32, _: f32) {}
        fn line_to(&mut self, _: f32, _: f32) {
            self.0 += 1;
        }
        fn quad_to(&mut self, _: f32, _: f32, _: f32, _: f32) {
            self.0 += 1;
        }
        fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, _: f32, _: f32) {
            self.0 += 1;
        }
        fn close(&mut self) {}
    }

    #[test]
    fn every_font_has_the_same_units_and_draws() {
        let fonts = Fonts::open().unwrap();
        for face in Face::ALL {
            let opened = &fonts.opened[face.place()];
            let units = opened.data.shaper(&opened.font).build().units_per_em();
            assert_eq!(units, UNITS_PER_EM, "{face:?}");
            let letter = if face.is_arabic() { 'س' } else { 'S' };
            let glyph = opened.font.charmap().map(letter).unwrap();
            let mut strokes = Strokes::default();
            fonts.outline(face, glyph.to_u32(), &mut strokes);
            assert!(strokes.0 > 5, "{face:?} draws {letter} with {} strokes", strokes.0);
        }
    }

    #[test]
    fn arabic_letters_join_and_run_backwards() {
        let fonts = Fonts::open().unwrap();
        let glyphs = |text: &str| -> Vec<u32> {
            let shaped = fonts.shape(text, true, Look::Plain);
            shaped.runs.iter().flat_map(|run| run.glyphs.iter().map(|glyph| glyph.glyph)).collect()
        };
        // The same letter alone, at the end, in the middle and at the beginning of a word has four forms.
        let alone = glyphs("ه");
        let joined = glyphs("ههه");
        assert_eq!((alone.len(), joined.len()), (1, 3));
        assert!(joined.iter().all(|glyph| *glyph != alone[0]), "{joined:?} are not joined");
        assert_ne!(joined[0], joined[1]);
        assert_ne!(joined[1], joined[2]);
        // What is written first stands at the right.
        let shaped = fonts.shape("سوق", true, Look::Plain);
        let bytes: Vec<usize> = shaped.runs[0].glyphs.iter().map(|glyph| glyph.bytes.start).collect();
        assert!(bytes.windows(2).all(|pair| pair[0] >= pair[1]), "{bytes:?}");
    }

    #[test]
    fn numbers_keep_their_direction_within_arabic() {
        let fonts = Fonts::open().unwrap();
        let shaped = fonts.shape("إيصال 128", true, Look::Plain);
        let texts: Vec<&str> = shaped.runs.iter().map(|run| run.text.as_str()).collect();
        assert_eq!(texts.first().map(|text| text.trim()), Some("128"), "{texts:?}");
        let digits = &shaped.runs[0];
        let order: Vec<usize> = digits.glyphs.iter().map(|glyph| glyph.bytes.start).collect();
        assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "{order:?}");
    }

    #[test]
    fn lines_are_never_wider_than_they_may_be() {
        let fonts = Fonts::open().unwrap();
        for text in ["Ripe mangoes from the hill", "مانجو ناضجة من التل", "Wwwwwwwwwwwwwwwwwwwww", ""]
        {
            for width in [3_000, 6_000, 20_000] {
                let lines = fonts.wrap(text, false, Look::Plain, width);
                assert!(lines.iter().all(|line| line.width <= width), "{text} in {width}");
                let runs = lines.iter().flat_map(|line| &line.runs);
                let letters: usize =
                    runs.map(|run| run.text.chars().filter(|c| !c.is_whitespace()).count()).sum();
                assert_eq!(letters, text.chars().filter(|c| !c.is_whitespace()).count(), "{text} in {width}");
            }
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_named_once() {
        let fonts = Fonts::open().unwrap();
        assert_eq!(fonts.missing("Tea 茶 and 茶, سوق, Ελλάδα, Київ\u{200f}"), "茶");
    }
}
