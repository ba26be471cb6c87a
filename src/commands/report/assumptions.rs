//! Sections on inputs, with source and grade, and on how to reproduce the report.

use designs::show::{self, Line};
use designs::{Grade, presets};
use reports::document::{Block, Section, Table};
use reports::number::separated;
use reports::{Cell, Origin};
use study::comparison::Subject;

use super::subjects::Subjects;
use super::words::{code, design, row, table, text};
use crate::cli::report::Report;

/// Separates the thousands of whole numbers with five digits or more in a text.
fn readable(value: &str) -> String {
    let long = |word: &str| word.len() > 4 && word.chars().all(|c| c.is_ascii_digit());
    let words = value.split(' ').map(|word| if long(word) { separated(word) } else { word.to_owned() });
    words.collect::<Vec<_>>().join(" ")
}

/// Values of one input as a collapsed table.
fn lines(caption: reports::document::Text, lines: &[Line], without: &str) -> Table {
    let rows = lines.iter().filter(|l| l.path != "summary").map(|line| {
        let origin = line.provenance.as_ref().map_or_else(
            || Origin { grade: "published".to_owned(), ..Origin::asked(without) },
            study::comparison::origin,
        );
        let year = origin.year.map_or_else(String::new, |y| y.to_string());
        let grade = origin.grade.clone();
        let cell = Cell::Word { word: readable(&line.value), origin: origin.clone() };
        let year = if year.is_empty() { Cell::missing("no year is stated") } else { Cell::Word { word: year, origin } };
        row(vec![code(&line.path)], vec![cell.into(), text![grade].into(), year.into(), text![line.doc].into()])
    });
    let mut all = table(caption, &["value", "is", "grade", "year", "meaning"], rows.collect());
    all.folded = true;
    all
}

/// The section on inputs.
pub fn section(s: &Subjects<'_>) -> Section {
    let h = s.hardwired;
    let mut blocks = vec![Block::Paragraph(text![
        "Inputs of the models. Published values come from primary sources; assumed ones are ours, and every result that rests on \
         them inherits the doubt. ",
        code("hardwire designs show"),
        " lists the same, and ",
        code("--set"),
        " changes any of them."
    ])];
    let mut counted: Vec<(&str, usize)> = Grade::ALL.iter().map(|grade| (grade.name(), 0)).collect();
    let mut all = vec![
        lines(vec![design(s.column()), ": the machine".into()], &show::design(&h.design), ""),
        lines(text!["process ", code(&h.node.name)], &show::node(&h.node), ""),
        lines(text!["prices and rules ", code(&h.economics.name)], &show::economics(&h.economics), ""),
        lines(
            text!["model ", code(&s.model.name)],
            &show::model(s.model),
            &format!("config.json of {} as released", s.model.name),
        ),
    ];
    for (column, subject) in s.table.designs.iter().zip(s.subjects) {
        if let Subject::Other(other) = subject {
            all.push(lines(vec![design(column)], &show::comparison(other), ""));
        }
    }
    for table in &all {
        for row in &table.rows {
            if let Some(reports::document::Entry::Cell(cell)) = row.cells.first() {
                let grade = cell.origin().map_or("", |o| o.grade.as_str());
                if let Some(count) = counted.iter_mut().find(|(name, _)| *name == grade) {
                    count.1 += 1;
                }
            }
        }
    }
    let rows = counted.iter().filter(|(_, n)| *n > 0).map(|(name, n)| {
        let n = super::words::derived(*n as f64, "", "counted in the tables below").digits(1);
        row(text![*name], vec![n.into()])
    });
    blocks.push(Block::Table(table(text!["Inputs by grade"], &["grade", "inputs"], rows.collect())));
    blocks.extend(all.into_iter().map(Block::Table));
    Section { id: "assumptions", title: "Inputs and assumptions".to_owned(), blocks }
}

/// The section on how to reproduce the report.
pub fn regenerate(arguments: &Report) -> Section {
    let mut command = String::from("hardwire report");
    let quoted = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=".contains(c);
        if !text.is_empty() && text.chars().all(plain) {
            text.to_owned()
        } else {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
    };
    let mut add = |option: &str, value: &str| command.push_str(&format!(" --{option} {}", quoted(value)));
    arguments.designs.iter().for_each(|d| add("design", d));
    if let Some(model) = &arguments.model {
        add("model", model);
    }
    arguments.sweep.iter().for_each(|d| add("sweep", d));
    // The report writes the evaluation beside the page, so name that file.
    if arguments.evaluation.is_some() {
        add("evaluation", &format!("DIR/{}", super::files::EVALUATION));
    }
    let terms = &arguments.terms;
    if terms.per_user != 100.0 {
        add("per-user", &terms.per_user.to_string());
    }
    if terms.input != 1024 {
        add("input", &terms.input.to_string());
    }
    if terms.output != 1024 {
        add("output", &terms.output.to_string());
    }
    if terms.systems != 1 {
        add("systems", &terms.systems.to_string());
    }
    if terms.discipline != sim::Discipline::Serial {
        add("discipline", terms.discipline.name());
    }
    command.push_str(" --out DIR");
    let names = presets::designs().iter().chain(presets::comparisons()).map(|p| p.name);
    let blocks = vec![
        Block::Paragraph(text![
            "The same inputs give the same bytes, so this report can be checked against its inputs: with ",
            code("--check"),
            " the command compares instead of writing and says where they differ. DIR is the folder of the page."
        ]),
        Block::Commands(vec![command]),
        Block::Paragraph(text![
            "Parts of it, alone: ",
            code("hardwire reproduce hnlpu"),
            ", ",
            code("hardwire compare"),
            ", ",
            code("hardwire estimate"),
            ", ",
            code("hardwire simulate"),
            ". Designs that can stand on the page: ",
            code(names.collect::<Vec<_>>().join(" ")),
            ", and files of your own."
        ]),
    ];
    Section { id: "regenerate", title: "How to get this page again".to_owned(), blocks }
}
