//! Colours, patterns and shapes of every figure: with [`super::Medium`] the one place to change how they look.

use super::ink::{Color, Dash};
use super::{Medium, Stroke};

/// Width of every figure, in drawing units.
pub const WIDTH: f64 = 480.0;
/// Free space at the left and right edge.
pub const MARGIN: f64 = 10.0;

/// The page.
pub const PAPER: Color = Color(0xFF, 0xFF, 0xFF);
/// Titles, labels and data in black.
pub const INK: Color = Color(0x1F, 0x23, 0x28);
/// Tick labels and remarks.
pub const MUTED: Color = Color(0x57, 0x60, 0x6A);
/// The plot's frame.
pub const AXIS: Color = Color(0x8C, 0x95, 0x9F);
/// The grid.
pub const GRID: Color = Color(0xE4, 0xE7, 0xEB);
/// A stretch of time that is marked behind the data.
pub const BAND: Color = Color(0xE9, 0xDD, 0xE3);
/// Where a heat map has no value.
pub const BLANK: Color = Color(0xF3, 0xF4, 0xF6);

/// Okabe and Ito's palette for all kinds of colour vision (2008), without its yellow, which is too pale for a line.
/// The order keeps neighbours apart in lightness too, so that they differ in greyscale.
pub const PALETTE: [Color; 7] = [
    Color(0x00, 0x72, 0xB2), // blue
    Color(0xE6, 0x9F, 0x00), // orange
    Color(0x00, 0x9E, 0x73), // bluish green
    Color(0xD5, 0x5E, 0x00), // vermillion
    Color(0x56, 0xB4, 0xE9), // sky blue
    Color(0xCC, 0x79, 0xA7), // reddish purple
    Color(0x1F, 0x23, 0x28), // black, as ink
];

/// Line patterns, in the order of the palette; solid first.
///
/// Only the first is solid: where curves coincide, the one below shows through the gaps of those above.
pub const DASHES: [Dash; 7] =
    [&[], &[6.0, 3.0], &[2.0, 2.5], &[9.0, 2.5, 2.0, 2.5], &[13.0, 4.0], &[9.0, 2.0, 2.0, 2.0, 2.0, 2.0], &[1.2, 4.5]];

/// Fillings under a line, in the order of the palette: the same hues, so pale that a grid shows through.
pub const FILLS: [Color; 7] = [
    Color(0xCC, 0xE3, 0xF0),
    Color(0xFA, 0xEC, 0xCC),
    Color(0xCC, 0xEC, 0xE3),
    Color(0xF7, 0xDF, 0xCC),
    Color(0xDD, 0xF0, 0xFB),
    Color(0xF5, 0xE4, 0xED),
    Color(0xD9, 0xDC, 0xE0),
];

/// How the colours of a figure that stands in a dark page change: from, to. A page turns this into style rules.
pub const DARK: [(Color, Color); 17] = [
    (PAPER, Color(0x16, 0x1B, 0x22)),
    (INK, Color(0xE6, 0xED, 0xF3)),
    (MUTED, Color(0x9D, 0xA7, 0xB3)),
    (AXIS, Color(0x6E, 0x76, 0x81)),
    (GRID, Color(0x2A, 0x30, 0x38)),
    (BAND, Color(0x3B, 0x2A, 0x33)),
    (BLANK, Color(0x21, 0x26, 0x2D)),
    (PALETTE[0], Color(0x3C, 0x8F, 0xD6)),
    (PALETTE[3], Color(0xF0, 0x7F, 0x2E)),
    (PALETTE[4], Color(0xA8, 0xDB, 0xFA)),
    (FILLS[0], Color(0x17, 0x39, 0x4F)),
    (FILLS[1], Color(0x4A, 0x38, 0x10)),
    (FILLS[2], Color(0x10, 0x40, 0x34)),
    (FILLS[3], Color(0x4A, 0x2A, 0x12)),
    (FILLS[4], Color(0x1F, 0x3F, 0x52)),
    (FILLS[5], Color(0x45, 0x2E, 0x3B)),
    (FILLS[6], Color(0x3A, 0x40, 0x47)),
];

/// How many shapes mark points.
pub const SHAPES: usize = 8;

/// How one of several series is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Series {
    /// Lines, bars and points.
    pub color: Color,
    /// Bands and areas under a line.
    pub fill: Color,
    /// The pattern of its line.
    pub dash: Dash,
    /// The number of the shape that marks its points.
    pub shape: usize,
    /// The hatching of its bars.
    pub hatch: Hatch,
}

/// How a box is hatched, where colours cannot be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hatch {
    /// Not at all.
    None,
    /// Lines that rise.
    Rising,
    /// Lines that fall.
    Falling,
    /// Level lines.
    Level,
    /// Upright lines.
    Upright,
    /// Rising and falling lines.
    Crossed,
    /// Level and upright lines.
    Grid,
}

impl Hatch {
    const ALL: [Self; 7] =
        [Self::None, Self::Rising, Self::Falling, Self::Level, Self::Upright, Self::Crossed, Self::Grid];

    /// The directions of its lines.
    pub(crate) const fn directions(self) -> &'static [(f64, f64)] {
        const HALF: f64 = std::f64::consts::FRAC_1_SQRT_2;
        match self {
            Self::None => &[],
            Self::Rising => &[(HALF, -HALF)],
            Self::Falling => &[(HALF, HALF)],
            Self::Level => &[(1.0, 0.0)],
            Self::Upright => &[(0.0, 1.0)],
            Self::Crossed => &[(HALF, -HALF), (HALF, HALF)],
            Self::Grid => &[(1.0, 0.0), (0.0, 1.0)],
        }
    }
}

/// How the n-th series is drawn. Patterns and hatchings shift once the palette is used up, so that 49 series are distinct.
pub fn series(index: usize) -> Series {
    let hue = index % PALETTE.len();
    let shifted = index + index / PALETTE.len();
    Series {
        color: PALETTE[hue],
        fill: FILLS[hue],
        dash: DASHES[shifted % DASHES.len()],
        shape: index % SHAPES,
        hatch: Hatch::ALL[shifted % Hatch::ALL.len()],
    }
}

impl Series {
    /// Its line.
    pub fn stroke(self, medium: Medium) -> Stroke {
        Stroke { color: self.color, width: medium.line, dash: self.dash }
    }
}

/// The heat map's colour for a fraction from 0 to 1: pale yellow over green to deep blue, even in lightness.
///
/// Thirty-two steps: more cannot be told apart, and equal neighbours merge into one mark.
pub fn heat(fraction: f64) -> Color {
    const STOPS: [(f64, f64, f64); 5] =
        [(255.0, 250.0, 209.0), (199.0, 229.0, 180.0), (86.0, 182.0, 190.0), (34.0, 105.0, 172.0), (11.0, 30.0, 92.0)];
    let stepped = (fraction.clamp(0.0, 1.0) * 31.0).round() / 31.0;
    let place = stepped * (STOPS.len() - 1) as f64;
    let below = (place as usize).min(STOPS.len() - 2);
    let (a, b, share) = (STOPS[below], STOPS[below + 1], place - below as f64);
    let mix = |a: f64, b: f64| (a + (b - a) * share).round() as u8;
    Color(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lightness(color: Color) -> f64 {
        0.2126 * f64::from(color.0) + 0.7152 * f64::from(color.1) + 0.0722 * f64::from(color.2)
    }

    #[test]
    fn series_differ_in_hue_or_pattern() {
        let all: Vec<_> = (0..49).map(series).collect();
        for (index, one) in all.iter().enumerate() {
            assert!(!all[..index].contains(one), "series {index} repeats");
        }
    }

    /// A colour as it is seen: linear light through the matrix of a kind of colour vision, in CIELAB.
    ///
    /// Source of the matrices: Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
    /// Deficiency", 2009, at full severity.
    fn seen(color: Color, vision: [[f64; 3]; 3]) -> [f64; 3] {
        let linear = [color.0, color.1, color.2].map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { libm::pow((share + 0.055) / 1.055, 2.4) }
        });
        let times = |row: [f64; 3], of: [f64; 3]| row.iter().zip(of).map(|(a, b)| a * b).sum::<f64>();
        let light = vision.map(|row| times(row, linear).clamp(0.0, 1.0));
        // sRGB to CIE XYZ, over the white of D65.
        let xyz = [
            times([0.412_456_4, 0.357_576_1, 0.180_437_5], light) / 0.950_47,
            times([0.212_672_9, 0.715_152_2, 0.072_175_0], light),
            times([0.019_333_9, 0.119_192_0, 0.950_304_1], light) / 1.088_83,
        ];
        let root = |t: f64| if t > 216.0 / 24389.0 { libm::cbrt(t) } else { (24389.0 / 27.0 * t + 16.0) / 116.0 };
        let [x, y, z] = xyz.map(root);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn colours_differ_for_every_kind_of_colour_vision() {
        let visions = [
            ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
            (
                "protanopia",
                [
                    [0.152_286, 1.052_583, -0.204_868],
                    [0.114_503, 0.786_281, 0.099_216],
                    [-0.003_882, -0.048_116, 1.051_998],
                ],
            ),
            (
                "deuteranopia",
                [
                    [0.367_322, 0.860_646, -0.227_968],
                    [0.280_085, 0.672_501, 0.047_413],
                    [-0.011_820, 0.042_940, 0.968_881],
                ],
            ),
            (
                "tritanopia",
                [
                    [1.255_528, -0.076_749, -0.178_779],
                    [-0.078_411, 0.930_809, 0.147_602],
                    [0.004_733, 0.691_367, 0.303_900],
                ],
            ),
        ];
        for (name, vision) in visions {
            for (index, one) in PALETTE.iter().enumerate() {
                for other in &PALETTE[..index] {
                    let (a, b) = (seen(*one, vision), seen(*other, vision));
                    let apart = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
                    // Two are told apart side by side from about 2 on.
                    assert!(apart >= 15.0, "with {name} {} and {} are {apart:.1} apart", one.hex(), other.hex());
                }
            }
        }
    }

    #[test]
    fn lines_and_words_stand_out_from_the_paper() {
        let contrast = |color: Color| 1.05 / (color.luminance() + 0.05);
        for color in PALETTE {
            assert!(contrast(color) >= 2.2, "{}: {:.2}", color.hex(), contrast(color));
        }
        // WCAG 2 asks for 4.5 of text.
        for color in [INK, MUTED] {
            assert!(contrast(color) >= 4.5, "{}: {:.2}", color.hex(), contrast(color));
        }
        // In grayscale, what stands next to each other first differs in lightness too.
        let light = |index: usize| seen(PALETTE[index], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])[0];
        assert!((light(0) - light(1)).abs() > 20.0 && (light(1) - light(2)).abs() > 10.0);
    }

    #[test]
    fn heat_darkens_evenly() {
        let steps: Vec<f64> = (0..=31).map(|step| lightness(heat(f64::from(step) / 31.0))).collect();
        assert!(steps.is_sorted_by(|a, b| a > b));
        assert_eq!(heat(-1.0), heat(0.0));
        assert_eq!(heat(2.0), heat(1.0));
    }
}
