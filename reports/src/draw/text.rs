//! The bundled font and its measures.

use super::letters;

/// The name of the bundled font, and what an SVG asks its viewer for. Verdana, of
/// nearly the same widths, stands in where DejaVu is not installed.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

/// The font's own line height in ems: `plotters` sizes a bitmap's letters by line height.
pub(super) const LINE_HEIGHT: f64 = 2384.0 / 2048.0;

/// Width of a line of text, in the unit of `size` (an em).
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    // At a large size, because it is rounded to whole pixels.
    const EM: f64 = 1000.0;
    f64::from(letters::width(text, EM * LINE_HEIGHT, bold)) * size / EM
}

/// A line of text cut to a width, with an ellipsis where it was cut.
pub(crate) fn fit(text: &str, room: f64, size: f64, bold: bool) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut cut = text.to_owned();
    while cut.pop().is_some() {
        let shown = format!("{}…", cut.trim_end());
        if width(&shown, size, bold) <= room {
            return shown;
        }
    }
    String::new()
}

/// A name shortened to a width in its middle: names differ at their ends as often as at their beginnings.
pub(crate) fn fit_middle(text: &str, room: f64, size: f64) -> String {
    if width(text, size, false) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let shortened = |kept: usize| {
        let (head, tail) = (kept - kept / 3, kept / 3);
        let start: String = letters[..head].iter().collect();
        let end: String = letters[letters.len() - tail..].iter().collect();
        format!("{}…{}", start.trim_end(), end.trim_start())
    };
    let kept = (0..letters.len()).rev().find(|&kept| width(&shortened(kept), size, false) <= room);
    kept.map(shortened).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_scale_and_bold_is_wider() {
        let plain = width("scheduling latency", 12.0, false);
        assert!((plain * 2.0 - width("scheduling latency", 24.0, false)).abs() < 0.01);
        assert!(width("scheduling latency", 12.0, true) > plain);
        assert_eq!(fit_middle("short", 100.0, 12.0), "short");
        let cut = fit_middle("a-policy-with-a-long-name (seed 42)", 120.0, 12.0);
        assert!(cut.starts_with("a-policy") && cut.ends_with("d 42)") && width(&cut, 12.0, false) <= 120.0, "{cut}");
        assert_eq!(fit_middle("no room", 1.0, 12.0), "");
        assert!((width("m", 100.0, false) - 97.4).abs() < 0.1, "an m of DejaVu Sans is 0.974 em wide");
    }
}
