//! A paper as a PDF: the same bands as on a printer, as shapes and letters that can be selected. Without a date of
//! its own, so that the same paper is the same file.

use std::collections::BTreeMap;

use krilla::Document;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{Metadata, TextDirection};
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use soko_app_api::PageSize;

use crate::font::{Face, Fonts, NoFonts, Shaped, UNITS_PER_EM};
use crate::page::{Band, Layout, Piece};
use crate::rows::{Look, Sheet};

/// Millimetres to points.
pub(crate) const POINTS_PER_MM: f32 = 72.0 / 25.4;
/// A receipt printer draws eight dots to a millimetre; a PDF keeps its measures.
const POINTS_PER_DOT: f32 = POINTS_PER_MM / 8.0;
const A4_MM: (f32, f32) = (210.0, 297.0);
const A4_MARGIN_MM: f32 = 20.0;
/// On A4 it is a column in the middle, in letters as large as a letter's.
const A4_SCALE: f32 = 1.15;

/// Why there is no file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotDrawn {
    #[error(transparent)]
    Fonts(#[from] NoFonts),
    #[error("the file cannot be made: {0}")]
    Pdf(String),
}

/// What a page is, in millimetres and dots.
struct Sizes {
    page_mm: (f32, f32),
    dots: i32,
    scale: f32,
    margin_mm: f32,
}

pub fn sheet_pdf(sheet: &Sheet, size: PageSize) -> Result<Vec<u8>, NotDrawn> {
    let fonts = Fonts::open()?;
    let dots = match size {
        PageSize::Roll58 => 384,
        PageSize::Roll80 | PageSize::A4 => 576,
    };
    let layout = Layout { fonts: &fonts, width: dots, is_right_to_left: sheet.is_right_to_left };
    let bands = layout.bands(sheet);
    let height: i32 = bands.iter().map(|band| band.height).sum();
    let sizes = match size {
        PageSize::A4 => Sizes { page_mm: A4_MM, dots, scale: A4_SCALE, margin_mm: A4_MARGIN_MM },
        PageSize::Roll80 => Sizes { page_mm: (80.0, roll_mm(height)), dots, scale: 1.0, margin_mm: 4.0 },
        PageSize::Roll58 => Sizes { page_mm: (58.0, roll_mm(height)), dots, scale: 1.0, margin_mm: 4.0 },
    };
    let mut drawing = Drawing::begin(&sheet.title, &sheet.language, sheet.is_right_to_left)?;
    for bands in pages(&bands, &sizes) {
        drawing.page(&sizes, bands)?;
    }
    drawing.finish()
}

fn roll_mm(dots: i32) -> f32 {
    number(dots) / 8.0 + 8.0
}

/// Bands that fit onto a page together; a band taller than a page has one of its own.
fn pages<'b>(bands: &'b [Band], sizes: &Sizes) -> Vec<&'b [Band]> {
    let room = (sizes.page_mm.1 - 2.0 * sizes.margin_mm) * 8.0 / sizes.scale + 1.0;
    let mut pages = Vec::new();
    let (mut begin, mut used) = (0, 0);
    for (at, band) in bands.iter().enumerate() {
        if at > begin && number(used + band.height) > room {
            pages.extend(bands.get(begin..at));
            (begin, used) = (at, 0);
        }
        used += band.height;
    }
    pages.extend(bands.get(begin..));
    pages
}

/// A PDF in the making.
pub(crate) struct Drawing {
    document: Document,
    fonts: BTreeMap<Face, Font>,
}

impl Drawing {
    pub(crate) fn begin(title: &str, language: &str, is_right_to_left: bool) -> Result<Self, NotDrawn> {
        let mut document = Document::new();
        let direction =
            if is_right_to_left { TextDirection::RightToLeft } else { TextDirection::LeftToRight };
        document.set_metadata(
            Metadata::new()
                .title(title.into())
                .language(language.into())
                .creator("Soko".into())
                .text_direction(direction),
        );
        let open = |face: Face| {
            let font = Font::new(face.bytes().to_vec().into(), 0).ok_or(NoFonts)?;
            Ok((face, font))
        };
        let fonts = Face::ALL.into_iter().map(open).collect::<Result<_, NoFonts>>()?;
        Ok(Self { document, fonts })
    }

    /// Puts what `draw` draws onto a page of its own; sizes in millimetres.
    pub(crate) fn on_page(
        &mut self,
        size_mm: (f32, f32),
        draw: impl FnOnce(&mut Canvas<'_, '_>),
    ) -> Result<(), NotDrawn> {
        let points = |mm: f32| mm * POINTS_PER_MM;
        let settings = PageSettings::from_wh(points(size_mm.0), points(size_mm.1));
        let settings = settings.ok_or_else(|| NotDrawn::Pdf("the page has no size".into()))?;
        let mut page = self.document.start_page_with(settings);
        let mut surface = page.surface();
        draw(&mut Canvas { surface: &mut surface, fonts: &self.fonts });
        surface.finish();
        page.finish();
        Ok(())
    }

    fn page(&mut self, sizes: &Sizes, bands: &[Band]) -> Result<(), NotDrawn> {
        let scale = POINTS_PER_DOT * sizes.scale;
        let left = (sizes.page_mm.0 * POINTS_PER_MM - number(sizes.dots) * scale) / 2.0;
        let mut top = sizes.margin_mm * POINTS_PER_MM;
        self.on_page(sizes.page_mm, |canvas| {
            for band in bands {
                band.pieces.iter().for_each(|piece| canvas.piece(piece, (left, top), scale));
                top += number(band.height) * scale;
            }
        })
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, NotDrawn> {
        self.document.finish().map_err(|error| NotDrawn::Pdf(format!("{error:?}")))
    }
}

/// Draws onto one page, in points from its top left.
pub(crate) struct Canvas<'c, 's> {
    surface: &'c mut Surface<'s>,
    fonts: &'c BTreeMap<Face, Font>,
}

impl Canvas<'_, '_> {
    fn piece(&mut self, piece: &Piece, at: (f32, f32), scale: f32) {
        match piece {
            Piece::Text { line, x, baseline, size } => {
                let start = (at.0 + number(*x) * scale, at.1 + number(*baseline) * scale);
                self.text(line, start, number(*size) * scale);
            }
            Piece::Black { x, y, width, height } => {
                let corner = (at.0 + number(*x) * scale, at.1 + number(*y) * scale);
                self.black(corner, (number(*width) * scale, number(*height) * scale));
            }
        }
    }

    pub(crate) fn text(&mut self, line: &Shaped, start: (f32, f32), size: f32) {
        let per_em = |units: i32| number(units) / number(UNITS_PER_EM);
        let mut x = start.0;
        for run in &line.runs {
            let Some(font) = self.fonts.get(&run.face) else { continue };
            let glyphs: Vec<KrillaGlyph> = run
                .glyphs
                .iter()
                .map(|glyph| {
                    let id = GlyphId::new(glyph.glyph);
                    let (across, up) = (per_em(glyph.x_offset), per_em(glyph.y_offset));
                    KrillaGlyph::new(id, per_em(glyph.advance), across, up, 0.0, glyph.bytes.clone(), None)
                })
                .collect();
            self.surface.draw_glyphs(
                Point::from_xy(x, start.1),
                &glyphs,
                font.clone(),
                &run.text,
                size,
                false,
            );
            x += run.glyphs.iter().map(|glyph| per_em(glyph.advance)).sum::<f32>() * size;
        }
    }

    pub(crate) fn black(&mut self, corner: (f32, f32), size: (f32, f32)) {
        let mut path = PathBuilder::new();
        let rect = Rect::from_xywh(corner.0, corner.1, size.0, size.1);
        rect.into_iter().for_each(|rect| path.push_rect(rect));
        path.finish().iter().for_each(|path| self.surface.draw_path(path));
    }
}

/// Dots and units are small whole numbers; points are not whole.
#[expect(clippy::cast_precision_loss, reason = "a paper has some thousand dots")]
pub(crate) fn number(value: i32) -> f32 {
    value as f32
}

pub(crate) fn count(of: usize) -> f32 {
    number(i32::try_from(of).unwrap_or(i32::MAX))
}

/// How wide a line is in letters of a size, in what the size is given in.
pub(crate) fn wide(line: &Shaped, size: f32) -> f32 {
    number(line.width) * size / number(UNITS_PER_EM)
}

/// The text in one line, cut where it does not fit.
pub(crate) fn fitting(
    fonts: &Fonts,
    text: &str,
    (is_right_to_left, look): (bool, Look),
    (room, size): (f32, f32),
) -> Shaped {
    let shape = |text: &str| fonts.shape(text, is_right_to_left, look);
    let mut line = shape(text);
    let mut letters: Vec<char> = text.chars().collect();
    while wide(&line, size) > room && letters.pop().is_some() {
        let cut: String = letters.iter().chain(std::iter::once(&'…')).collect();
        line = shape(if letters.is_empty() { "" } else { &cut });
    }
    line
}
