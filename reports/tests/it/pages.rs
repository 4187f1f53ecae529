//! The pages as documents.

use towtank_reports::data::Run;
use towtank_reports::page::{compare_page, run_page};

use crate::demo;

/// All values of an attribute in a document, in order.
fn attribute<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The document alone.
fn without_scripts(html: &str) -> String {
    let mut parts = html.split("<script");
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.map(|part| part.split_once("</script>").expect("a script ends").1).collect::<String>()
}

fn check(html: &str) {
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    assert!(html.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "));
    let packs = html.matches("<script type=\"application/octet-stream\"").count();
    assert!([1, 3].contains(&packs), "its data, and of a run all pods and the states of nodes: {packs}");
    assert_eq!(html.matches("<script").count(), packs + 2, "its data, uPlot, and its own script");
    let html = &without_scripts(html);
    assert!(
        !html.contains("@import") && !html.contains("url(") && !html.contains(" style=") && !html.contains(" onclick=")
    );
    let mut outside = html.replace("http://www.w3.org/2000/svg", "");
    outside.retain(|c| !c.is_whitespace());
    assert!(!outside.contains("http://") && !outside.contains("https://"), "a page needs no network");

    let mut ids = attribute(html, "id");
    let all = ids.len();
    for target in attribute(html, "href").into_iter().chain(attribute(html, "aria-labelledby")) {
        assert!(ids.contains(&target.trim_start_matches('#')), "{target} leads nowhere");
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id is used twice");

    for target in attribute(html, "for").into_iter().chain(attribute(html, "aria-activedescendant")) {
        assert!(ids.contains(&target), "{target} is nowhere");
    }
    let images = html.matches("<svg role=\"img\" aria-label=\"").count();
    assert_eq!(images, html.matches("<figure ").count());
    let places = html.matches("<svg class=\"place\" role=\"img\" aria-label=\"").count();
    assert_eq!(places, html.matches("<noscript><svg").count());
    assert_eq!(images + places, html.matches("<svg").count());
    assert_eq!(html.matches("<h1>").count(), 1);
    for tag in ["div", "section", "table", "tbody", "tr", "figure", "svg", "ul", "dl", "main"] {
        let opened = html.matches(&format!("<{tag} ")).count() + html.matches(&format!("<{tag}>")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "<{tag}>");
    }
}

#[test]
fn a_run_s_page_stands_alone() {
    let mut run = demo::day("default", 7);
    let html = run_page(&run, true).unwrap();
    check(&html);
    for told in [
        "quickstart",
        "seed 7",
        "19,790",
        "<code>latency.scheduling.p99</code>",
        "zone-a lost 67 nodes",
        "exceeded quota: gpu",
        "13:12:00 – 14:52:48",
    ] {
        assert!(html.contains(told), "{told}");
    }
    // Nothing in it depends on how fast the machine was.
    run.summary.wall_seconds *= 2.0;
    run.summary.decisions_per_second /= 2.0;
    run.summary.peak_rss_bytes = None;
    assert_eq!(run_page(&run, true).unwrap(), html);
}

#[test]
fn a_comparison_s_page_stands_alone() {
    let runs = [demo::day("kube-default", 1), demo::day("best-fit", 2)];
    let html = compare_page(&runs, &[]).unwrap();
    check(&html);
    assert!(html.contains("kube-default") && html.contains("best-fit"));
    assert_eq!(compare_page(&runs, &[]).unwrap(), html);
}

#[test]
fn empty_runs_have_pages_too() {
    check(&run_page(&Run::default(), true).unwrap());
    check(&compare_page(&[], &[]).unwrap());
}

#[test]
fn names_are_text_and_never_markup() {
    let mut run = demo::run("<b>\"bold\"</b>", 1, 600, 60, 3);
    run.summary.scenario = "<script>alert(1)</script>".to_owned();
    run.notable[0].text = "<img src=x>".to_owned();
    for html in [run_page(&run, true).unwrap(), compare_page(&[run.clone()], &[]).unwrap()] {
        check(&html);
        let document = without_scripts(&html);
        assert!(!document.contains("<img") && !document.contains("<b>"));
    }
}
