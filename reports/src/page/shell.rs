//! What all pages have in common: style, scripts, and the policy that lets nothing else run.

use super::pack::{Pack, Packed};
use crate::draw::theme;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// uPlot 1.6.32 by Leon Sorokin, under the MIT licence that stands beside it: draws the figures that can be zoomed.
const UPLOT: &str = include_str!("../../assets/uplot/uPlot.iife.min.js");
const UPLOT_STYLE: &str = include_str!("../../assets/uplot/uPlot.min.css");
const STYLE: &str = include_str!("../../assets/page/style.css");

/// The page's own script. The parts share one scope, and only the last of them does anything when it is read.
const PARTS: [&str; 10] = [
    include_str!("../../assets/page/unpack.js"),
    include_str!("../../assets/page/format.js"),
    include_str!("../../assets/page/theme.js"),
    include_str!("../../assets/page/boxes.js"),
    include_str!("../../assets/page/spreads.js"),
    include_str!("../../assets/page/plots.js"),
    include_str!("../../assets/page/explain.js"),
    include_str!("../../assets/page/cluster.js"),
    include_str!("../../assets/page/pods.js"),
    include_str!("../../assets/page/main.js"),
];

/// The parts of a page that do not depend on what it tells.
#[derive(Debug)]
pub(super) struct Shell {
    /// Its content security policy: only this style and these scripts, and nothing from anywhere.
    pub(super) policy: String,
    pub(super) style: String,
    pub(super) scripts: [String; 2],
    /// What the scripts work on.
    pub(super) data: Packed,
    /// What they read when somebody asks for it, by the name of its element. It stands behind the scripts, so that they need not wait for it.
    pub(super) more: Vec<(&'static str, Packed)>,
}

impl Shell {
    /// The shell of a page with this data.
    pub(super) fn new(pack: Pack) -> Self {
        Self::with(pack, Vec::new())
    }

    /// The same, with more packs, finished, that are not read before somebody asks for them.
    pub(super) fn with(mut pack: Pack, more: Vec<(&'static str, Packed)>) -> Self {
        pack.json("heat", &(0..=31).map(|step| theme::heat(f64::from(step) / 31.0).hex()).collect::<Vec<_>>());
        let colours: BTreeMap<String, String> = theme::DARK
            .iter()
            .enumerate()
            .map(|(place, (from, _))| (from.hex(), format!("--figure-{place}")))
            .collect();
        pack.json("colours", &colours);
        let style = format!("\n{UPLOT_STYLE}\n{STYLE}{}", colour_rules());
        let own = format!("\n(() => {{\n\"use strict\";\n{}}})();\n", PARTS.concat());
        let scripts = [format!("\n{}\n", UPLOT.trim_end()), own];
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {} {}; base-uri 'none'; form-action 'none'",
            hash(&style),
            hash(&scripts[0]),
            hash(&scripts[1])
        );
        Self { policy, style, scripts, data: pack.finish(), more }
    }
}

/// Style rules that give the colours of figures their counterparts on a dark page.
fn colour_rules() -> String {
    let (mut light, mut dark, mut rules) = (String::new(), String::new(), String::new());
    for (place, (from, to)) in theme::DARK.iter().enumerate() {
        let (from, to) = (from.hex(), to.hex());
        // Writing to a string cannot fail.
        let _ = write!(light, " --figure-{place}: {from};");
        let _ = write!(dark, " --figure-{place}: {to};");
        let _ = writeln!(rules, "figure [fill=\"{from}\"] {{ fill: var(--figure-{place}) }}");
        let _ = writeln!(rules, "figure [stroke=\"{from}\"] {{ stroke: var(--figure-{place}) }}");
    }
    // What the script asks for by name.
    for (name, color) in [("grid", theme::GRID), ("outage", theme::BAND)] {
        let dark_one = theme::DARK.iter().find(|(from, _)| *from == color).map_or(color, |(_, to)| *to);
        let _ = write!(light, " --{name}: {};", color.hex());
        let _ = write!(dark, " --{name}: {};", dark_one.hex());
    }
    let dark = format!("color-scheme: dark; {DARK}{dark}");
    format!(
        ":root {{{light} }}\n{rules}@media screen {{\n:root[data-theme=dark] {{ {dark} }}\n}}\n\
         @media screen and (prefers-color-scheme: dark) {{\n:root:not([data-theme=light]) {{ {dark} }}\n}}\n"
    )
}

/// The page's own colours on a dark ground; `style.css` has those for a light one.
const DARK: &str = "--paper: #161b22; --ground: #0d1117; --ink: #e6edf3; --muted: #9da7b3; --line: #30363d; \
                    --accent: #6cb6ff; --wash: #1f2630;";

/// A text's hash as a content security policy has it (CSP Level 3, section 2.3.1).
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text.as_bytes())))
}
