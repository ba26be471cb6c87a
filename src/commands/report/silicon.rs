//! Sections on area and power of a chip, and on its masks by layer.

use designs::{Block, Lithography};
use reports::document::{Block as Part, Figure, Section, Text, Width};
use reports::plot::{Block as PlanBlock, FloorPlan, MaskLayer, MaskStack, Plot};
use reports::{Cell, Origin, Value};
use sim::Simulation;
use sim::economics::Estimate;
use study::comparison::{Hardwired, origin};

use super::words::{code, derived, row, table, text};

/// Why power is missing.
const NOT_RUN: &str = "the model cannot be simulated on this design";

/// The section on area and power. Power comes from `run`; without it power is missing.
pub fn area(hardwired: &Hardwired, estimate: &Estimate, run: Option<&Simulation>) -> Section {
    let power = run.map(|run| run.chip_power.blocks);
    let blocks = &estimate.layout.area;
    let words = |block: Block| match block {
        Block::HnArray => "array of weights",
        other => other.title(),
    };
    let mut rows = Vec::new();
    let mut plan = Vec::new();
    let source = "static power and energy per event by activity, a full pipeline; hardwire simulate";
    for (block, mm2) in blocks.iter() {
        let mm2 = mm2.mm2();
        let provenance = hardwired.design.provenance.get(&format!("area.{}", block.name()));
        let given = provenance.filter(|_| hardwired.design.area[block].mm2() == mm2).map(origin);
        let area =
            given.unwrap_or_else(|| Origin::derived("area of the design, scaled to the model; hardwire estimate"));
        let w = power.map(|p| p[block]);
        let cells = match w {
            Some(w) => [derived(w, "W", source).into(), derived(w / mm2, "W/mm2", source).into()],
            None => [Cell::missing(NOT_RUN), Cell::missing(NOT_RUN)],
        };
        let [w_cell, density] = cells;
        rows.push(row(
            text![words(block)],
            vec![Value::new(mm2, "mm2", area).digits(4).into(), w_cell.into(), density.into()],
        ));
        plan.push(PlanBlock { name: words(block).to_owned(), mm2, w: w.unwrap_or(0.0) });
    }
    let mm2 = estimate.layout.chip_mm2;
    let total = |w: f64| [derived(w, "W", source).into(), derived(w / mm2, "W/mm2", source).into()];
    let [w, density] = match run {
        Some(run) => total(run.chip_power.total_w),
        None => [Cell::missing(NOT_RUN), Cell::missing(NOT_RUN)],
    };
    let sum = "blocks added up; hardwire estimate";
    rows.push(row(text!["chip"], vec![derived(mm2, "mm2", sum).digits(4).into(), w.into(), density.into()]));
    let heads = ["block", "area, mm2", "power, W", "power density, W/mm2"];
    let grid = estimate.layout.grid;
    let caption = text![
        "One of ",
        derived(grid.chips().into(), "", "grid of the design").digits(1),
        " chips, areas to scale; the publication shows no floor plan, so places are ours. Darker blocks draw more power per area."
    ];
    let figure = Figure {
        name: "floor-plan".to_owned(),
        caption,
        alternative: "Blocks of a chip as rectangles to scale, coloured by power density".to_owned(),
        plot: Plot::FloorPlan(FloorPlan { title: "Area and power of a chip".to_owned(), blocks: plan }),
        data: table(text!["Area and power of a chip's blocks"], &heads, rows),
        width: Width::Full,
    };
    let weights = estimate.layout.weights_per_chip as f64;
    let mut message = Text::new();
    if let Some((block, area)) = blocks.iter().max_by(|a, b| a.1.mm2().total_cmp(&b.1.mm2())) {
        let share = derived(100.0 * area.mm2() / mm2, "%", "its area over the chip's; hardwire estimate");
        message.extend(text![format!("The {} takes ", words(block)), share, " of a chip's area"]);
    }
    if let (Some(power), Some(run)) = (power, run)
        && let Some((block, w)) = power.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))
    {
        let share = derived(100.0 * w / run.chip_power.total_w, "%", source);
        message.extend(text![format!("; most power goes to the {}, ", words(block)), share]);
    }
    message.push(".".into());
    let density = text![
        "The fullest chip holds ",
        derived(weights, "weights", "mapping of the model; hardwire estimate").digits(4),
        ", ",
        derived(estimate.layout.um2_per_weight, "um2", "array over weights; hardwire estimate"),
        " of array for each."
    ];
    Section {
        id: "area",
        title: "Area and power".to_owned(),
        blocks: vec![Part::Paragraph(message), Part::Figure(figure), Part::Paragraph(density)],
    }
}

/// The section on masks.
pub fn masks(hardwired: &Hardwired, estimate: &Estimate) -> Section {
    let stack = &hardwired.stack;
    let layers = stack.layers.iter().map(|l| MaskLayer {
        name: l.name.clone(),
        masks: l.masks,
        units: l.units,
        euv: l.lithography == Lithography::Euv,
        per_chip: l.per_chip,
    });
    let plot = Plot::MaskStack(MaskStack {
        title: "Masks by layer, from the silicon upwards".to_owned(),
        layers: layers.collect(),
    });
    let rows = stack.layers.iter().rev().map(|l| {
        let of = |value: f64| Value::new(value, "", origin(&l.provenance)).digits(1);
        let pitch: Cell = match l.pitch_nm {
            Some(pitch) => of(pitch).into(),
            None => Cell::missing("no wires that carry weights, or no public pitch"),
        };
        row(
            vec![code(l.name.clone())],
            vec![
                of(l.masks.into()).into(),
                of(l.units).into(),
                if l.lithography == Lithography::Euv { "EUV" } else { "DUV" }.into(),
                text![l.patterning.clone()].into(),
                pitch.into(),
                if l.per_chip { "every chip its own" } else { "all chips" }.into(),
            ],
        )
    });
    let heads = ["layer, highest first", "masks", "units of one", "light", "patterning", "pitch, nm", "shared by"];
    let data = table(text!["Layers of the mask stack"], &heads, rows.collect());
    let bill = &estimate.masks;
    let source = "layers added up; hardwire estimate";
    let figure = Figure {
        name: "masks".to_owned(),
        caption: text![
            "Layers of the metal stack and below, each with its masks; the length of a bar is what they weigh in the price of a set, \
             where one exposed with deep ultraviolet counts as one unit."
        ],
        alternative: "Layers of the mask stack with their weight in the price; the upper metals differ between chips"
            .to_owned(),
        plot,
        data,
        width: Width::Half,
    };
    let chips = f64::from(estimate.layout.grid.chips());
    let every = "masks of one chip times chips; hardwire estimate";
    let message = text![
        derived(bill.shared.masks.into(), "", source).digits(1),
        " of ",
        derived(bill.total.masks.into(), "", source).digits(1),
        " masks serve all chips; the other ",
        derived(bill.per_chip.masks.into(), "", source).digits(1),
        " carry the weights: every one of ",
        derived(chips, "", "grid of the design").digits(1),
        " chips has its own, and a change of the weights makes them anew."
    ];
    let price = "the set's price by weight of the masks; hardwire estimate";
    let million = |of: fn(&sim::economics::Outcome) -> f64| {
        let span = estimate.span(of);
        Value::range(span.low / 1e6, span.high / 1e6, "", Origin::derived(price)).digits(4)
    };
    let group = |name: &'static str, group: &sim::economics::masks::Group, usd: Value| {
        let count = |value: f64| derived(value, "", source).digits(1).into();
        row(text![name], vec![count(group.masks.into()), count(group.euv_masks.into()), count(group.units), usd.into()])
    };
    let sums = |name: &'static str, shared: f64, usd: Value| {
        let count = |of: fn(&sim::economics::masks::Group) -> f64| {
            derived(shared * of(&bill.shared) + chips * of(&bill.per_chip), "", every).digits(1).into()
        };
        row(text![name], vec![count(|g| g.masks.into()), count(|g| g.euv_masks.into()), count(|g| g.units), usd.into()])
    };
    let bill = vec![
        group("full set", &bill.total, million(|o| o.mask_set_usd)),
        group("shared by all chips", &bill.shared, million(|o| o.mask_shared_usd)),
        group("of one chip", &bill.per_chip, million(|o| o.mask_per_chip_usd)),
        sums("of all chips, without shared: a re-spin", 0.0, million(|o| o.mask_all_chips_usd)),
        sums("first build", 1.0, million(|o| o.mask_total_usd)),
    ];
    let heads = ["masks", "count", "EUV", "units", "million USD"];
    let bill = table(text!["What the masks cost, optimistic to pessimistic"], &heads, bill);
    Section {
        id: "masks",
        title: "Masks".to_owned(),
        blocks: vec![Part::Paragraph(message), Part::Figure(figure), Part::Table(bill)],
    }
}
