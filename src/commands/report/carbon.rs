//! Section on carbon: of the systems and of machines with equal throughput, over volume, and embodied by another method.

use reports::document::{Block, Entry, Figure, Section, Text, Width};
use reports::plot::{Curves, Plot};
use reports::{Bound, Cell, Origin, Value};
use sim::economics::{Outcome, Span, act};
use study::comparison::Subject;

use super::subjects::Subjects;
use super::volume::{OverVolume, basis, estimates, rivals};
use super::words::{derived, design, less, row, systems, table, text, variable};
use crate::diagnostics::Failure;

/// The section on carbon.
pub fn section(s: &Subjects<'_>) -> Result<Section, Failure> {
    let e = s.estimate;
    let source = "energy at the grid's intensity and every build's modules; hardwire estimate";
    let own = |get: fn(&Outcome) -> f64| {
        let span = e.span(get);
        Value::range(span.low, span.high, "t", Origin::derived(source)).digits(4)
    };
    let span = |get| -> Entry { own(get).into() };
    let mut rows = vec![
        row(vec![design(s.column()), ", without re-spins".into()], vec![span(|o| o.carbon_static_t)]),
        row(vec![design(s.column()), ", with re-spins".into()], vec![span(|o| o.carbon_dynamic_t)]),
    ];
    let asked = systems(s.table.terms.systems);
    let years = derived(e.plan.years, "years", "terms of the report").digits(1);
    let mut message: Text = text![
        "Over ",
        years.clone(),
        " the carbon of ",
        asked.clone(),
        " of ",
        design(s.column()),
        " with re-spins is ",
        own(|o| o.carbon_dynamic_t),
        " of CO2 equivalent"
    ];
    for (column, subject) in s.table.designs.iter().zip(s.subjects) {
        if matches!(subject, Subject::Other(_)) {
            let cell = column.values.get("equal_carbon_t").cloned();
            let cell = cell.unwrap_or_else(|| Cell::missing("not computed"));
            if let Cell::Value(value) = &cell {
                message.extend(text!["; that of ", design(column), " units of equal throughput ", value.clone()]);
            }
            rows.push(row(vec![design(column), " (units that equal it)".into()], vec![cell.into()]));
        }
    }
    message.push(". Counted are electricity and the modules of every build, as the publication does.".into());
    let caption = text!["Carbon of ", asked, " over ", years, ", and of what equals them, tonnes of CO2 equivalent"];
    let mut blocks =
        vec![Block::Paragraph(message), over_volume(s)?, Block::Table(table(caption, &["design", "t"], rows))];
    let economics = &s.hardwired.economics;
    let yields = e.span(|o| o.yield_share);
    match act(economics, s.hardwired.node.feature_nm, e.layout.chip_mm2, yields, e.plan.memory_gb) {
        Some(act) => {
            let source = "ACT: (fab energy, gases, materials) per area over yield; hardwire estimate";
            let value = |span: Span| Value::range(span.low, span.high, "kg", Origin::derived(source));
            let module = economics.provenance.get("carbon.kg_per_module");
            let module = module.map_or_else(|| Origin::asked("carbon.kg_per_module"), study::comparison::origin);
            blocks.push(Block::Paragraph(text![
                "Embodied carbon of a chip by another method, ACT: ",
                value(act.good_die_kg),
                " for a good die and ",
                Value::new(act.memory_kg, "kg", Origin::derived(source)),
                " for its memory, where the publication counts ",
                Value::new(economics.module_kg.low, "kg", module).digits(4),
                " for a module."
            ]));
        }
        None => blocks.push(Block::Missing(text!["embodied carbon by ACT: no parameters for this node"])),
    }
    Ok(Section { id: "carbon", title: "Carbon".to_owned(), blocks })
}

/// Carbon over volume; machines without public embodied carbon are in the table only.
fn over_volume(s: &Subjects<'_>) -> Result<Block, Failure> {
    let Some(ours) = s.output_tokens_per_s else {
        return Ok(Block::Missing(text!["carbon over volume: no output tokens/s at the speed asked for"]));
    };
    let estimates = estimates(s)?;
    let years = s.table.terms.years;
    let tonnes = |t: Span, source: &str| Value::range(t.low, t.high, "", Origin::derived(source)).digits(4);
    let mut curves = OverVolume::default();
    let own: Vec<Option<Span>> = estimates.iter().map(|e| Some(e.span(|o| o.carbon_dynamic_t))).collect();
    let source =
        format!("electricity and the modules of every build over {years} years; hardwire estimate --systems N");
    curves.add(s.column(), Bound::Exact, &own, |t| tonnes(t, &source));
    for rival in rivals(s).0.iter().filter(|r| r.other.modules.is_some()) {
        let totals: Vec<Option<Span>> = estimates.iter().map(|e| basis(e, rival, ours).map(|b| b.carbon_t)).collect();
        let source =
            format!("electricity and modules of units of equal output tokens/s over {years} years; hardwire compare");
        curves.add(rival.column, rival.bound, &totals, |t| tonnes(t, &source));
    }
    let data = curves.table(text!["Carbon, tonnes of CO2 equivalent, by systems of the first design or their equal"]);
    Ok(Block::Figure(Figure {
        name: "carbon".to_owned(),
        caption: text![
            "Carbon of ",
            design(s.column()),
            " systems, re-spins included, against machines of equal output tokens per second. Two lines where optimistic and \
             pessimistic differ. Facilities grow in steps of whole blocks of power, which shows at low volume."
        ],
        alternative: "Carbon over the number of systems, by design".to_owned(),
        plot: Plot::Curves(Curves {
            title: format!("Carbon over {years} years against volume"),
            x: variable("systems, or units that equal them", true),
            y: less("tonnes of CO2 equivalent", true),
            series: curves.series,
            marks: Vec::new(),
            diagonal: false,
        }),
        data,
        width: Width::Half,
    }))
}
