//! The pages in a real browser: what a reader does with mouse and keyboard, in a headless Chromium. Skipped, with a word about
//! it, where none is installed.

mod chromium;
// Not all of the made-up runs are opened in a browser.
#[allow(dead_code)]
#[path = "../it/demo.rs"]
mod demo;

use chromium::{Browser, View};
use std::path::PathBuf;
use towtank_reports::charts::bars::{Bar, BarChart, BarSeries};
use towtank_reports::charts::distribution::Distribution;
use towtank_reports::charts::lines::{Line, LineChart};
use towtank_reports::charts::spread::{SpreadChart, SpreadSeries};
use towtank_reports::charts::{Chart, Scale};
use towtank_reports::data::Run;
use towtank_reports::page::{ExperimentPage, Verdicts, compare_page, run_page};

/// A page as a file.
struct Page(PathBuf, #[expect(dead_code, reason = "it is there as long as this is")] tempfile::TempDir);

impl Page {
    fn new(html: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.html");
        std::fs::write(&file, html).unwrap();
        Self(file, folder)
    }
}

fn demo_page() -> Page {
    Page::new(&run_page(&demo::run("default", 7, 3600, 10, 40), true).unwrap())
}

/// The page has not complained of anything, nor asked for anything.
fn assert_content(browser: &mut Browser) {
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn figures_are_zoomed_and_their_series_toggled() {
    let Some(mut browser) = Browser::start() else { return };
    let page = demo_page();
    browser.open(&page.0, View::WIDE);
    browser.middle("document.querySelector('#figure-utilization')");
    browser.wait("document.querySelector('#figure-utilization').dataset.drawn === 'true'");
    assert_eq!(browser.text("getComputedStyle(document.querySelector('#figure-utilization > svg')).display"), "none");

    // On paper it is the picture.
    browser.evaluate("dispatchEvent(new Event('beforeprint'))");
    let pictures = "document.querySelectorAll('figure > svg[role=img]:not(.place)').length";
    assert_eq!(browser.text(pictures), browser.text("document.querySelectorAll('figure').length"));

    // Hovering tells the values below the mouse.
    let over = "document.querySelector('#figure-utilization .u-over')";
    browser.hover_until(over, "document.querySelector('#figure-utilization output').value.startsWith('at 00:')");
    browser.wait("Number(document.querySelector('#figure-utilization .legend .value').textContent) > 0");

    // The legend shows and hides, by mouse and by keyboard.
    let first = "document.querySelector('#figure-utilization .legend button')";
    let ink = "document.querySelector('#figure-utilization .u-wrap canvas').toDataURL()";
    browser.evaluate(&format!("window.all = {ink}"));
    browser.click(first);
    browser.wait(&format!("{first}.getAttribute('aria-pressed') === 'false'"));
    browser.wait(&format!("{ink} !== window.all"));
    browser.evaluate(&format!("{first}.focus()"));
    browser.press("Enter", 13);
    browser.wait(&format!("{first}.getAttribute('aria-pressed') === 'true'"));

    // Dragging zooms, and the button shows all again.
    let zoomed = "document.querySelector('#figure-utilization').dataset.zoomed";
    let (x, y) = browser.middle("document.querySelector('#figure-utilization .u-over')");
    browser.drag((x - 80.0, y), (x + 40.0, y));
    browser.wait(&format!("{zoomed} === 'true'"));
    browser.click("document.querySelector('#figure-utilization .zoom button[aria-label=\"Show all\"]')");
    browser.wait(&format!("{zoomed} === 'false'"));

    // So do the keys.
    browser.evaluate("document.querySelector('#figure-utilization .panel').focus()");
    browser.press("ArrowRight", 39);
    browser.wait("document.querySelector('#figure-utilization output').value.startsWith('at ')");
    let told = browser.text("document.querySelector('#figure-utilization output').value");
    browser.press("End", 35);
    browser.wait(&format!("document.querySelector('#figure-utilization output').value !== '{told}'"));
    browser.press("+", 187);
    browser.wait(&format!("{zoomed} === 'true'"));
    browser.press("Escape", 27);
    browser.wait(&format!("{zoomed} === 'false'"));
    assert_content(&mut browser);
}

#[test]
fn a_stack_tells_each_layer_and_closes_up_without_one() {
    let Some(mut browser) = Browser::start() else { return };
    let page = demo_page();
    browser.open(&page.0, View::WIDE);
    let figure = "document.querySelector('#figure-pods-by-state')";
    browser.middle(figure);
    browser.wait(&format!("{figure}.dataset.drawn === 'true'"));
    let over = format!("{figure}.querySelector('.u-over')");
    let value = |layer: &str| {
        format!(
            "Number([...{figure}.querySelectorAll('.legend button')].find((b) => b.textContent.startsWith('{layer}')).querySelector('.value').textContent.replaceAll(',', ''))"
        )
    };
    browser.hover_until(&over, &format!("{} > 0", value("running")));
    // Its own number, not the sum of those below it.
    let own = browser.text(&value("running"));
    let ink = format!("{figure}.querySelector('.u-wrap canvas').toDataURL()");
    browser.evaluate(&format!("window.all = {ink}"));
    browser.click(&format!(
        "[...{figure}.querySelectorAll('.legend button')].find((b) => b.textContent.startsWith('starting'))"
    ));
    browser.wait(&format!("{ink} !== window.all"));
    let (x, y) = browser.hover_until(&over, &format!("{} === {own}", value("running")));
    browser.drag((x - 80.0, y), (x + 40.0, y));
    browser.wait(&format!("{figure}.dataset.zoomed === 'true'"));
    assert_content(&mut browser);
}

#[test]
fn a_heat_map_tells_its_cells() {
    let Some(mut browser) = Browser::start() else { return };
    let page = demo_page();
    browser.open(&page.0, View::WIDE);
    browser.middle("document.querySelector('#figure-placement')");
    browser.wait("document.querySelector('#figure-placement').dataset.drawn === 'true'");
    let over = "document.querySelector('#figure-placement .u-over')";
    let (x, y) = browser.hover_until(
        over,
        "/^at 00:.* zone-b-pool-\\d+: [\\d.]+$/.test(document.querySelector('#figure-placement output').value)",
    );
    browser.evaluate("document.querySelector('#figure-placement .panel').focus()");
    let told = browser.text("document.querySelector('#figure-placement output').value");
    browser.press("ArrowDown", 40);
    browser.wait(&format!("document.querySelector('#figure-placement output').value !== '{told}'"));
    browser.drag((x - 60.0, y), (x + 60.0, y));
    browser.wait("document.querySelector('#figure-placement').dataset.zoomed === 'true'");
    assert_content(&mut browser);
}

#[test]
fn a_node_at_a_moment_tells_its_pods() {
    let Some(mut browser) = Browser::start() else { return };
    let page = demo_page();
    browser.open(&page.0, View::WIDE);
    let time = "document.getElementById('time')";
    let before = browser.text(&format!("{time}.getAttribute('aria-valuetext')"));
    browser.evaluate(&format!("{time}.focus()"));
    browser.press("ArrowRight", 39);
    browser.press("ArrowRight", 39);
    browser.wait(&format!("{time}.value === '26' && {time}.getAttribute('aria-valuetext') !== '{before}'"));
    assert_eq!(browser.text("document.getElementById('time-told').value"), "00:32:30");

    // The first cell stands below the heading of its zone.
    let opened = "document.querySelector('#node h3')?.textContent === 'Node node-0'";
    browser.click_until("document.querySelector('#cells canvas')", (8.0, 32.0), opened);
    let told = browser.text("document.getElementById('node').textContent");
    assert!(told.contains("zone a") && told.contains("32 cores"), "{told}");
    let told = browser.text("document.getElementById('node-told').textContent");
    assert!(told.starts_with("node-0 at 00:32:30: not ready, CPU "), "{told}");

    // The keyboard chooses the next one, and opens it.
    browser.evaluate("document.getElementById('cells').focus()");
    browser.press("ArrowRight", 39);
    browser.wait("document.querySelector('#cells [role=option]').textContent.startsWith('node-1: ')");
    browser.press("Enter", 13);
    browser.wait("document.querySelector('#node h3').textContent === 'Node node-1'");
    browser.click("document.querySelector('#node summary')");
    browser.wait("document.querySelector('#node .life')?.textContent.includes('Bound to node-1 after')");

    // Another resource, another picture.
    browser.evaluate("document.getElementById('load-of').focus()");
    let seen = "document.querySelector('#cells canvas').toDataURL()";
    browser.evaluate(&format!("window.cpu = {seen}"));
    browser.press("ArrowDown", 40);
    browser.wait(&format!("document.getElementById('load-of').value === '1' && {seen} !== window.cpu"));
    assert_content(&mut browser);
}

#[test]
fn a_pod_is_found_and_explained() {
    let Some(mut browser) = Browser::start() else { return };
    let page = demo_page();
    browser.open(&page.0, View::WIDE);
    assert_eq!(browser.text("document.getElementById('pod-count').value"), "1 to 25 of 200");
    browser.click("document.getElementById('pod-next')");
    browser.wait("document.getElementById('pod-count').value === '26 to 50 of 200'");

    browser.click("document.getElementById('pod-search')");
    browser.type_text("shop Insufficient");
    browser.wait("document.getElementById('pod-rows').rows.length === 4");
    browser.click("document.querySelector('#pod-rows button[aria-expanded]')");
    browser.wait("document.querySelector('.explained') !== null");
    let told = browser.text("document.querySelector('.explained').textContent");
    for word in ["Created with priority 0", "Insufficient cpu", "without a node", "towtank explain . shop/batch-7"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    browser.evaluate("document.querySelector('#pod-rows button[aria-expanded]').focus()");
    browser.press("Enter", 13);
    browser.wait("document.querySelector('.explained') === null");

    // Sorted by how long they waited, and from a pod to its node.
    browser.evaluate("(() => { const s = document.getElementById('pod-search'); s.select(); s.focus() })()");
    browser.type_text("batch-89");
    browser.wait("document.getElementById('pod-rows').rows.length === 1");
    browser.click("document.querySelector('#pod-table thead button[data-by=waited]')");
    browser.wait("document.querySelector('#pod-table th[data-by=waited]').getAttribute('aria-sort') === 'descending'");
    browser.click("document.querySelector('#pod-rows .link')");
    browser.wait("document.querySelector('#node h3')?.textContent === 'Node node-9'");
    assert!(browser.text("document.getElementById('node').textContent").contains("shop/batch-89"));
    assert_content(&mut browser);
}

#[test]
fn names_are_never_markup() {
    let Some(mut browser) = Browser::start() else { return };
    let hostile = "</script><img src=x onerror=\"document.title='taken'\">'`${1}";
    let mut run = demo::run(hostile, 1, 600, 60, 3);
    run.summary.scenario = hostile.to_owned();
    run.description = hostile.to_owned();
    for life in &mut run.records.list {
        (life.name, life.namespace) = (hostile.to_owned(), hostile.into());
        (life.outcome, life.reason) = ("pending", Some(hostile.into()));
        life.preempted_by = Some(hostile.into());
    }
    for node in &mut run.history.nodes {
        (node.name, node.zone, node.group) = (hostile.into(), hostile.to_owned(), hostile.to_owned());
    }
    let other = Run { label: format!("{hostile}2"), ..run.clone() };
    for html in [run_page(&run, true).unwrap(), compare_page(&[run, other], &[]).unwrap()] {
        let page = Page::new(&html);
        browser.open(&page.0, View::WIDE);
        if browser.text("document.getElementById('pods') !== null") == "true" {
            browser.click("document.querySelector('#pod-rows button[aria-expanded]')");
            browser.evaluate("document.getElementById('cells').focus()");
            browser.press("Enter", 13);
            browser
                .wait("document.querySelector('#node h3') !== null && document.querySelector('.explained') !== null");
            assert!(browser.text("document.querySelector('.explained').textContent").contains(hostile));
        }
        assert_eq!(browser.text("document.querySelectorAll('img').length"), "0");
        assert!(browser.text("document.title").starts_with(hostile));
        assert_content(&mut browser);
    }
}

#[test]
fn it_is_light_or_dark_as_the_reader_wants() {
    let Some(mut browser) = Browser::start() else { return };
    let page = demo_page();
    let ground = "getComputedStyle(document.body).backgroundColor";
    browser.open(&page.0, View { dark: true, ..View::WIDE });
    assert_eq!(browser.text(ground), "rgb(13, 17, 23)");
    browser.click("document.getElementById('theme')");
    browser.wait(&format!("{ground} === 'rgb(246, 248, 250)'"));
    browser.open(&page.0, View::WIDE);
    assert_eq!(browser.text(ground), "rgb(246, 248, 250)");
    browser.click("document.getElementById('theme')");
    browser.wait(&format!("{ground} === 'rgb(13, 17, 23)'"));
    assert_content(&mut browser);
}

#[test]
fn it_fits_a_narrow_window_and_does_without_scripts() {
    let Some(mut browser) = Browser::start() else { return };
    let page = demo_page();
    browser.open(&page.0, View { width: 400, ..View::WIDE });
    let sideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(browser.text(sideways), "false", "it scrolls sideways");
    browser.open(&page.0, View { scripts: false, ..View::WIDE });
    // What is asked of the page by the tool runs all the same.
    assert_eq!(
        browser.text("document.querySelector('#figure-utilization > noscript > svg').checkVisibility()"),
        "true"
    );
    assert_eq!(browser.text("document.querySelector('#figure-utilization > .place').checkVisibility()"), "false");
    assert_eq!(browser.text("[...document.querySelectorAll('[data-live]')].every((part) => part.hidden)"), "true");
    assert!(browser.text("document.querySelector('main').innerText").contains("The table of pods needs JavaScript"));
    assert_content(&mut browser);
}

#[test]
fn a_comparison_is_drawn() {
    let Some(mut browser) = Browser::start() else { return };
    let runs = [demo::run("kube-default", 1, 3600, 30, 20), demo::run("best-fit", 2, 3600, 30, 20)];
    let sentence = "best-fit uses 4.1 % fewer nodes than kube-default (95 % CI 3.2 to 5.0, 10 seeds)";
    let verdicts = [Verdicts { about: String::new(), sentences: vec![sentence.to_owned()] }];
    let page = Page::new(&compare_page(&runs, &verdicts).unwrap());
    browser.open(&page.0, View::WIDE);
    for figure in ["figure-compare-utilization", "figure-compare-scheduling-latency"] {
        browser.middle(&format!("document.getElementById('{figure}')"));
        browser.wait(&format!("document.getElementById('{figure}').dataset.drawn === 'true'"));
        let legend = browser.text(&format!("document.querySelector('#{figure} .legend').textContent"));
        assert!(legend.contains("kube-default") && legend.contains("best-fit"), "{legend}");
    }

    // Violins tell their numbers, are zoomed in height, and make room when one is hidden; by mouse and by keyboard.
    let figure = "document.getElementById('figure-compare-latency-spread')";
    browser.middle(figure);
    browser.wait(&format!("{figure}.dataset.drawn === 'true'"));
    browser.evaluate(&format!("{figure}.querySelector('.panel').focus()"));
    let told = format!("{figure}.querySelector('output').value");
    for expected in
        ["scheduling, kube-default: median ", "scheduling, best-fit: median ", "startup, kube-default: median "]
    {
        browser.press("ArrowRight", 39);
        browser.wait(&format!("{told}.startsWith('{expected}')"));
    }
    let ink = format!("{figure}.querySelector('.u-wrap canvas').toDataURL()");
    browser.evaluate(&format!("window.all = {ink}"));
    browser.press("+", 187);
    browser.wait(&format!("{figure}.dataset.zoomed === 'true' && {ink} !== window.all"));
    browser.press("0", 48);
    browser.wait(&format!("{figure}.dataset.zoomed === 'false'"));
    let (x, y) = browser.middle(&format!("{figure}.querySelector('.u-over')"));
    browser.drag((x, y - 40.0), (x, y + 40.0));
    browser.wait(&format!("{figure}.dataset.zoomed === 'true'"));
    browser.click(&format!("{figure}.querySelector('.zoom button[aria-label=\"Show all\"]')"));
    browser.wait(&format!("{figure}.dataset.zoomed === 'false'"));
    browser.evaluate(&format!("window.all = {ink}"));
    browser.click(&format!("{figure}.querySelector('.legend button')"));
    browser.wait(&format!("{ink} !== window.all"));
    assert_content(&mut browser);
}

#[test]
fn an_experiment_is_drawn() {
    let Some(mut browser) = Browser::start() else { return };
    let bars = |values: [f64; 2]| {
        values.map(|value| Some(Bar { value, interval: Some((value - 2.0, value + 2.0)), ..Bar::default() }))
    };
    let series = |label: &str, values| BarSeries { label: label.to_owned(), bars: bars(values).to_vec() };
    let chart = BarChart {
        title: "Nodes".to_owned(),
        across: "load".to_owned(),
        categories: vec!["light".to_owned(), "heavy".to_owned()],
        y: Scale::new("nodes"),
        series: vec![series("kube-default", [20.0, 40.0]), series("best-fit", [18.0, 39.0])],
        ..BarChart::default()
    };
    let points = |slope: f64| (0..20).map(|x| (f64::from(x), slope * f64::from(x))).collect::<Vec<_>>();
    let line = |label: &str, slope: f64| Line {
        label: label.to_owned(),
        points: points(slope),
        band: points(slope).iter().map(|point| (point.1 - 1.0, point.1 + 1.0)).collect(),
        published: vec![(3.0, 4.0)],
    };
    let lines = LineChart {
        title: "Allocated".to_owned(),
        x: Scale::new("demand (%)"),
        y: Scale::new("allocated (%)"),
        lines: vec![line("kube-default", 1.0), line("best-fit", 1.2)],
        published: "published".to_owned(),
    };
    let samples = |label: &str, shift: f64| SpreadSeries {
        label: label.to_owned(),
        samples: vec![Distribution::of_numbers((0..40).map(|i| shift + f64::from(i * i % 37)).chain([200.0]))],
    };
    let boxes = SpreadChart {
        title: "Waits".to_owned(),
        categories: vec![String::new()],
        y: Scale::new("wait (s)"),
        series: vec![samples("kube-default", 10.0), samples("best-fit", 20.0)],
        samples: "seeds".to_owned(),
        ..SpreadChart::default()
    };
    let page = ExperimentPage {
        title: "loads".to_owned(),
        runs: 40,
        figures: vec![
            ("data".to_owned(), "Nodes".to_owned(), Chart::Bars(chart)),
            ("main".to_owned(), "Allocated".to_owned(), Chart::Lines(lines)),
            ("box".to_owned(), "Waits".to_owned(), Chart::Spread(boxes)),
        ],
        ..ExperimentPage::default()
    };
    let page = Page::new(&page.html().unwrap());
    browser.open(&page.0, View::WIDE);
    for figure in ["figure-data", "figure-main"] {
        browser.middle(&format!("document.getElementById('{figure}')"));
        browser.wait(&format!("document.getElementById('{figure}').dataset.drawn === 'true'"));
        let over = format!("document.querySelector('#{figure} .u-over')");
        let told = format!("Number(document.querySelector('#{figure} .legend .value').textContent) > 0");
        browser.hover_until(&over, &told);
    }
    browser.middle("document.getElementById('figure-box')");
    browser.wait("document.getElementById('figure-box').dataset.drawn === 'true'");
    let (x, y) = browser.middle("document.querySelector('#figure-box .u-over')");
    browser.hover(x - 120.0, y);
    browser.wait("document.querySelector('#figure-box output').value.startsWith('kube-default: median ')");
    assert_content(&mut browser);
}

#[test]
fn the_largest_page_stays_small() {
    let mut run = demo::day("default", 7);
    run.history = demo::history(43_000, 86_400);
    run.records = demo::records(43_000, 86_400, 200_000);
    run.records.total = 1_000_000;
    let html = run_page(&run, true).unwrap();
    assert!(html.len() < 15_000_000, "{} bytes", html.len());
    assert!(html.contains("200,000 of 1,000,000 pods are in this page"));
    let Some(mut browser) = Browser::start() else { return };
    let page = Page::new(&html);
    browser.open(&page.0, View::WIDE);
    assert_eq!(browser.text("document.getElementById('pod-count').value"), "1 to 25 of 200,000");
    assert_content(&mut browser);
}
