//! `hardwire reproduce`.

use std::process::ExitCode;

use reports::number::significant;
use reports::{Align, Table};
use study::reproduction::{self, Reproduction};

use crate::cli::{self, TableFormat};
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::{input, output};

/// Runs the command.
pub fn run(arguments: &cli::Reproduce) -> Result<ExitCode, Failure> {
    let design = input::design(&arguments.machine, &[])?;
    let model = input::model(&design.model)?;
    let reproduction = reproduction::hnlpu(&design, &model)?;
    match arguments.format {
        TableFormat::Json => output::json(&reproduction)?,
        TableFormat::Csv => output::csv(&reproduction.scoreboard.rows)?,
        TableFormat::Table => output::judged(&render(&reproduction), "ok", "OUT")?,
    }
    let failures = reproduction.scoreboard.failures().len();
    if failures > 0 {
        message!("{failures} derived figures are out of tolerance");
    }
    if !reproduction.analytic_ok {
        message!("the closed form is {:.3} % from the event engine", reproduction.analytic_deviation_pct);
    }
    Ok(if failures == 0 && reproduction.analytic_ok { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn render(reproduction: &Reproduction) -> String {
    let mut text = String::from("HNLPU (ASPLOS '26) on the gpt-oss-120b architecture: published against simulated\n\n");
    text.push_str(&reproduction.scoreboard.render());
    let count = |kind| reproduction.scoreboard.rows.iter().filter(|r| r.kind == kind && r.published.is_some()).count();
    text.push_str(&format!(
        "\n{} derived, {} calibrated, {} input figures; \"ours\" from {} events under `serial`, closed form within {:.4} %\n",
        count(reports::Kind::Derived),
        count(reports::Kind::Calibrated),
        count(reports::Kind::Input),
        significant(reproduction.events as f64, 1),
        reproduction.analytic_deviation_pct,
    ));
    text.push_str("\nCalibrated parameters, fitted anew:\n\n");
    let mut table = Table::new(&[
        ("parameter", Align::Left),
        ("design", Align::Right),
        ("fitted", Align::Right),
        ("unit", Align::Left),
        ("to", Align::Left),
    ]);
    for p in &reproduction.calibration {
        let number = |value| significant(value, 4);
        table.row([
            p.parameter.to_owned(),
            number(p.design),
            number(p.fitted),
            p.unit.to_owned(),
            p.fitted_to.to_owned(),
        ]);
    }
    text.push_str(&table.render());
    text
}
