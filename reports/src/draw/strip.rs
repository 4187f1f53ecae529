//! A canvas as pixels: strip by strip, so that what is painted on stays where a processor has it at hand.
//!
//! Of a figure as a whole the system would have to clear megabytes first.

use std::cell::Cell;

use plotters_backend::{BackendColor, FontTransform};
use tiny_skia::{FillRule, Pixmap, PremultipliedColorU8, Transform};

use super::canvas::{Canvas, Painted, Rect, Shape, opaque};
use super::letters::Glyph;

/// Rows of pixels in a strip.
const ROWS: u32 = 256;

thread_local! {
    /// The memory of this thread's last strip, for the next one.
    static MEMORY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Some rows of a canvas.
struct Strip {
    pixels: Pixmap,
    /// The row at which it begins.
    top: i32,
}

impl Canvas {
    /// Paints everything, and gives each row from the top down: four bytes a pixel, red, green, blue and the opacity, which is full.
    pub(super) fn rows(&self, row: impl FnMut(&[u8])) {
        self.rows_by(ROWS, row);
    }

    fn rows_by(&self, at_once: u32, mut row: impl FnMut(&[u8])) {
        let bytes = 4 * self.width as usize;
        let mut memory = MEMORY.take();
        for top in (0..self.height).step_by(at_once as usize) {
            let rows = at_once.min(self.height - top);
            memory.resize(bytes * rows as usize, 0);
            let size = tiny_skia::IntSize::from_wh(self.width, rows).expect("a canvas has pixels");
            let pixels = Pixmap::from_vec(memory, size).expect("memory of the size that was asked for");
            let mut strip = Strip { pixels, top: top as i32 };
            let (first, after) = (strip.top, strip.top + rows as i32);
            let within = |painted: &&Painted| painted.rows.start < after && painted.rows.end > first;
            self.painted.iter().filter(within).for_each(|painted| strip.paint(&painted.shape));
            strip.pixels.data().chunks_exact(bytes).for_each(&mut row);
            memory = strip.pixels.take();
        }
        MEMORY.set(memory);
    }
}

impl Strip {
    fn paint(&mut self, shape: &Shape) {
        let lifted = Transform::from_translate(0.0, -self.top as f32);
        match shape {
            Shape::Rect(rect, color) => self.fill(*rect, *color),
            Shape::Rects(rects, color) => rects.iter().for_each(|rect| self.fill(*rect, *color)),
            Shape::Area(path, paint) => self.pixels.fill_path(path, paint, FillRule::Winding, lifted, None),
            Shape::Hairline(path, paint, stroke) => self.pixels.stroke_path(path, paint, stroke, lifted, None),
            Shape::Text { letters, at, turn, color } => {
                for (start, glyph) in letters {
                    self.letter(glyph, *start, *at, turn, *color);
                }
            }
        }
    }

    fn fill(&mut self, Rect((left, top), (right, bottom)): Rect, color: PremultipliedColorU8) {
        let (width, height) = (self.pixels.width() as usize, self.pixels.height() as usize);
        let inside = |at: i32, most: usize| usize::try_from(at).unwrap_or(0).min(most);
        let columns = inside(left, width)..inside(right, width);
        if columns.is_empty() {
            return;
        }
        for row in inside(top - self.top, height)..inside(bottom - self.top, height) {
            let row = &mut self.pixels.pixels_mut()[row * width..][..width];
            row[columns.clone()].fill(color);
        }
    }

    fn letter(&mut self, glyph: &Glyph, start: (i32, i32), at: (i32, i32), turn: &FontTransform, color: BackendColor) {
        let (width, height) = (self.pixels.width() as i32, self.pixels.height() as i32);
        let pixels = self.pixels.pixels_mut();
        for dot in &glyph.dots {
            let (x, y) = turn.transform(start.0 + dot.x, start.1 + dot.y);
            let (x, y) = (at.0 + x, at.1 + y - self.top);
            if (0..width).contains(&x) && (0..height).contains(&y) {
                let pixel = &mut pixels[(y * width + x) as usize];
                *pixel = blend(*pixel, color.rgb, dot.share);
            }
        }
    }
}

/// An opaque pixel under a colour that covers so much of it, of 256.
fn blend(under: PremultipliedColorU8, over: (u8, u8, u8), share: u32) -> PremultipliedColorU8 {
    let mix = |under: u8, over: u8| ((u32::from(under) * (256 - share) + u32::from(over) * share) >> 8) as u8;
    let rgb = (mix(under.red(), over.0), mix(under.green(), over.1), mix(under.blue(), over.2));
    opaque(BackendColor { alpha: 1.0, rgb })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    use plotters::style::{Color as _, FontDesc, FontFamily, FontStyle, RGBAColor, RGBColor, ShapeStyle, TextStyle};
    use plotters_backend::DrawingBackend as _;

    const STRAIGHT: ShapeStyle = ShapeStyle { color: RGBAColor(0, 90, 200, 1.0), filled: true, stroke_width: 40 };

    fn pixels(canvas: &Canvas, at_once: u32) -> Vec<u8> {
        let mut pixels = Vec::new();
        canvas.rows_by(at_once, |row| pixels.extend_from_slice(row));
        pixels
    }

    /// White, with what `draw` adds.
    fn canvas(draw: impl FnOnce(&mut Canvas)) -> Canvas {
        let mut canvas = Canvas::new(90, 70).unwrap();
        canvas.draw_rect((0, 0), (90 * 16, 70 * 16), &RGBColor(255, 255, 255).filled(), true).unwrap();
        draw(&mut canvas);
        canvas
    }

    #[test]
    fn strips_are_as_the_whole() {
        let straight = canvas(|canvas| {
            canvas.draw_rect((160, 16), (640, 1000), &STRAIGHT, true).unwrap();
            canvas.draw_path([(0, 900), (500, 900), (500, 100), (1400, 100)], &STRAIGHT).unwrap();
            canvas.fill_polygon([(700, 300), (1200, 300), (1200, 1100), (700, 1100)], &STRAIGHT).unwrap();
            for turn in [FontTransform::None, FontTransform::Rotate270] {
                let font = FontDesc::new(FontFamily::SansSerif, 40.0, FontStyle::Bold).transform(turn);
                let style = TextStyle::from(font).pos(Pos::new(HPos::Center, VPos::Top));
                canvas.draw_text("Äg8", &style, (700, 500)).unwrap();
            }
        });
        let sloping = canvas(|canvas| {
            canvas.draw_path([(0, 0), (1400, 1100), (200, 700)], &STRAIGHT).unwrap();
            canvas.fill_polygon([(700, 30), (1300, 500), (100, 1100)], &STRAIGHT).unwrap();
        });
        let (whole, whole_sloping) = (pixels(&straight, 70), pixels(&sloping, 70));
        for at_once in [1, 7, 32, 69] {
            assert!(pixels(&straight, at_once) == whole, "{at_once} rows at a time");
            // Edges are computed from the top of a strip on, and rounded on the way.
            let strips = pixels(&sloping, at_once);
            let most = strips.iter().zip(&whole_sloping).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(most <= Some(32), "{at_once} rows at a time: {most:?}");
        }
    }
}
