//! A canvas as a PNG file.
//!
//! Most of a figure is as it is in the row above, which costs a comparison: only stretches that differ are filtered, and the rest is
//! zeros, of which the compressor takes eight at a time.

use super::canvas::Canvas;
use fdeflate::Compressor;
use std::io::Write as _;

/// Bytes of a canvas's pixel, and of the file's, which has no opacity.
const FROM: usize = 4;
const TO: usize = 3;

/// So many pixels are compared at a time.
const STRETCH: usize = 32;

/// The number of Paeth's filter. Files are as small by it alone as by the best one of each row, which takes longer to find than to use.
const PAETH: u8 = 4;

/// The file. A printed medium says how large its pixels are, in so many a metre.
///
/// # Errors
/// What the encoder cannot write, in its words.
pub(super) fn file(canvas: &Canvas, pixels_per_metre: Option<u32>) -> Result<Vec<u8>, png::EncodingError> {
    let (width, height) = (canvas.width, canvas.height);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let dims = |ppu| png::PixelDimensions { xppu: ppu, yppu: ppu, unit: png::Unit::Meter };
    encoder.set_pixel_dims(pixels_per_metre.map(dims));
    let mut writer = encoder.write_header()?;
    writer.write_chunk(png::chunk::IDAT, &compressed(canvas)?)?;
    writer.finish()?;
    Ok(file)
}

/// The rows, filtered and compressed.
fn compressed(canvas: &Canvas) -> std::io::Result<Vec<u8>> {
    let width = canvas.width as usize;
    let mut compressor = Compressor::new(Vec::new())?;
    let mut filtered = Filtered::new(width);
    let mut above = vec![0; FROM * width];
    let mut written = Ok(());
    canvas.rows(|row| {
        if written.is_ok() {
            written = compressor.write_data(filtered.row(&above, row));
        }
        above.copy_from_slice(row);
    });
    written?;
    let mut stream = compressor.finish()?;
    stream.flush()?;
    Ok(stream)
}

/// A row as it is compressed: the number of its filter, and how much each byte differs from what the filter expects.
struct Filtered {
    bytes: Vec<u8>,
    /// Whether all differences are zero.
    is_blank: bool,
}

impl Filtered {
    fn new(width: usize) -> Self {
        let mut bytes = vec![0; 1 + TO * width];
        bytes[0] = PAETH;
        Self { bytes, is_blank: true }
    }

    /// Filters a row below another one.
    fn row(&mut self, above: &[u8], row: &[u8]) -> &[u8] {
        let bytes = &mut self.bytes[1..];
        if row == above {
            if !self.is_blank {
                bytes.fill(0);
                self.is_blank = true;
            }
            return &self.bytes;
        }
        self.is_blank = false;
        for (place, to) in bytes.chunks_mut(TO * STRETCH).enumerate() {
            let from = place * FROM * STRETCH;
            let end = from + to.len() / TO * FROM;
            // What is as above, and the pixel before it too, is what the filter expects.
            let before = from.saturating_sub(FROM);
            if row[before..end] == above[before..end] {
                to.fill(0);
            } else {
                differences(&above[before..end], &row[before..end], from == 0, to);
            }
        }
        &self.bytes
    }
}

/// How much the bytes of a stretch differ from what is expected. It begins with the pixel before, unless it is the first.
fn differences(above: &[u8], row: &[u8], is_first: bool, to: &mut [u8]) {
    const MOST: usize = FROM * (STRETCH + 1);
    // Before the first pixel everything is zero. Of one length, so that many bytes are computed at a time.
    let (mut bytes, mut bytes_above, mut differences) = ([0; MOST], [0; MOST], [0; FROM * STRETCH]);
    let start = if is_first { FROM } else { 0 };
    bytes[start..][..row.len()].copy_from_slice(row);
    bytes_above[start..][..above.len()].copy_from_slice(above);
    for (place, difference) in differences.iter_mut().enumerate() {
        let expected = paeth(bytes[place], bytes_above[place + FROM], bytes_above[place]);
        *difference = bytes[place + FROM].wrapping_sub(expected);
    }
    let (pixels, _) = differences.as_chunks::<FROM>();
    let (to, _) = to.as_chunks_mut::<TO>();
    to.iter_mut().zip(pixels).for_each(|(to, &[red, green, blue, _])| *to = [red, green, blue]);
}

/// What Paeth's filter expects (PNG, third edition, 9.4): of the bytes to the left, above, and above to the left the one that is nearest to
/// where a plane through them would be.
fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, above, corner].map(i16::from);
    let (by_left, by_above) = ((b - c).abs(), (a - c).abs());
    let by_corner = (a + b - 2 * c).abs();
    let other = if by_above <= by_corner { above } else { corner };
    if by_left <= by_above && by_left <= by_corner { left } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::{RGBAColor, ShapeStyle};
    use plotters_backend::DrawingBackend as _;

    #[test]
    fn files_have_the_pixels_of_the_canvas() {
        for width in [1, 2, STRETCH as u32 - 1, STRETCH as u32, STRETCH as u32 + 1, 100] {
            // Of two strips and a bit.
            let mut canvas = Canvas::new(width, 300).unwrap();
            let white = ShapeStyle { color: RGBAColor(255, 255, 255, 1.0), filled: true, stroke_width: 0 };
            canvas.draw_rect((0, 0), (16 * width as i32, 16 * 300), &white, true).unwrap();
            let mut at = 1_u32;
            for number in 0..40 {
                // Any numbers will do that are not all alike.
                let mut next = |below: u32| {
                    at = at.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    ((at >> 8) % below) as i32
                };
                let color = RGBAColor(next(256) as u8, next(256) as u8, next(256) as u8, 1.0);
                let style = ShapeStyle { color, filled: true, stroke_width: 1 + 8 * number % 50 };
                let mut point = || (next(16 * width), next(16 * 300));
                match number % 3 {
                    0 => canvas.draw_rect(point(), point(), &style, true).unwrap(),
                    1 => canvas.draw_path([point(), point(), point()], &style).unwrap(),
                    _ => canvas.fill_polygon([point(), point(), point()], &style).unwrap(),
                }
            }
            let mut pixels = Vec::new();
            canvas
                .rows(|row| row.as_chunks::<FROM>().0.iter().for_each(|pixel| pixels.extend_from_slice(&pixel[..TO])));
            let file = file(&canvas, Some(11_811)).unwrap();
            let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
            let mut read = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut read).unwrap();
            assert!(read == pixels, "{width} pixels wide");
            assert_eq!(reader.info().pixel_dims.unwrap().xppu, 11_811);
        }
    }
}
