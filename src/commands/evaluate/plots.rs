//! Plots of an evaluation.

use costmodel::quantity::{Quantity, Scale};
use reports::plot::{Better, Frontier, HeatCell, HeatMap, Plot, Scatter, Variable};
use training::evaluation::measure::pairs;
use training::evaluation::{Answers, Measured, Model, Split};

/// Names of files and what they show.
pub fn plots(measured: &Measured<'_>) -> Vec<(String, Plot)> {
    let mut plots = measured.shipped.as_ref().map_or_else(Vec::new, |shipped| scatters(measured, shipped));
    plots.extend(median_errors(measured));
    plots
}

/// Predictions over labels, for the first target of some quantities.
fn scatters(measured: &Measured<'_>, shipped: &Answers) -> Vec<(String, Plot)> {
    let shown = [
        Quantity::Cycles,
        Quantity::VectorRegisterPressure,
        Quantity::XpuUtilization,
        Quantity::GpuVectorRegisters,
        Quantity::GpuRooflineUs,
    ];
    let outputs = measured.corpus.data.outputs();
    let mut plots = Vec::new();
    for (output, name) in outputs.iter().enumerate() {
        let first = outputs.iter().position(|o| o.quantity == name.quantity);
        if !shown.contains(&name.quantity) || first != Some(output) {
            continue;
        }
        let pairs = pairs(measured.corpus, Split::Families, shipped, output);
        // A logarithmic axis has no place for zeros.
        let log = name.quantity.scale() == Scale::Logarithmic;
        let points: Vec<(f64, f64)> = pairs.truth.iter().copied().zip(pairs.predicted.iter().copied()).collect();
        let points: Vec<(f64, f64)> = points.into_iter().filter(|p| !log || p.0 > 0.0 && p.1 > 0.0).collect();
        let most = points.iter().map(|p| p.0).fold(0.0, f64::max);
        let least = points.iter().map(|p| p.0).fold(f64::INFINITY, f64::min);
        let variable =
            |what: &str| Variable { label: format!("{what}, {}", name.quantity.unit()), log, better: Better::Neither };
        plots.push((
            format!("{}-{}", name.quantity, name.target),
            Plot::Scatter(Scatter {
                title: format!("{name}: functions of families left out"),
                x: variable("label"),
                y: variable("prediction"),
                points_label: if log { "functions, without zeros" } else { "functions" }.into(),
                points,
                frontiers: vec![Frontier {
                    label: "right".into(),
                    points: vec![(least, least), (most, most)],
                    names: Vec::new(),
                }],
                joined: true,
                knee: None,
            }),
        ));
    }
    plots
}

/// Median errors of all models as a heat map; `None` without results on families left out.
fn median_errors(measured: &Measured<'_>) -> Option<(String, Plot)> {
    let models: Vec<Model> = Model::ALL
        .into_iter()
        .filter(|&m| measured.results.iter().any(|r| r.split == Split::Families && r.model == m))
        .collect();
    let quantities = [
        Quantity::VectorRegisterPressure,
        Quantity::GeneralRegisterPressure,
        Quantity::Instructions,
        Quantity::Cycles,
        Quantity::Ipc,
        Quantity::XpuLatencyCycles,
    ];
    let cell = |model: Model, quantity: Quantity| {
        let own = || {
            measured
                .results
                .iter()
                .filter(move |r| r.split == Split::Families && r.model == model && r.quantity == quantity)
        };
        let row = own().find(|r| r.target == "mean").or_else(|| own().next())?;
        // Larger errors are clipped, so that the colour scale resolves the others.
        row.errors.median_ape_pct.map(|error| error.min(100.0))
    };
    (!models.is_empty()).then(|| {
        (
            "median-errors".to_owned(),
            Plot::HeatMap(HeatMap {
                title: "Median absolute error on families left out (100 and more as 100)".into(),
                x_label: "quantity, mean over targets".into(),
                y_label: "model".into(),
                value_label: "%".into(),
                x: quantities
                    .iter()
                    .map(|q| q.name().replace("register_pressure", "pressure").replace("_cycles", ""))
                    .collect(),
                y: models.iter().map(|m| m.name().to_owned()).collect(),
                cells: models
                    .iter()
                    .map(|&m| {
                        quantities.iter().map(|&q| cell(m, q).map_or(HeatCell::Unknown, HeatCell::Value)).collect()
                    })
                    .collect(),
                log: false,
                better: Better::Lower,
            }),
        )
    })
}
