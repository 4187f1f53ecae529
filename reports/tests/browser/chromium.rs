//! A headless Chromium, driven through the DevTools protocol over a pair of pipes: JSON messages that end with a zero byte.
//!
//! No crate for it: those that there are generate code for the whole protocol, or bring an asynchronous runtime, and compile longer
//! than all of this crate, for the dozen of its commands that are used here.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The names under which it is installed.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A browser with one page.
pub(crate) struct Browser {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    session: String,
    sent: u64,
    /// What the page has told since the last [`Browser::open`]: errors and requests.
    told: Vec<Value>,
    _profile: tempfile::TempDir,
}

/// How a page is shown.
#[derive(Clone, Copy)]
pub(crate) struct View {
    /// Width of the window.
    pub(crate) width: u32,
    /// Whether the reader's system is dark.
    pub(crate) dark: bool,
    /// Whether scripts run.
    pub(crate) scripts: bool,
}

impl View {
    pub(crate) const WIDE: Self = Self { width: 1280, dark: false, scripts: true };
}

impl Browser {
    /// Starts it; `None`, with a word about it, where none is installed.
    pub(crate) fn start() -> Option<Self> {
        let version = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
        let Some(name) = NAMES.into_iter().find(version) else {
            eprintln!("skipped: no Chromium is installed (in Debian: apt-get install chromium)");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        // It reads commands from descriptor 3 and answers on 4: here its standard input and output.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null", name])
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let (session, told) = (String::new(), Vec::new());
        let mut browser = Self { child, commands, answers, session, sent: 0, told, _profile: profile };
        let target = browser.command("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.command("Target.attachToTarget", &attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned).unwrap();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.command(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Opens a file and waits until it can be used.
    pub(crate) fn open(&mut self, page: &Path, view: View) {
        let View { width, dark, scripts } = view;
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", &size);
        let scheme = json!({"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }});
        self.command("Emulation.setEmulatedMedia", &json!({"features": [scheme]}));
        self.command("Emulation.setScriptExecutionDisabled", &json!({"value": !scripts}));
        self.told.clear();
        self.command("Page.navigate", &json!({"url": format!("file://{}", page.display())}));
        while !self.told.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.read();
            self.told.push(event);
        }
        if scripts {
            self.wait("document.documentElement.dataset.ready === 'true'");
        }
    }

    /// What a script in the page comes to.
    pub(crate) fn evaluate(&mut self, script: &str) -> Value {
        let call = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        let answer = self.command("Runtime.evaluate", &call);
        assert!(answer["exceptionDetails"].is_null(), "{script}: {answer:#}");
        answer["result"]["value"].clone()
    }

    /// What a script comes to, as text.
    pub(crate) fn text(&mut self, script: &str) -> String {
        self.evaluate(&format!("String({script})")).as_str().unwrap().to_owned()
    }

    /// Waits, frame by frame, until a condition holds.
    pub(crate) fn wait(&mut self, condition: &str) {
        let waiting = format!(
            "new Promise((resolve) => {{
                const began = performance.now();
                const look = () => {{
                    if ({condition}) resolve(true);
                    else if (performance.now() - began > 60000) resolve(false);
                    else requestAnimationFrame(look);
                }};
                look();
            }})"
        );
        assert_eq!(self.evaluate(&waiting), json!(true), "in vain: {condition}; {:#?}", self.complaints());
    }

    /// Brings an element into sight and clicks into its middle with the mouse.
    pub(crate) fn click(&mut self, element: &str) {
        let (x, y) = self.middle(element);
        self.click_at(x, y);
    }

    /// Clicks at a place of the window.
    pub(crate) fn click_at(&mut self, x: f64, y: f64) {
        self.mouse("mouseMoved", x, y);
        self.mouse("mousePressed", x, y);
        self.mouse("mouseReleased", x, y);
    }

    /// Brings an element into sight and clicks at a distance from its corner, until a condition holds: what stands above it may still be
    /// drawn, and move it.
    pub(crate) fn click_until(&mut self, element: &str, (right, down): (f64, f64), condition: &str) {
        let corner = format!(
            "(() => {{
                const element = {element};
                element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                const box = element.getBoundingClientRect();
                return [box.x, box.y];
            }})()"
        );
        let frame = format!("new Promise((resolve) => requestAnimationFrame(() => resolve(Boolean({condition}))))");
        for _ in 0..2000 {
            let corner = self.evaluate(&corner);
            self.click_at(corner[0].as_f64().unwrap() + right, corner[1].as_f64().unwrap() + down);
            if self.evaluate(&frame) == json!(true) {
                return;
            }
        }
        panic!("in vain: {condition}; {:#?}", self.complaints())
    }

    /// Draws the mouse with its button down.
    pub(crate) fn drag(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.mouse("mouseMoved", from.0, from.1);
        self.mouse("mousePressed", from.0, from.1);
        self.mouse("mouseMoved", f64::midpoint(from.0, to.0), to.1);
        self.mouse("mouseMoved", to.0, to.1);
        self.mouse("mouseReleased", to.0, to.1);
    }

    /// Moves the mouse.
    pub(crate) fn hover(&mut self, x: f64, y: f64) {
        self.mouse("mouseMoved", x, y);
    }

    /// Moves the mouse over the middle of an element until a condition holds: what stands above it may still be drawn, and move it. Gives
    /// the place.
    pub(crate) fn hover_until(&mut self, element: &str, condition: &str) -> (f64, f64) {
        let frame = format!("new Promise((resolve) => requestAnimationFrame(() => resolve(Boolean({condition}))))");
        for _ in 0..2000 {
            let (x, y) = self.middle(element);
            self.hover(x + 1.0, y);
            self.hover(x, y);
            if self.evaluate(&frame) == json!(true) {
                return (x, y);
            }
        }
        panic!("in vain: {condition}; {:#?}", self.complaints())
    }

    fn mouse(&mut self, kind: &str, x: f64, y: f64) {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let event = json!({"type": kind, "x": x, "y": y, "button": button, "clickCount": 1, "buttons": 1});
        self.command("Input.dispatchMouseEvent", &event);
    }

    /// The middle of an element, in the window, after it has been brought into sight.
    pub(crate) fn middle(&mut self, element: &str) -> (f64, f64) {
        let place = self.evaluate(&format!(
            "(() => {{
                const element = {element};
                element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                const box = element.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"
        ));
        (place[0].as_f64().unwrap(), place[1].as_f64().unwrap())
    }

    /// Presses a key, by its name and code, such as `ArrowRight` and 39.
    pub(crate) fn press(&mut self, key: &str, code: u32) {
        let text = match key {
            "Enter" => "\r",
            _ if key.chars().count() == 1 => key,
            _ => "",
        };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        for kind in [kind, "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            self.command("Input.dispatchKeyEvent", &event);
        }
    }

    /// Types a text.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.command("Input.insertText", &json!({"text": text}));
    }

    /// Errors and warnings since the page was opened, and what it asked the network for beside itself.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        let complaint = |event: &Value| match event["method"].as_str()? {
            "Runtime.exceptionThrown" | "Log.entryAdded" | "Runtime.consoleAPICalled" => {
                Some(event["params"].to_string())
            }
            "Network.requestWillBeSent" if event["params"]["type"] != "Document" => {
                Some(event["params"]["request"]["url"].to_string())
            }
            _ => None,
        };
        self.told.iter().filter_map(complaint).collect()
    }

    /// Sends a command and waits for its answer.
    fn command(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.commands.write_all(format!("{message}\0").as_bytes()).expect("the browser is there");
        loop {
            let answer = self.read();
            if answer["id"] == json!(self.sent) {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.told.push(answer);
        }
    }

    fn read(&mut self) -> Value {
        let mut message = Vec::new();
        self.answers.read_until(0, &mut message).expect("the browser is there");
        assert_eq!(message.pop(), Some(0), "the browser ended");
        serde_json::from_slice(&message).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked to, it ends its own children too. If it is gone already, all the better.
        let _ = self.commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.child.wait();
    }
}
