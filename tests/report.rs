//! The report: every number links to its origin, claims are marked wherever their design appears, missing values have a
//! reason, and the same inputs give the same bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use costmodel::shipped::CostModel;

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn hardwire(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hardwire"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .expect("the command runs")
}

fn report(out: &Path, more: &[&str]) {
    let out = out.display().to_string();
    let output = hardwire(&[&["report", "--out", &out], more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// An open element of the page and its attributes.
struct Open {
    name: String,
    attributes: String,
}

impl Open {
    fn is(&self, name: &str, part: &str) -> bool {
        self.name == name && self.attributes.contains(part)
    }
}

/// Calls `text` with every text of a page and the elements around it.
fn walk(page: &str, mut text: impl FnMut(&str, &[Open])) {
    let mut open: Vec<Open> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        text(&rest[..start], &open);
        let end = start + rest[start..].find('>').expect("every tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop().unwrap_or_else(|| panic!("</{name}> without its beginning"));
            assert_eq!(last.name, name, "elements are nested");
        } else if !tag.starts_with('!') && !tag.ends_with('/') {
            let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
            if name != "meta" {
                open.push(Open { name: name.to_owned(), attributes: attributes.to_owned() });
            }
            if matches!(name, "style" | "script") {
                rest = &rest[rest.find(&format!("</{name}>")).expect("styles and scripts end")..];
            }
        }
    }
    assert!(open.is_empty(), "every element ends");
}

/// Whether a word is a number or begins with one: 5.1, +3, 12,345, 64K, 5-10, but not gpt-oss-120b or M8.
fn is_number(word: &str) -> bool {
    let signs = ['(', '[', '+', '-', '\u{2212}', '\u{2264}', '\u{2265}', '~', '<', '>', '=', '$', '"', '.'];
    word.trim_start_matches(signs).starts_with(|c: char| c.is_ascii_digit())
}

/// Elements in which numbers are not values: names, drawings (a table below has their data), the register, reasons.
fn exempt(around: &[Open]) -> bool {
    around.iter().any(|o| {
        matches!(o.name.as_str(), "code" | "pre" | "svg" | "title" | "footer" | "sup")
            || o.is("section", "id=\"origins\"")
            || o.is("p", "class=\"stamp\"")
            || o.is("ul", "reasons")
    })
}

fn page(out: &Path) -> String {
    std::fs::read_to_string(out.join("index.html")).unwrap()
}

/// Cells of a row of the register by class, each as its texts joined.
type Cells = BTreeMap<String, String>;

/// Rows of the register by anchor.
fn origins(page: &str) -> BTreeMap<String, Cells> {
    let mut all: BTreeMap<String, Cells> = BTreeMap::new();
    let attribute = |o: &Open| o.attributes.split('"').nth(1).unwrap_or_default().to_owned();
    walk(page, |text, around| {
        let Some(row) = around.iter().find(|o| o.is("tr", "id=\"origin-")) else { return };
        if let Some(cell) = around.iter().find(|o| o.name == "td") {
            all.entry(attribute(row)).or_default().entry(attribute(cell)).or_default().push_str(text);
        }
    });
    all
}

/// Counts the numbers of a page and checks that each links to the register.
fn linked(page: &str) -> usize {
    let origins = origins(page);
    for (id, cells) in &origins {
        let names: Vec<&str> = cells.keys().map(String::as_str).collect();
        assert_eq!(names, ["document", "grade", "kind", "source", "year"], "{id}");
        assert!(cells.values().all(|c| !c.trim().is_empty()), "{id}: {cells:?}");
        let kind = cells["kind"].as_str();
        assert!(["input", "calibrated", "derived", "vendor claim"].contains(&kind), "{id}: {cells:?}");
    }
    let (mut linked, mut bare) = (0, Vec::new());
    walk(page, |text, around| {
        if let Some(link) = around.iter().find(|o| o.is("a", "class=\"number\"")) {
            let target = link.attributes.split("href=\"#").nth(1).and_then(|t| t.split('"').next()).unwrap();
            assert!(origins.contains_key(target), "{text} leads to {target}, which is not there");
            linked += 1;
        } else if !exempt(around) {
            bare.extend(text.split_whitespace().filter(|w| is_number(w)).map(|w| format!("{w} in: {text}")));
        }
    });
    assert_eq!(bare, Vec::<String>::new(), "numbers without an origin");
    linked
}

/// An evaluation of the embedded model with all fields that a report shows, and others.
fn evaluation() -> serde_json::Value {
    let version = CostModel::shipped().unwrap().card.version();
    let samples = |n: u32| -> Vec<_> {
        (0..n).map(|i| serde_json::json!({"family": "f", "true": i, "predicted": f64::from(i) * 1.25 + 0.5})).collect()
    };
    let quantity = |name: &str, target: &str| {
        serde_json::json!({
            "quantity": name, "unit": name, "target": target, "rows": 5000, "median_relative_error_pct": 43.256_789,
            "p90_relative_error_pct": 140.0, "spearman": null, "baseline": {"name": "ridge", "median_relative_error_pct": 99.0},
            "samples": samples(700), "calibration": [{"nominal_pct": 90.0, "observed_pct": 91.0}],
            "by_family": [
                {"family": "softmax", "rows": 10, "median_relative_error_pct": 12.0, "p90_relative_error_pct": 30.0},
                {"family": "layout", "rows": 20, "median_relative_error_pct": 80.0, "p90_relative_error_pct": null}
            ]
        })
    };
    let decision = |chooser: &str, regret: f64| {
        serde_json::json!({
            "decision": "variant of a kernel by cycles", "target": "znver4", "chooser": chooser, "rows": 700,
            "right_choice_pct": 70.7, "median_regret_pct": 0.0, "mean_regret_pct": 2.04e14, "p90_regret_pct": regret
        })
    };
    serde_json::json!({
        "schema": "hardwire-evaluation/1", "model_version": version, "corpus": "c0ffee", "split": "families_left_out",
        "rows": 34758, "corpus_families": 99, "family_folds": 5, "results": [1, 2, 3],
        "aims": [
            {"aim": "cycles: median error", "wanted": "under 25 %", "value": 48.6, "met": false},
            {"aim": "any spill: F1", "wanted": "over 0.85", "value": null, "met": false}
        ],
        "quantities": [quantity("cycles", "znver4"), quantity("cycles", "neoverse-v1"), quantity("spills", "znver4")],
        "comparisons": [{
            "quantity": "cycles", "measure": "rmse", "other": "ridge", "shipped_value": 1.0, "other_value": 2.0, "better_by": 1.0,
            "better_by_low": 0.5, "better_by_high": 1.5, "excludes_zero": true
        }],
        "intervals": [{
            "quantity": "cycles", "target": "znver4", "nominal_pct": 90.0, "mean_over_families_pct": 91.0,
            "p10_over_families_pct": 80.0, "least_family_pct": 10.7, "median_width": 36.9
        }],
        "dialects_left_out": [{
            "dialect": "scf", "rows_of_the_dialect": 8119, "auroc": 0.993, "flagged_pct": 50.6, "others_flagged_pct": 0.5
        }],
        "decisions": [decision("shipped", 44.8), decision("random", 296.0)]
    })
}

/// Writes an evaluation and returns its path.
fn written(folder: &Path, evaluation: &serde_json::Value) -> String {
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join("full.json");
    std::fs::write(&path, evaluation.to_string()).unwrap();
    path.display().to_string()
}

#[test]
fn every_number_leads_to_its_origin() {
    let out = folder("report-walk");
    let evaluation = written(&out, &evaluation());
    report(&out, &["--sweep", "tests/fixtures/report/sweep", "--evaluation", &evaluation]);
    let page = page(&out);
    let numbers = linked(&page);
    assert!(numbers > 1000, "{numbers} numbers");
    // Numbers of a drawing have their origins in the table below it.
    let figures: Vec<&str> =
        page.split("<figure ").skip(1).map(|rest| rest.split("</figure>").next().unwrap()).collect();
    assert!(figures.len() >= 14, "{} figures", figures.len());
    for figure in figures {
        let table = figure.split("<details>").nth(1).expect("a table of the data");
        assert!(table.contains("<a class=\"number\""), "the data has origins: {}", &figure[..40]);
    }
}

#[test]
fn every_number_of_the_published_page_leads_to_its_origin() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/published");
    let numbers = linked(&page(&published));
    assert!(numbers > 1000, "{numbers} numbers");
}

#[test]
fn the_walk_finds_a_number_without_origin() {
    let found = |page: &str| {
        let mut found = Vec::new();
        walk(page, |text, around| {
            found.extend(text.split_whitespace().filter(|w| is_number(w) && !exempt(around)).map(str::to_owned));
        });
        found
    };
    assert_eq!(found("<p>it makes 12,345 tokens/s on <code>7</code></p>"), ["12,345"]);
    assert_eq!(found("<p>of gpt-oss-120b at 64K, (-3%) or $5-10 M on the H100</p>"), ["64K,", "(-3%)", "$5-10"]);
    let bare = "<section id=\"origins\"></section><p>7</p>";
    assert!(std::panic::catch_unwind(|| linked(bare)).is_err(), "a page with such a number does not pass");
}

#[test]
fn a_design_of_claims_is_marked_wherever_it_appears() {
    let out = folder("report-claims");
    report(&out, &[]);
    for name in ["taalas-hc1", "sohu", "lpu-v1"] {
        let page = page(&out);
        let mark = " <span class=\"claims\">vendor claims only</span>";
        let marked = page.matches(&format!("<span class=\"design\">{name}</span>{mark}")).count();
        assert!(marked > 3, "{name} is marked {marked} times");
        assert_eq!(page.matches(&format!("<span class=\"design\">{name}</span>")).count(), marked, "{name}");
        walk(&page, |text, around| {
            let inside = around.iter().any(|o| o.is("span", "class=\"design\"") || o.name == "code" || o.name == "pre");
            let register = around.iter().any(|o| o.is("section", "id=\"origins\""));
            if text.contains(name) && !inside && !register {
                assert!(text.contains("vendor claims only"), "{name} stands unmarked in: {text}");
            }
        });
        let markdown = std::fs::read_to_string(out.join("report.md")).unwrap();
        let listing = markdown.find("## How to get this page again").unwrap();
        for line in markdown[..listing].lines() {
            let cells = line.split(" | ").filter(|cell| cell.contains(name));
            cells.for_each(|cell| assert!(cell.contains("vendor claims only"), "{name} stands unmarked in: {cell}"));
        }
    }
}

#[test]
fn what_is_missing_is_never_zero_and_says_why() {
    let out = folder("report-missing");
    report(&out, &[]);
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap();
    let (mut values, mut missing) = (0, 0);
    let mut used = std::collections::BTreeSet::new();
    fn each(json: &serde_json::Value, see: &mut dyn FnMut(&serde_json::Map<String, serde_json::Value>)) {
        match json {
            serde_json::Value::Object(map) => {
                see(map);
                map.values().for_each(|v| each(v, see));
            }
            serde_json::Value::Array(list) => list.iter().for_each(|v| each(v, see)),
            _ => {}
        }
    }
    each(&json, &mut |map| {
        if let Some(reason) = map.get("missing").and_then(|r| r.as_str()) {
            missing += 1;
            assert!(reason.len() > 8, "{reason}");
        }
        if map.contains_key("low") && map.contains_key("high") {
            values += 1;
            assert!(map["low"].is_number() && map["high"].is_number(), "{map:?}");
        }
        if map.contains_key("low") || map.contains_key("word") {
            used.insert(map["origin"].as_u64().unwrap());
        }
    });
    let origins = json["origins"].as_array().unwrap();
    let ids: Vec<u64> = origins.iter().map(|origin| origin["id"].as_u64().unwrap()).collect();
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ids, "every id is declared once, and every origin is used");
    let markdown = std::fs::read_to_string(out.join("report.md")).unwrap();
    for origin in origins {
        let source = origin["source"].as_str().unwrap();
        assert!(!source.is_empty() && origin["kind"].is_string() && origin["grade"].is_string(), "{origin}");
        let kind = origin["kind"].as_str().unwrap().replace('_', " ");
        let note = format!("\n[^{}]: {kind}, {}", origin["id"], origin["grade"].as_str().unwrap());
        assert!(markdown.contains(&note), "the Markdown text has another origin {}", origin["id"]);
    }
    assert!(values > 1000 && missing > 50, "{values} values, {missing} missing");
    let page = page(&out);
    for part in ["no sweep given", "no evaluation file given"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_page_needs_nothing_from_outside() {
    let out = folder("report-alone");
    report(&out, &["--design", "hnlpu", "--design", "b200"]);
    let page = page(&out).replace("http://www.w3.org/2000/svg", "");
    for part in ["http://", "src=", "@import", "url(", "<link", "<iframe"] {
        assert!(!page.contains(part), "{part}");
    }
    // Addresses are links, which a reader follows, and nothing that the page loads.
    for (at, _) in page.match_indices("https://") {
        assert!(page[..at].ends_with("href=\""), "{}", &page[at.saturating_sub(40)..at + 40]);
    }
    let scripts: usize = page.split("<script").skip(1).map(|s| s.split("</script>").next().unwrap().len()).sum();
    assert!(scripts < 60_000, "{scripts} bytes of scripts");
}

/// Checks the form of the links of a page and that most origins have one; returns the share that does.
fn cited(page: &str, folder: &Path) -> f64 {
    let rows: Vec<&str> = page.split("<tr id=\"origin-").skip(1).map(|r| r.split("</tr>").next().unwrap()).collect();
    let mut linked = 0;
    for row in &rows {
        let cell = row.split("<td class=\"document\">").nth(1).unwrap().split("</td>").next().unwrap();
        let links: Vec<&str> = cell.split("href=\"").skip(1).map(|l| l.split('"').next().unwrap()).collect();
        for link in &links {
            match link.strip_prefix("https://") {
                Some(rest) => {
                    let host = rest.split('/').next().unwrap();
                    assert!(host.contains('.') && rest.bytes().all(|b| b.is_ascii_graphic()), "{link}");
                }
                None => assert!(folder.join(link).is_file(), "{link} is no file of the repository"),
            }
        }
        linked += usize::from(!links.is_empty());
        let reason = cell.contains("none: ") && cell.len() > 16;
        assert!(!links.is_empty() || reason || cell.contains("<code>"), "no link and no reason: {cell}");
    }
    assert!(rows.len() > 100, "{} origins", rows.len());
    linked as f64 / rows.len() as f64
}

#[test]
fn most_origins_have_a_link_and_the_others_say_why_not() {
    let out = folder("report-cited");
    report(&out, &["--repository", env!("CARGO_MANIFEST_DIR").trim_start_matches('/')]);
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/published");
    let share = cited(&page(&published), &published);
    assert!(share >= 0.8, "{:.1} % of the origins of the published page have a link", 100.0 * share);
    let root = Path::new("/");
    assert!(cited(&page(&out), root) >= 0.8);
}

#[test]
fn anchors_are_unique_and_survive_other_values() {
    let (one, two) = (folder("report-anchors-one"), folder("report-anchors-two"));
    let designs = ["--design", "hnlpu", "--design", "b200"];
    report(&one, &designs);
    report(&two, &[&designs[..], &["--per-user", "50", "--systems", "3"]].concat());
    let title = |out: &Path| std::fs::read_to_string(out.join("report.md")).unwrap().lines().next().unwrap().to_owned();
    assert!(title(&one).starts_with("# One hnlpu does the work of "), "{}", title(&one));
    assert!(title(&two).starts_with("# 3.00 hnlpu do the work of "), "{}", title(&two));
    let ids = |out: &Path| -> Vec<String> {
        let page = page(out);
        let all = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        all.filter(|id| !id.starts_with("use-") && !id.starts_with("origin-") && !id.starts_with("missing-")).collect()
    };
    let (a, b) = (ids(&one), ids(&two));
    let unique: std::collections::BTreeSet<&String> = a.iter().collect();
    assert_eq!(unique.len(), a.len(), "an id stands twice");
    assert_eq!(a, b, "sections, figures and tables keep their anchors");
}

#[test]
fn foreign_files_are_not_overwritten() {
    for name in ["index.html", "report.md", "report.json", "figures/cost.svg"] {
        let out = folder("report-foreign");
        std::fs::create_dir_all(out.join("figures")).unwrap();
        std::fs::write(out.join(name), "mine").unwrap();
        let output =
            hardwire(&["report", "--design", "hnlpu", "--design", "b200", "--out", &out.display().to_string()]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(name) && stderr.contains("not overwritten"), "{stderr}");
        assert_eq!(std::fs::read_to_string(out.join(name)).unwrap(), "mine");
        let files = std::fs::read_dir(&out).unwrap().count();
        assert!(files <= 2, "nothing else is written");
    }
}

#[test]
fn a_difference_names_values_and_causes() {
    let out = folder("report-diff");
    let designs = ["--design", "hnlpu", "--design", "b200"];
    report(&out, &designs);
    let old = out.display().to_string();
    let diff = |more: &[&str]| {
        let output = hardwire(&[&["report", "--diff", &old], &designs[..], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(diff(&[]).ends_with("no value differs\n"), "{}", diff(&[]));
    let json: serde_json::Value = serde_json::from_str(&diff(&["--per-user", "50", "--format", "json"])).unwrap();
    assert_eq!(json["inputs"][0]["name"], "terms");
    let changes = json["changes"].as_array().unwrap();
    assert!(changes.len() > 10, "{} changes", changes.len());
    for change in changes {
        assert_eq!(change["causes"], serde_json::json!(["input"]), "{change}");
        assert!(change["old"] != change["new"] && change["section"].is_string(), "{change}");
    }
    let refused = hardwire(&["report", "--diff", "README.md"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("README.md:1:1: no report"));
}

#[test]
fn the_same_inputs_give_the_same_bytes_and_check_finds_a_change() {
    let (one, two) = (folder("report-one"), folder("report-two"));
    let designs = ["--design", "hnlpu", "--design", "h100", "--design", "taalas-hc1"];
    report(&one, &designs);
    report(&two, &designs);
    for name in ["index.html", "report.md", "report.json", "figures/cost.svg"] {
        assert_eq!(std::fs::read(one.join(name)).unwrap(), std::fs::read(two.join(name)).unwrap(), "{name}");
    }
    let out = one.display().to_string();
    let check = |out: &str| hardwire(&[&["report", "--check", "--out", out], &designs[..]].concat());
    assert_eq!(check(&out).status.code(), Some(0));
    let text = std::fs::read_to_string(one.join("report.md")).unwrap();
    std::fs::write(one.join("report.md"), text.replacen("tokens", "Tokens", 1)).unwrap();
    let changed = check(&out);
    assert_eq!(changed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&changed.stderr).contains("report.md:"), "it says where");
    let json = hardwire(&[&["report", "--check", "--format", "json", "--out", &out], &designs[..]].concat());
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["differences"].as_array().unwrap().len(), 1);
    assert!(json["files"].as_array().unwrap().iter().any(|name| name == "figures/break-even.svg"));
}

#[test]
fn evaluations_of_other_models_and_layouts_are_refused() {
    let folder = folder("report-evaluations");
    std::fs::create_dir_all(&folder).unwrap();
    let refused = |text: &str, message: &str| {
        let path = folder.join("evaluation.json");
        std::fs::write(&path, text).unwrap();
        let out = folder.join("out");
        let output =
            hardwire(&["report", "--evaluation", &path.display().to_string(), "--out", &out.display().to_string()]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
        assert!(!out.exists(), "nothing is written");
    };
    let of = |schema: &str| format!(r#"{{"schema": "{schema}", "model_version": "another+000000000000"}}"#);
    refused(&of("hardwire-evaluation/1"), "an evaluation of the model another+000000000000, but");
    refused(&of("hardwire-evaluation/9"), "layout `hardwire-evaluation/9`, but this version reads");
    refused("{", "evaluation.json:1:1: no evaluation");
    refused("[1, 2]", "no evaluation");
}

#[test]
fn an_evaluation_is_reduced_to_what_is_shown_and_the_page_checked_against_that() {
    let out = folder("report-evaluation");
    let full = written(&out, &evaluation());
    report(&out, &["--evaluation", &full]);
    let text = std::fs::read_to_string(out.join("report.md")).unwrap();
    for part in
        ["43.3", "Left out, because a logarithmic axis has no zero", "variant of a kernel by cycles", "204 T", "10.7"]
    {
        assert!(text.contains(part), "{part}");
    }
    for figure in ["predicted-cycles", "families", "calibration", "decisions"] {
        assert!(out.join(format!("figures/{figure}.svg")).exists(), "{figure}");
    }
    assert!(!out.join("figures/predicted-spills.svg").exists(), "few figures, those that decide");
    let reduced = out.join("evaluation.json");
    assert!(reduced.metadata().unwrap().len() < Path::new(&full).metadata().unwrap().len() / 2);
    let (reduced, out) = (reduced.display().to_string(), out.display().to_string());
    let check =
        |evaluation: &str| hardwire(&["report", "--check", "--evaluation", evaluation, "--out", &out]).status.code();
    assert_eq!((check(&full), check(&reduced)), (Some(0), Some(0)));
    let changed = std::fs::read_to_string(&reduced).unwrap().replacen("\"rows\": 34758", "\"rows\": 34759", 1);
    std::fs::write(&reduced, changed).unwrap();
    assert_eq!(check(&reduced), Some(1), "the page no longer says what the evaluation says");
}

#[test]
fn an_evaluation_without_much_says_what_is_missing() {
    let out = folder("report-evaluation-bare");
    let version = CostModel::shipped().unwrap().card.version();
    let bare = serde_json::json!({"schema": "hardwire-evaluation/1", "model_version": version, "quantities": [{"quantity": "ipc"}]});
    let path = written(&out, &bare);
    report(&out, &["--evaluation", &path]);
    let text = std::fs::read_to_string(out.join("report.md")).unwrap();
    for part in [
        "aims: the evaluation states none",
        "the evaluation has no samples",
        "regret of decisions: the evaluation has none",
    ] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn a_sweep_shows_its_points_where_the_folder_has_them() {
    let (sweep, out) = (folder("report-cloud-sweep"), folder("report-cloud"));
    std::fs::create_dir_all(&sweep).unwrap();
    let fixture = "tests/fixtures/report/sweep/summary.json";
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture), sweep.join("summary.json")).unwrap();
    let folder = sweep.display().to_string();
    let drawn = || {
        report(&out, &["--sweep", &folder]);
        let text = std::fs::read_to_string(out.join("report.md")).unwrap();
        let circles = std::fs::read_to_string(out.join("figures/frontier-1.svg")).unwrap().matches("<circle").count();
        (text, circles)
    };
    let (text, before) = drawn();
    assert!(text.contains("the folder has no results.csv"));
    let summary: serde_json::Value =
        serde_json::from_slice(&std::fs::read(sweep.join("summary.json")).unwrap()).unwrap();
    let objective = |i: usize| summary["objectives"][i]["result"].as_str().unwrap();
    let head = format!("point,status,{},{}\n", objective(0), objective(1));
    let rows = "0,ok,200000,80000000\n1,failed,,\n2,infeasible,1,2\n3,ok,300000,90000000\n";
    std::fs::write(sweep.join("results.csv"), head + rows).unwrap();
    let (text, after) = drawn();
    assert!(text.contains("Grey dots are 2 of the points"), "two of the points are within every constraint");
    assert!(after > before, "{after} circles, {before} without");
    for (table, message) in [("point,status\n", "no column `"), ("point,status,a\n1\n", "results.csv: ")] {
        std::fs::write(sweep.join("results.csv"), table.replace(",a", &format!(",{},{}", objective(0), objective(1))))
            .unwrap();
        let output = hardwire(&["report", "--sweep", &folder, "--out", &out.display().to_string()]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(message),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
