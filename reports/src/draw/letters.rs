//! The letters of the bundled font: how wide a line of them is, and their pixels.
//!
//! Where letters stand, and which pixels they cover, is as `plotters` has it (`style/font/ab_glyph.rs`); but a letter of a size is made
//! once, and kept for whatever else this thread draws.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, ScaleFont as _};
use rustc_hash::FxHashMap;

/// The faces of the font.
static FACES: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
    [dejavu::sans::regular(), dejavu::sans::bold()]
        .map(|bytes| FontRef::try_from_slice(bytes).expect("the bundled font is a font"))
});

thread_local! {
    /// Letters that have been drawn, by what they are, the bits of their size, and whether they are bold.
    static GLYPHS: RefCell<FxHashMap<(char, u32, bool), Rc<Glyph>>> = RefCell::default();
}

/// A letter's pixels.
pub(super) struct Glyph {
    /// Those of which it covers anything, row by row.
    pub(super) dots: Vec<Dot>,
    /// The corner of its first pixels, and the one after its last.
    pub(super) corners: [(i32, i32); 2],
}

/// A pixel that a letter covers.
#[derive(Clone, Copy)]
pub(super) struct Dot {
    /// From the letter's left side.
    pub(super) x: i32,
    /// From half a line above its baseline.
    pub(super) y: i32,
    /// How much of it is covered, of 256.
    pub(super) share: u32,
}

/// Reads the font, if nobody has yet.
pub(crate) fn ensure_font() {
    LazyLock::force(&FACES);
}

/// How wide a line is, in whole pixels; `size` is the height of the line.
pub(super) fn width(text: &str, size: f64, bold: bool) -> i32 {
    let font = FACES[usize::from(bold)].as_scaled(size as f32);
    let (mut end, mut before) = (0.0, None);
    for letter in text.chars() {
        let letter = font.glyph_id(letter);
        end += font.h_advance(letter);
        if let Some(before) = before.replace(letter) {
            end += font.kern(before, letter);
        }
    }
    end as i32
}

/// The letters of a line, each with the pixel at which it begins.
pub(super) fn line(text: &str, size: f64, bold: bool) -> Vec<(i32, Rc<Glyph>)> {
    let font = FACES[usize::from(bold)].as_scaled(size as f32);
    let (mut at, mut before) = (0.0, None);
    let place = |letter: char| {
        let id = font.glyph_id(letter);
        if let Some(before) = before.replace(id) {
            at += font.kern(before, id);
        }
        let start = at as i32;
        at += font.h_advance(id);
        (start, glyph(letter, size as f32, bold))
    };
    text.chars().map(place).collect()
}

fn glyph(letter: char, size: f32, bold: bool) -> Rc<Glyph> {
    let make = || Rc::new(Glyph::new(letter, size, bold));
    GLYPHS.with_borrow_mut(|glyphs| glyphs.entry((letter, size.to_bits(), bold)).or_insert_with(make).clone())
}

impl Glyph {
    fn new(letter: char, size: f32, bold: bool) -> Self {
        let font = FACES[usize::from(bold)].as_scaled(size);
        let mut dots: Vec<Dot> = Vec::new();
        // A blank has no outline.
        if let Some(outline) = font.outline_glyph(font.scaled_glyph(letter)) {
            let top = (size / 2.0 + outline.px_bounds().min.y) as i32;
            outline.draw(|x, y, covered| {
                let (x, y, share) = (x as i32, y as i32 + top, (covered.min(1.0) * 256.0) as u32);
                if share > 0 {
                    dots.push(Dot { x, y, share });
                }
            });
        }
        let extent = |along: fn(&Dot) -> i32| {
            let (low, high) = (dots.iter().map(along).min(), dots.iter().map(along).max());
            (low.unwrap_or(0), high.map_or(0, |high| high + 1))
        };
        let ((left, right), (top, bottom)) = (extent(|dot| dot.x), extent(|dot| dot.y));
        Self { dots, corners: [(left, top), (right, bottom)] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stand_one_after_another() {
        let line = line("AV o", 40.0, false);
        let starts: Vec<i32> = line.iter().map(|(start, _)| *start).collect();
        assert!(starts.is_sorted() && starts[0] == 0, "{starts:?}");
        assert!(line[2].1.dots.is_empty(), "a blank");
        // An A and a V reach below each other.
        let alone = width("A", 40.0, false);
        assert!(starts[1] < alone, "{starts:?}, {alone}");
        assert!(width("AV o", 40.0, true) > width("AV o", 40.0, false));
        assert!(Rc::ptr_eq(&line[3].1, &glyph('o', 40.0, false)), "made once");
    }
}
