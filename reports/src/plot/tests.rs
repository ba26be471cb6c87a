//! Tests over one plot of each kind.

use std::collections::BTreeMap;

use super::*;

fn plots() -> Vec<Plot> {
    let variable = |label: &str, log| Variable { label: label.into(), log, better: Better::Higher };
    let mut all = vec![
        Plot::Scatter(Scatter {
            title: "frontier".into(),
            x: variable("cost, USD", true),
            y: variable("tokens/s", false),
            points: (1..50).map(|i| (f64::from(i * i), f64::from(i % 7))).collect(),
            points_label: "all".into(),
            frontiers: vec![
                Frontier {
                    label: "frontier <from> events & more".into(),
                    points: vec![(1.0, 1.0), (36.0, 6.0)],
                    names: vec!["a".into(), "b".into()],
                },
                Frontier { label: "another".into(), points: vec![(f64::NAN, 1.0)], names: vec![] },
            ],
            joined: true,
            knee: Some((36.0, 6.0)),
        }),
        Plot::Scatter(Scatter {
            title: "nothing".into(),
            x: variable("x", true),
            y: variable("y", true),
            points: vec![],
            points_label: String::new(),
            frontiers: vec![],
            joined: false,
            knee: None,
        }),
        Plot::Parallel(Parallel {
            title: "lines".into(),
            axes: vec![
                ParallelAxis { label: "a".into(), ticks: Ticks::Words(vec!["x".into(), "y".into()]) },
                ParallelAxis { label: "b".into(), ticks: Ticks::Range { low: 1.0, high: 1.0, log: true } },
            ],
            lines: vec![Line { values: vec![0.0, 1.0], marked: false }, Line { values: vec![1.0, 1.0], marked: true }],
            lines_label: "lines".into(),
            marked_label: "one".into(),
        }),
        Plot::HeatMap(HeatMap {
            title: "cells".into(),
            x_label: "x".into(),
            y_label: "y".into(),
            value_label: "tokens/s".into(),
            x: vec!["1".into(), "2".into()],
            y: vec!["a".into()],
            cells: vec![vec![HeatCell::Value(3.0), HeatCell::Refused]],
            log: true,
            better: Better::Lower,
        }),
        Plot::Tornado(Tornado {
            title: "bars".into(),
            label: "tokens/s".into(),
            middle: 5.0,
            middle_label: "mean".into(),
            bars: vec![Bar {
                name: "clock".into(),
                middle: None,
                low: (4.0, "1 GHz".into()),
                high: (7.0, "2 GHz".into()),
            }],
        }),
        Plot::Curves(Curves {
            title: "curves".into(),
            x: variable("x", true),
            y: variable("y", true),
            series: [Style::Line, Style::Dashed, Style::Marks, Style::Dots]
                .map(|style| Series {
                    name: format!("{style:?}"),
                    design: "one".into(),
                    end: "low".into(),
                    points: vec![(1.0, 2.0), (0.0, f64::NAN), (3.0, 4.0)],
                    style,
                })
                .into(),
            marks: vec![Mark {
                at: (2.0, 3.0),
                label: "crossing".into(),
                value: "where they cross".into(),
                design: String::new(),
            }],
            diagonal: true,
        }),
    ];
    all.extend(bars());
    all
}

fn bars() -> Vec<Plot> {
    let variable = |label: &str, log| Variable { label: label.into(), log, better: Better::Higher };
    vec![
        Plot::DotPlot(DotPlot {
            title: "marks".into(),
            x: variable("USD", true),
            marks: vec!["low".into(), "high".into()],
            rows: vec![
                DotRow {
                    name: "a".into(),
                    design: "a".into(),
                    values: vec![Some(1.0), Some(30.0)],
                    note: String::new(),
                },
                DotRow {
                    name: "b".into(),
                    design: "b".into(),
                    values: vec![None, Some(-1.0)],
                    note: "no price".into(),
                },
            ],
            joined: true,
            reference: Some((10.0, "ten".into())),
        }),
        Plot::Stacked(Stacked {
            title: "shares".into(),
            x_label: "context".into(),
            y_label: "%".into(),
            parts: vec!["a".into(), "b".into()],
            mark_label: "published".into(),
            bars: vec![Stack { name: "2K".into(), values: vec![60.0, 40.0], marks: vec![Some(61.0), None] }],
        }),
        Plot::Waterfall(Waterfall {
            title: "cost".into(),
            label: "USD".into(),
            steps: vec![
                Step { name: "masks".into(), low: 1.0, high: 2.0, sum: false },
                Step { name: "total".into(), low: 0.0, high: 0.0, sum: true },
            ],
        }),
        Plot::MaskStack(MaskStack {
            title: "masks".into(),
            layers: vec![MaskLayer { name: "m8".into(), masks: 2, units: 1.0, euv: false, per_chip: true }],
        }),
        Plot::FloorPlan(FloorPlan {
            title: "die".into(),
            blocks: vec![
                Block { name: "array".into(), mm2: 500.0, w: 70.0 },
                Block { name: "none".into(), mm2: 0.0, w: 0.0 },
            ],
        }),
    ]
}

/// An element of an SVG: its name, its attributes and the text that follows its start.
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
}

impl Element {
    fn number(&self, attribute: &str) -> f64 {
        let text = &self.attributes[attribute];
        let number = text.parse().unwrap_or_else(|_| panic!("{attribute} of {} is {text}", self.name));
        assert!(f64::is_finite(number), "{attribute} of {} is {number}", self.name);
        number
    }

    /// The corners of a box around it, in pixels; the width of a text is estimated from its length.
    fn corners(&self) -> Vec<(f64, f64)> {
        let around = |x: f64, y: f64, w: f64, h: f64| vec![(x - w, y - h), (x + w, y + h)];
        match self.name.as_str() {
            "rect" => {
                let (x, y) = (self.number("x"), self.number("y"));
                vec![(x, y), (x + self.number("width"), y + self.number("height"))]
            }
            "circle" => around(self.number("cx"), self.number("cy"), self.number("r"), self.number("r")),
            "polyline" | "polygon" => {
                let points = self.attributes["points"].split_whitespace();
                points
                    .map(|p| p.split_once(',').unwrap())
                    .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
                    .collect()
            }
            "text" => {
                let (x, y, size) = (self.number("x"), self.number("y"), self.number("font-size"));
                let half = self.text.chars().count() as f64 * size * 0.25;
                if self.attributes.contains_key("transform") {
                    return around(x, y, size / 2.0, half);
                }
                let middle = match self.attributes["text-anchor"].as_str() {
                    "start" => x + half,
                    "end" => x - half,
                    _ => x,
                };
                around(middle, y, half, size / 2.0)
            }
            other => panic!("<{other}> in a plot"),
        }
    }
}

const FORMS: [Form; 2] = [Form::Wide, Form::Narrow];

/// The shapes and texts of an SVG, without its root, groups and their values.
fn elements(svg: &str) -> Vec<Element> {
    let start = svg.find('>').unwrap();
    let body = svg[start + 1..].trim().strip_suffix("</svg>").unwrap();
    let mut elements = Vec::new();
    for tag in body.split('<').skip(1).filter(|tag| !tag.starts_with('/')) {
        let (head, text) = tag.split_once('>').unwrap();
        let (name, mut rest) = head.trim_end_matches('/').split_once(' ').unwrap_or((head, ""));
        if matches!(name, "g" | "title") {
            continue;
        }
        let mut attributes = BTreeMap::new();
        while let Some((key, value)) = rest.trim_start().split_once("=\"") {
            let (value, after) = value.split_once('"').unwrap();
            attributes.insert(key.to_owned(), value.to_owned());
            rest = after;
        }
        elements.push(Element { name: name.to_owned(), attributes, text: text.trim().to_owned() });
    }
    elements
}

fn count(plot: &Plot, name: &str) -> usize {
    elements(&plot.svg(Form::Wide).unwrap()).iter().filter(|element| element.name == name).count()
}

#[test]
fn every_plot_is_drawn_the_same_twice_whatever_it_shows() {
    for plot in plots() {
        for form in FORMS {
            assert_eq!(plot.svg(form).unwrap(), plot.svg(form).unwrap());
        }
        let png = plot.png().unwrap();
        assert_eq!(&png[1..4], b"PNG");
        assert_eq!(png, plot.png().unwrap());
    }
    assert!(plots()[0].svg(Form::Wide).unwrap().contains("&lt;from&gt; events &amp; more"));
}

#[test]
fn marks_and_labels_lie_within_the_view_box() {
    for (plot, form) in plots().iter().flat_map(|plot| FORMS.map(|form| (plot, form))) {
        let (width, height) = plot.size(form);
        let svg = plot.svg(form).unwrap();
        assert!(svg.contains(&format!("viewBox=\"0 0 {width} {height}\"")), "{}", &svg[..120]);
        for element in elements(&svg) {
            for (x, y) in element.corners() {
                let within = (0.0..=f64::from(width)).contains(&x) && (0.0..=f64::from(height)).contains(&y);
                assert!(within, "{form:?} {plot:?}: <{}> {} at {x}, {y}", element.name, element.text);
            }
        }
    }
}

#[test]
fn a_bound_does_not_set_the_scale() {
    let line = |name: &str, style, y: f64| Series {
        name: name.into(),
        design: String::new(),
        end: String::new(),
        points: vec![(1.0, y), (10.0, y * 2.0)],
        style,
    };
    let variable = || Variable { label: "v".into(), log: true, better: Better::Neither };
    let curves = |series| {
        let plot =
            Curves { title: String::new(), x: variable(), y: variable(), series, marks: vec![], diagonal: false };
        Plot::Curves(plot).svg(Form::Wide).unwrap()
    };
    let ticks = |svg: &str| -> Vec<String> {
        elements(svg)
            .into_iter()
            .filter(|e| e.name == "text" && e.text.parse::<f64>().is_ok())
            .map(|e| e.text)
            .collect()
    };
    let alone = curves(vec![line("a", Style::Line, 5.0)]);
    let far = curves(vec![line("a", Style::Line, 5.0), line("b", Style::Dashed, 1e6)]);
    assert_eq!(ticks(&alone), ticks(&far));
    assert!(far.contains("beyond the scale: b"));
    let bounds = curves(vec![line("b", Style::Dashed, 1e6)]);
    assert!(!bounds.contains("beyond the scale"), "bounds alone set it");
}

#[test]
fn shapes_carry_their_values_and_designs() {
    let svg = plots()[6].svg(Form::Narrow).unwrap();
    assert!(svg.contains("<g data-d=\"a\">") && svg.contains("<title>a, low: 1</title>"), "{svg}");
    assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count());
}

#[test]
fn titles_axes_and_ticks_are_labelled() {
    let labels: [&[&str]; 11] = [
        &["frontier", "cost, USD (higher is better)", "all", "another", "10", "100", "2", "6", "b"],
        &["nothing", "x (higher is better)", "y (higher is better)"],
        &["lines", "a", "b", "x", "y", "one"],
        &["cells", "x", "y", "tokens/s (lower is better)", "1", "2", "a", "3", "none"],
        &["bars", "tokens/s", "mean 5", "clock", "1 GHz", "2 GHz"],
        &["curves", "x (higher is better)", "Line", "Dashed", "Marks", "Dots", "2", "3", "crossing"],
        &["marks", "USD (higher is better)", "low", "high", "a", "b", "no price", "ten", "1", "30"],
        &["shares", "context", "%", "a", "b", "published", "2K", "100"],
        &["cost", "USD", "masks", "total", "1 to 2"],
        &["masks"],
        &["die", "array", "500", "70"],
    ];
    for (plot, labels) in plots().iter().zip(labels) {
        let elements = elements(&plot.svg(Form::Wide).unwrap());
        let texts: Vec<&str> = elements.iter().filter(|e| e.name == "text").map(|e| e.text.as_str()).collect();
        for label in labels {
            assert!(texts.iter().any(|text| text == label), "no text `{label}` among {texts:?}");
        }
    }
}

#[test]
fn every_value_has_its_mark() {
    let mut all = plots();
    let before: Vec<Plot> = all.clone();
    for plot in &mut all {
        match plot {
            Plot::Scatter(plot) => plot.points.extend([(2.0, 3.0), (3.0, 4.0), (f64::NAN, 1.0)]),
            Plot::HeatMap(plot) => {
                plot.y.push("b".into());
                plot.cells.push(vec![HeatCell::Value(1.0), HeatCell::Unknown]);
            }
            Plot::Tornado(plot) => plot.bars.push(plot.bars[0].clone()),
            Plot::Stacked(plot) => plot.bars.push(Stack { marks: vec![None, None], ..plot.bars[0].clone() }),
            Plot::Waterfall(plot) => plot.steps.insert(1, plot.steps[0].clone()),
            Plot::Curves(plot) => plot.series[2].points.push((2.0, 3.0)),
            _ => {}
        }
    }
    let more = |index: usize, name: &str| count(&all[index], name) as i64 - count(&before[index], name) as i64;
    assert_eq!(more(0, "circle"), 4, "a circle and its rim for each finite point of a scatter plot");
    assert_eq!(more(3, "rect"), 2, "one rectangle for each cell of a heat map");
    assert_eq!(more(4, "rect"), 2, "two bars for each row of a tornado");
    assert_eq!(more(7, "rect"), 2, "one rectangle for each part of a stack");
    assert_eq!(more(8, "rect"), 2, "two bars, low and high, for each step of a waterfall");
}

#[test]
fn texts_of_bitmaps_leave_marks_without_fonts_of_the_machine() {
    let plot = |title: &str| {
        let Plot::Tornado(mut tornado) = plots().remove(4) else { unreachable!() };
        tornado.title = title.into();
        Plot::Tornado(tornado).png().unwrap()
    };
    assert_ne!(plot("one title"), plot("another"));
}
