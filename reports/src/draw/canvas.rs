//! A bitmap that `plotters` draws on.
//!
//! `plotters` places everything on whole numbers, of which a canvas has [`PER_PIXEL`] to a pixel. What is level and upright stands on whole
//! pixels: it is crisp, neighbours leave no gap, and lines are of one width all along. Other edges are smoothed, by `tiny-skia`.
//!
//! What is drawn is kept, and painted when all of it is known, one strip of the bitmap after another (see [`super::strip`]).

use std::convert::Infallible;
use std::ops::Range;
use std::rc::Rc;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, FontStyle, FontTransform,
};
use tiny_skia::{IntSize, LineJoin, Paint, Path, PathBuilder, PremultipliedColorU8, Stroke};

use super::letters::{self, Glyph};

/// Drawing units in a pixel.
pub(super) const PER_PIXEL: i32 = 16;

type Drawn = Result<(), plotters_backend::DrawingErrorKind<Infallible>>;

/// A bitmap, as what is to be painted on it. All colours are opaque but for the edges of letters.
pub(super) struct Canvas {
    pub(super) width: u32,
    pub(super) height: u32,
    /// From the bottom up.
    pub(super) painted: Vec<Painted>,
}

/// Something that is to be painted.
pub(super) struct Painted {
    /// The rows of pixels that it may cover.
    pub(super) rows: Range<i32>,
    pub(super) shape: Shape,
}

/// What is painted.
pub(super) enum Shape {
    /// Whole pixels.
    Rect(Rect, PremultipliedColorU8),
    /// The same, of one colour.
    Rects(Vec<Rect>, PremultipliedColorU8),
    /// An outline.
    Area(Path, Paint<'static>),
    /// A line that is not wider than a pixel.
    Hairline(Path, Paint<'static>, Stroke),
    /// Letters, each with the pixel at which it begins before the line is turned, and where the line begins.
    Text { letters: Vec<((i32, i32), Rc<Glyph>)>, at: (i32, i32), turn: FontTransform, color: BackendColor },
}

/// Whole pixels: those before the second corner.
#[derive(Clone, Copy)]
pub(super) struct Rect(pub(super) (i32, i32), pub(super) (i32, i32));

impl Canvas {
    /// A canvas of so many pixels, none of which has a colour before it is painted over. `None` where it has none, or too many for a bitmap.
    pub(super) fn new(width: u32, height: u32) -> Option<Self> {
        IntSize::from_wh(width, height)?;
        // No larger than tiny-skia allows: a row is less than two gigabytes.
        let row = (width as usize).checked_mul(4).filter(|row| i32::try_from(*row).is_ok())?;
        row.checked_mul(height as usize)?;
        Some(Self { width, height, painted: Vec::new() })
    }

    fn paint(&mut self, rows: Range<i32>, shape: Shape) {
        self.painted.push(Painted { rows, shape });
    }

    /// Fills whole pixels.
    fn fill(&mut self, rect: Rect, color: PremultipliedColorU8) {
        self.paint(rect.rows(), Shape::Rect(rect, color));
    }

    /// Draws a line whose segments are all level or upright: rectangles that reach around their corners.
    fn steps(&mut self, points: &[BackendCoord], width: u32, color: PremultipliedColorU8) {
        let width = ((width as i32 + PER_PIXEL / 2) / PER_PIXEL).max(1);
        let (before, after) = (width / 2, width - width / 2);
        let last = points.len().saturating_sub(2);
        let rect = |(number, pair): (usize, &[BackendCoord])| {
            let (from, to) = (pixel(pair[0]), pixel(pair[1]));
            // The ends of the whole line are where they are said to be.
            let inner = (number > 0, number < last);
            let (low, high, inner) = if from <= to { (from, to, inner) } else { (to, from, (inner.1, inner.0)) };
            let reach = |is_inner: bool, by: i32| if is_inner { by } else { 0 };
            let (left, right) = (reach(inner.0, before), reach(inner.1, after));
            if low.1 == high.1 {
                Rect((low.0 - left, low.1 - before), (high.0 + right, low.1 + after))
            } else {
                Rect((low.0 - before, low.1 - left), (low.0 + after, high.1 + right))
            }
        };
        let rects: Vec<Rect> = points.windows(2).enumerate().map(rect).collect();
        let rows = rects.iter().map(Rect::rows).reduce(|all, rows| all.start.min(rows.start)..all.end.max(rows.end));
        self.paint(rows.unwrap_or_default(), Shape::Rects(rects, color));
    }
}

impl Rect {
    fn rows(&self) -> Range<i32> {
        self.0.1..self.1.1
    }
}

impl DrawingBackend for Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.width * PER_PIXEL as u32, self.height * PER_PIXEL as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    /// Fills the pixel in which the point is.
    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        let (x, y) = (x.div_euclid(PER_PIXEL), y.div_euclid(PER_PIXEL));
        self.fill(Rect((x, y), (x + 1, y + 1)), opaque(color));
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        if !fill {
            return self.draw_path([from, (to.0, from.1), to, (from.0, to.1), from], style);
        }
        let (from, to) = (pixel(from), pixel(to));
        let low = (from.0.min(to.0), from.1.min(to.1));
        self.fill(Rect(low, (from.0.max(to.0), from.1.max(to.1))), opaque(style.color()));
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, points: I, style: &S) -> Drawn {
        let points: Vec<BackendCoord> = points.into_iter().collect();
        let are_steps = points.windows(2).all(|pair| is_straight(pair[0], pair[1]));
        // Many small steps all one way, as of a distribution, are seen as a slope.
        if are_steps && !(points.len() > 3 && points.is_sorted_by_key(|point| (point.0, -point.1))) {
            self.steps(&points, style.stroke_width(), opaque(style.color()));
            return Ok(());
        }
        let place = |(x, y): BackendCoord| (x as f32 / PER_PIXEL as f32, y as f32 / PER_PIXEL as f32);
        if let Some(path) = path(points.into_iter().map(place), false) {
            let width = (style.stroke_width() as f32 / PER_PIXEL as f32).max(1.0);
            let stroke = Stroke { width, line_join: LineJoin::Round, ..Stroke::default() };
            let paint = paint(style.color(), true);
            if width <= 1.0 {
                self.paint(rows(&path, 1), Shape::Hairline(path, paint, stroke));
            } else if let Some(outline) = path.stroke(&stroke, 1.0) {
                self.paint(rows(&outline, 0), Shape::Area(outline, paint));
            }
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        let corners: Vec<BackendCoord> = corners.into_iter().collect();
        let closing = corners.last().zip(corners.first());
        let is_crisp = corners.windows(2).all(|pair| is_straight(pair[0], pair[1]))
            && closing.is_none_or(|(last, first)| is_straight(*last, *first));
        let place = |corner: BackendCoord| {
            let (x, y) = if is_crisp { pixel(corner) } else { corner };
            let scale = if is_crisp { 1.0 } else { PER_PIXEL as f32 };
            (x as f32 / scale, y as f32 / scale)
        };
        if let Some(path) = path(corners.into_iter().map(place), true) {
            self.paint(rows(&path, 0), Shape::Area(path, paint(style.color(), !is_crisp)));
        }
        Ok(())
    }

    /// Draws a text, whose size is in pixels.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let bold = matches!(style.style(), FontStyle::Bold);
        let width = letters::width(text, style.size(), bold);
        let height = style.size() as i32;
        let dx = match style.anchor().h_pos {
            HPos::Left => 0,
            HPos::Right => -width,
            HPos::Center => -width / 2,
        };
        let dy = match style.anchor().v_pos {
            VPos::Top => 0,
            VPos::Bottom => -height,
            VPos::Center => -height / 2,
        };
        let (at, turn) = (pixel(at), style.transform());
        let letters = letters::line(text, style.size(), bold);
        let letters: Vec<_> = letters.into_iter().map(|(start, glyph)| ((start + dx, dy), glyph)).collect();
        let corners =
            letters.iter().flat_map(|((x, y), glyph)| glyph.corners.map(|corner| (corner.0 + x, corner.1 + y)));
        let reached = corners.map(|(x, y)| at.1 + turn.transform(x, y).1);
        let (top, bottom) = (reached.clone().min().unwrap_or(0), reached.max().unwrap_or(0));
        // A line that is turned has its pixels before its corners.
        self.paint(top - 1..bottom + 1, Shape::Text { letters, at, turn, color: style.color() });
        Ok(())
    }
}

/// The corner of pixels that is nearest.
fn pixel((x, y): BackendCoord) -> (i32, i32) {
    ((x + PER_PIXEL / 2).div_euclid(PER_PIXEL), (y + PER_PIXEL / 2).div_euclid(PER_PIXEL))
}

fn is_straight(from: BackendCoord, to: BackendCoord) -> bool {
    from.0 == to.0 || from.1 == to.1
}

/// A path through points; `None` of fewer than two.
fn path(points: impl Iterator<Item = (f32, f32)>, is_closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (x, y) in points {
        if path.is_empty() {
            path.move_to(x, y);
        } else {
            path.line_to(x, y);
        }
    }
    if is_closed {
        path.close();
    }
    path.finish()
}

fn paint(color: BackendColor, anti_alias: bool) -> Paint<'static> {
    let (red, green, blue) = color.rgb;
    let mut paint = Paint { anti_alias, ..Paint::default() };
    paint.set_color_rgba8(red, green, blue, u8::MAX);
    paint
}

pub(super) fn opaque(color: BackendColor) -> PremultipliedColorU8 {
    let (red, green, blue) = color.rgb;
    tiny_skia::ColorU8::from_rgba(red, green, blue, u8::MAX).premultiply()
}

/// The rows that a path covers, and so many more around them.
fn rows(path: &Path, around: i32) -> Range<i32> {
    let bounds = path.bounds();
    libm::floorf(bounds.top()) as i32 - around..libm::ceilf(bounds.bottom()) as i32 + around
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::{RGBAColor, ShapeStyle};

    const BLACK: ShapeStyle = ShapeStyle { color: RGBAColor(0, 0, 0, 1.0), filled: true, stroke_width: 0 };
    const BLUE: ShapeStyle = ShapeStyle { color: RGBAColor(0, 0, 255, 1.0), filled: true, stroke_width: 0 };
    const GREEN: ShapeStyle = ShapeStyle { color: RGBAColor(0, 255, 0, 1.0), filled: true, stroke_width: 0 };

    /// The pixels of a black canvas as the amounts of green and blue, after it was drawn on.
    fn drawn(width: u32, height: u32, draw: impl FnOnce(&mut Canvas)) -> Vec<Vec<(u8, u8)>> {
        let mut canvas = Canvas::new(width, height).unwrap();
        canvas.draw_rect((0, 0), (canvas.get_size().0 as i32, canvas.get_size().1 as i32), &BLACK, true).unwrap();
        draw(&mut canvas);
        let mut rows = Vec::new();
        let pixels = |row: &[u8]| row.as_chunks::<4>().0.iter().map(|pixel| (pixel[1], pixel[2])).collect();
        canvas.rows(|row| rows.push(pixels(row)));
        rows
    }

    #[test]
    fn neighbours_leave_no_gap_between_them() {
        for middle in 4 * PER_PIXEL..5 * PER_PIXEL {
            let rows = drawn(9, 1, |canvas| {
                canvas.draw_rect((0, 0), (middle, PER_PIXEL), &BLUE, true).unwrap();
                let right = [(middle, 0), (9 * PER_PIXEL, 0), (9 * PER_PIXEL, PER_PIXEL), (middle, PER_PIXEL)];
                canvas.fill_polygon(right, &GREEN).unwrap();
            });
            let whole = rows[0].iter().all(|pixel| [(255, 0), (0, 255)].contains(pixel));
            assert!(whole, "{middle}: {rows:?}");
        }
    }

    #[test]
    fn lines_of_steps_are_of_one_width_wherever_they_are() {
        let line = ShapeStyle { stroke_width: 3 * PER_PIXEL as u32, ..BLUE };
        for offset in 0..PER_PIXEL {
            let (low, high) = (5 * PER_PIXEL + offset, 12 * PER_PIXEL - offset);
            let corners = [(0, low), (10 * PER_PIXEL, low), (10 * PER_PIXEL, high), (20 * PER_PIXEL, high)];
            let rows = drawn(20, 20, |canvas| canvas.draw_path(corners, &line).unwrap());
            let marked = |pixel: &&(u8, u8)| **pixel == (0, 255);
            for column in [2, 17] {
                assert_eq!(rows.iter().map(|row| &row[column]).filter(marked).count(), 3, "{offset}: column {column}");
            }
            assert_eq!(rows[9].iter().filter(marked).count(), 3, "{offset}");
            assert!(rows.iter().flatten().all(|pixel| [(0, 0), (0, 255)].contains(pixel)), "{offset}");
        }
    }

    #[test]
    fn slopes_are_smooth() {
        let line = ShapeStyle { stroke_width: 2 * PER_PIXEL as u32, ..BLUE };
        let is_smooth = |points: Vec<BackendCoord>| {
            let rows = drawn(20, 20, |canvas| canvas.draw_path(points, &line).unwrap());
            rows.iter().flatten().any(|pixel| (1..255).contains(&pixel.1))
        };
        assert!(is_smooth(vec![(0, 0), (20 * PER_PIXEL, 15 * PER_PIXEL)]));
        let mut climbing = vec![(0, 20 * PER_PIXEL)];
        for step in 1..100 {
            climbing.extend([(3 * step, 20 * PER_PIXEL - 3 * (step - 1)), (3 * step, 20 * PER_PIXEL - 3 * step)]);
        }
        assert!(is_smooth(climbing), "small steps of a distribution");
    }

    #[test]
    fn what_is_outside_is_left_out() {
        let rows = drawn(2, 2, |canvas| {
            canvas.draw_rect((-100, -100), (1000, 16), &BLUE, true).unwrap();
            canvas.draw_pixel((-1, 1), opaque_green()).unwrap();
            canvas.draw_pixel((17, 17), opaque_green()).unwrap();
        });
        assert_eq!(rows, [[(0, 255), (0, 255)], [(0, 0), (255, 0)]]);
    }

    fn opaque_green() -> BackendColor {
        BackendColor { alpha: 1.0, rgb: (0, 255, 0) }
    }
}
