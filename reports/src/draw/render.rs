//! Pictures to SVG and PNG, by `plotters`.

use plotters::prelude::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};

use super::canvas::{self, Canvas};
use super::ink::Color;
use super::picture::{Anchor, Mark, Picture, Stroke, Text};
use super::{png, text, theme};

/// SVG coordinates per drawing unit: `plotters` writes whole numbers, and a tenth of a unit is finer than a printer.
const SVG_SCALE: f64 = 10.0;

/// A picture could not be drawn; it names what the drawing library said.
#[derive(Debug, thiserror::Error)]
#[error("could not draw a figure as {format}: {reason}")]
pub struct RenderError {
    format: &'static str,
    reason: String,
}

impl Picture {
    /// The picture as an SVG document. Its text is text, in a common font stack whose first choice is the bundled font.
    pub fn svg(&self) -> Result<String, RenderError> {
        let size = ((self.width * SVG_SCALE).round() as u32, (self.height * SVG_SCALE).round() as u32);
        let mut document = String::new();
        let mut backend = SVGBackend::with_string(&mut document, size);
        // An SVG font's size is an em, which plotters takes to be size / 1.24; its top anchor puts the baseline 0.76 em lower.
        let mut pen = Pen {
            backend: &mut backend,
            scale: SVG_SCALE,
            text_scale: SVG_SCALE,
            size_per_em: 1.24,
            baseline_per_em: 0.76,
        };
        pen.play(self).map_err(|reason| RenderError { format: "SVG", reason })?;
        drop(backend);
        let drawn = format!("<svg width=\"{}\" height=\"{}\"", size.0, size.1);
        let family = format!(" font-family=\"{}\"", text::FAMILY);
        let (shown_width, unit) = self.medium.svg_width;
        let shown_height = (shown_width * self.height / self.width * 1e4).round() / 1e4;
        let shown = format!("<svg width=\"{shown_width}{unit}\" height=\"{shown_height}{unit}\"{family}");
        // Said once for the whole document instead of once per mark.
        let document = document.replace(&family, "").replace(" opacity=\"1\"", "");
        Ok(document.replacen(&drawn, &shown, 1))
    }

    /// The picture as a PNG file, with as many pixels as its medium has.
    pub fn png(&self) -> Result<Vec<u8>, RenderError> {
        let failed = |reason: String| RenderError { format: "PNG", reason };
        let scale = self.medium.png_scale;
        let (width, height) = ((self.width * scale).round() as u32, (self.height * scale).round() as u32);
        let too_large = || failed(format!("{width} by {height} pixels are no bitmap"));
        let mut canvas = Canvas::new(width, height).ok_or_else(too_large)?;
        // A bitmap font's size is its line height, and its top anchor puts the baseline half of that lower.
        let (size_per_em, baseline_per_em) = (text::LINE_HEIGHT, text::LINE_HEIGHT / 2.0);
        let finer = scale * f64::from(canvas::PER_PIXEL);
        let mut pen = Pen { backend: &mut canvas, scale: finer, text_scale: scale, size_per_em, baseline_per_em };
        pen.play(self).map_err(failed)?;

        png::file(&canvas, self.medium.png_pixels_per_metre).map_err(|error| failed(error.to_string()))
    }
}

/// Plays a picture's marks on one backend.
struct Pen<'a, B: DrawingBackend> {
    backend: &'a mut B,
    scale: f64,
    /// What a font's size is measured in, in drawing units.
    text_scale: f64,
    size_per_em: f64,
    baseline_per_em: f64,
}

impl<B: DrawingBackend> Pen<'_, B> {
    fn play(&mut self, picture: &Picture) -> Result<(), String> {
        self.rect((0.0, 0.0), (picture.width, picture.height), theme::PAPER)?;
        for mark in &picture.marks {
            match mark {
                Mark::Line { points, stroke } => self.line(points, *stroke)?,
                Mark::Area { points, color } => {
                    let points: Vec<_> = points.iter().map(|&point| self.place(point)).collect();
                    self.backend.fill_polygon(points, &style(*color, 0)).map_err(|error| error.to_string())?;
                }
                Mark::Rect { from, to, color } => self.rect(*from, *to, *color)?,
                Mark::Text(text) => self.text(text)?,
            }
        }
        self.backend.present().map_err(|error| error.to_string())
    }

    fn place(&self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn rect(&mut self, from: (f64, f64), to: (f64, f64), color: Color) -> Result<(), String> {
        let (from, to) = (self.place(from), self.place(to));
        self.backend.draw_rect(from, to, &style(color, 0), true).map_err(|error| error.to_string())
    }

    fn line(&mut self, points: &[(f64, f64)], stroke: Stroke) -> Result<(), String> {
        let style = style(stroke.color, (stroke.width * self.scale).round().max(1.0) as u32);
        for piece in dashes(points, stroke.dash) {
            let mut piece: Vec<_> = piece.into_iter().map(|point| self.place(point)).collect();
            piece.dedup();
            if piece.len() > 1 {
                self.backend.draw_path(piece, &style).map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &Text) -> Result<(), String> {
        let em = text.size * self.scale;
        let mut at = (text.at.0 * self.scale, text.at.1 * self.scale);
        let mut font = FontDesc::new(
            FontFamily::Name(text::FAMILY),
            text.size * self.text_scale * self.size_per_em,
            if text.bold { FontStyle::Bold } else { FontStyle::Normal },
        );
        if text.upwards {
            font = font.transform(FontTransform::Rotate270);
            at.0 -= em * self.baseline_per_em;
        } else {
            at.1 -= em * self.baseline_per_em;
        }
        let anchor = match text.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let Color(r, g, b) = text.color;
        let color = RGBColor(r, g, b);
        let style = TextStyle::from(font).color(&color).pos(Pos::new(anchor, VPos::Top));
        let at = (at.0.round() as i32, at.1.round() as i32);
        self.backend.draw_text(&text.text, &style, at).map_err(|error| error.to_string())
    }
}

fn style(Color(r, g, b): Color, stroke_width: u32) -> ShapeStyle {
    ShapeStyle { color: RGBColor(r, g, b).into(), filled: stroke_width == 0, stroke_width }
}

/// Cuts a line into the strokes of its pattern.
fn dashes(points: &[(f64, f64)], pattern: &[f64]) -> Vec<Vec<(f64, f64)>> {
    if pattern.is_empty() {
        return vec![points.to_vec()];
    }
    let mut pieces = vec![vec![points[0]]];
    let (mut index, mut left) = (0, pattern[0]);
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let at = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length);
            if index % 2 == 0 {
                if let Some(piece) = pieces.last_mut() {
                    piece.push(at);
                }
            } else {
                pieces.push(vec![at]);
            }
            index = (index + 1) % pattern.len();
            left = pattern[index];
        }
        left -= length - done;
        if index % 2 == 0
            && let Some(piece) = pieces.last_mut()
        {
            piece.push((x1, y1));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Medium;

    #[test]
    fn dashes_go_around_corners() {
        let corner = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)];
        assert_eq!(dashes(&corner, &[]), [corner.to_vec()]);
        let cut = dashes(&corner, &[5.0, 2.0]);
        assert_eq!(cut, [vec![(0.0, 0.0), (4.0, 0.0), (4.0, 1.0)], vec![(4.0, 3.0), (4.0, 4.0)]]);
    }

    #[test]
    fn nothing_shows_of_what_was_drawn_before() {
        let [large, small] = [300.0, 130.0].map(|height| {
            let mut picture = Picture::new(Medium::SCREEN, height, "");
            picture.text((20.0, 40.0), &height.to_string(), 20.0, true, Anchor::Start, theme::INK);
            picture
        });
        let first =
            |picture: &Picture| std::thread::scope(|scope| scope.spawn(|| picture.png().unwrap()).join().unwrap());
        let (first_large, first_small) = (first(&large), first(&small));
        for _ in 0..2 {
            assert!(large.png().unwrap() == first_large);
            assert!(small.png().unwrap() == first_small);
        }
    }

    #[test]
    fn svg_is_scaled_text() {
        let svg = Picture::no_data(Medium::SCREEN, "Latency <of> pods", "no pod was bound").svg().unwrap();
        assert!(svg.starts_with("<svg width=\"480\" height=\"130\" font-family=\"DejaVu Sans,"), "{svg}");
        assert!(svg.contains("Latency &lt;of&gt; pods"), "{svg}");
        assert!(svg.trim_end().ends_with("</svg>"));
        let svg = Picture::no_data(Medium::PAPER, "Latency", "no pod was bound").svg().unwrap();
        assert!(svg.starts_with("<svg width=\"3.5in\" height=\"0.9479in\""), "{svg}");
        assert!(svg.contains("viewBox=\"0 0 4800 1300\""), "{svg}");
    }
}
