//! The first screen: claim, main results, and what the page is about.

use reports::document::{Point, Text};
use reports::{Bound, Cell, Kind, Value};
use study::comparison::Column;
use study::reproduction::Reproduction;

use super::findings::Findings;
use super::subjects::Subjects;
use super::volume::BreakEven;
use super::words::{derived, design, text};

/// The main claim: what the systems of the report equal, and from what volume on it is cheaper.
pub fn claim<'a>(s: &Subjects<'a>, even: &[BreakEven<'a>]) -> Text {
    let column = s.column();
    let Some(output) = value(column, "output_tokens_per_s") else {
        return text![design(column), " cannot serve this model at the speed asked for"];
    };
    let Some((other, units)) = nearest(s) else {
        return text!["One system of ", design(column), " generates ", output.clone(), " of output"];
    };
    let mut words = match value(column, "equal_units").filter(|systems| systems.low != 1.0) {
        Some(systems) => text![systems.clone(), " ", design(column), " do the work of "],
        None => text!["One ", design(column), " does the work of "],
    };
    words.extend(text![units.clone().digits(2), " ", design(other)]);
    if let (Some(own), Some(their)) = (value(column, "equal_power_kw"), value(other, "equal_power_kw")) {
        let share = Value::range(100.0 * own.low / their.high, 100.0 * own.high / their.low, "%", share_origin(their));
        words.extend(text![" on ", share.digits(2), " of their power"]);
    }
    match rival(s, even).and_then(BreakEven::both) {
        Some((best, worst)) => {
            words.extend(text![", but costs less in total only from ", best, " on, at worst from ", worst]);
        }
        None => words.push(", but no volume searched makes it cheaper for sure".into()),
    }
    words
}

/// The break-even against the machine that the claim names.
pub fn rival<'a, 'b>(s: &Subjects<'a>, even: &'b [BreakEven<'a>]) -> Option<&'b BreakEven<'a>> {
    let (other, _) = nearest(s)?;
    even.iter().find(|e| std::ptr::eq(e.rival.column, other))
}

fn share_origin(of: &Value) -> reports::Origin {
    reports::Origin {
        source: format!("power of the systems over that of those units; {}", of.origin.source),
        ..of.origin.clone()
    }
}

/// The main results, each with the section that has the evidence.
pub fn points<'a>(
    s: &Subjects<'a>,
    reproduction: Option<&Reproduction>,
    even: &[BreakEven<'a>],
    findings: Option<&Findings<'_>>,
    dearest: Option<Text>,
) -> Vec<Point> {
    let mut points = Vec::new();
    let mut add = |section, text: Text| points.push(Point { text, section });
    if let Some(findings) = findings {
        add("findings", findings.throughput());
    }
    if let Some(words) = energy(s) {
        add("comparison", words);
    }
    if let Some((other, _)) = nearest(s)
        && let Some(from) = rival(s, even).and_then(BreakEven::words)
    {
        let mut words = text!["Against ", design(other), " its total cost over the years is lower "];
        words.extend(from);
        words.push(".".into());
        add("volume", words);
    }
    if let Some(words) = findings.and_then(Findings::total_cost) {
        add("findings", words);
    }
    if let Some(words) = dearest {
        add("sensitivity", words);
    }
    if let Some(reproduction) = reproduction.filter(|_| findings.is_none()) {
        let (ok, all) = agreement(reproduction);
        add("reproduction", text![ok, " of ", all, " derived figures are within their tolerance."]);
    }
    points
}

/// Energy of an output token against the nearest machine.
fn energy(s: &Subjects<'_>) -> Option<Text> {
    const KEY: &str = "energy_per_output_token_j";
    let (other, _) = nearest(s)?;
    let (own, their) = (value(s.column(), KEY)?, value(other, KEY)?);
    let speed = value(s.column(), "user_tokens_per_s")?;
    Some(text![
        "An output token takes ",
        design(s.column()),
        " ",
        own.clone(),
        " and ",
        design(other),
        " ",
        their.clone(),
        "; each user of ",
        design(s.column()),
        " gets ",
        speed.clone(),
        "."
    ])
}

/// Text of the first screen: what the machine is and how to read the page.
pub fn lead(s: &Subjects<'_>, reproduction: Option<&Reproduction>) -> Vec<Text> {
    let others = s.table.designs.len() - 1;
    let mut trust = text![
        design(s.column()),
        " is a machine whose weights are the wires of its chips. None has been built: its figures come out of a simulator"
    ];
    trust.extend(match reproduction {
        Some(reproduction) => {
            let (ok, all) = agreement(reproduction);
            text![
                " that reproduces ",
                ok,
                " of ",
                all,
                " published figures that it was neither fed nor fitted to, most of them the publication's own arithmetic. "
            ]
        }
        None => text![". "],
    });
    if others > 0 {
        trust.extend(text![
            "Beside it, by what is public about them, other designs: ",
            derived(others as f64, "", "designs on this page").digits(1),
            ". "
        ]);
    }
    trust.push(
        "Every number is a link to its origin, and the line below it tells its kind; what is missing says why.".into(),
    );
    vec![trust]
}

/// Number of derived figures within tolerance, and of all derived figures.
fn agreement(reproduction: &Reproduction) -> (Value, Value) {
    let rows: Vec<_> =
        reproduction.scoreboard.rows.iter().filter(|r| r.kind == Kind::Derived && r.published.is_some()).collect();
    let source = "counted in the scoreboard; hardwire reproduce hnlpu";
    let count = |n: usize| derived(n as f64, "", source).digits(1);
    (count(rows.iter().filter(|r| r.ok).count()), count(rows.len()))
}

fn value<'a>(column: &'a Column, key: &str) -> Option<&'a Value> {
    match column.values.get(key) {
        Some(Cell::Value(value)) => Some(value),
        _ => None,
    }
}

/// The other machine that needs the fewest units for the same throughput, and their number; bounds are not considered.
fn nearest<'a>(s: &Subjects<'a>) -> Option<(&'a Column, &'a Value)> {
    let known = s.table.designs.iter().enumerate().filter(|(index, _)| *index != s.index).filter_map(|(_, c)| {
        let units = value(c, "equal_units").filter(|v| v.bound == Bound::Exact)?;
        Some((c, units))
    });
    known.min_by(|a, b| a.1.low.total_cmp(&b.1.low))
}
