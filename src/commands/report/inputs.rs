//! Fingerprints of what a report was computed from, by which a comparison of two reports finds the cause of a change.

use designs::show::{self, Line};
use reports::document::{Input, InputKind, fingerprint};
use study::comparison::Subject;

use super::evaluation::Evaluation;
use super::frontier::Sweep;
use super::subjects::Subjects;

/// Name of the learned cost model among the inputs.
pub const COST_MODEL: &str = "learned cost model";

fn of(kind: InputKind, name: &str, lines: &[Line]) -> Input {
    let texts: Vec<&str> = lines.iter().flat_map(|line| [line.path.as_str(), line.value.as_str()]).collect();
    Input { kind, name: name.to_owned(), fingerprint: fingerprint(&texts) }
}

/// All inputs, in the order of the page.
pub fn inputs(s: &Subjects<'_>, sweeps: &[Sweep], evaluation: Option<&Evaluation>) -> Vec<Input> {
    let h = s.hardwired;
    let terms = format!("{:?}", s.table.terms);
    let mut all = vec![
        of(InputKind::Input, &h.design.name, &show::design(&h.design)),
        of(InputKind::Input, &h.node.name, &show::node(&h.node)),
        of(InputKind::Input, &format!("economics:{}", h.economics.name), &show::economics(&h.economics)),
        of(InputKind::Model, &s.model.name, &show::model(s.model)),
        Input { kind: InputKind::Input, name: "terms".to_owned(), fingerprint: fingerprint(&[&terms]) },
    ];
    for subject in s.subjects {
        if let Subject::Other(other) = subject {
            all.push(of(InputKind::Input, &other.name, &show::comparison(other)));
        }
    }
    for sweep in sweeps {
        let (name, fingerprint) = sweep.identity();
        all.push(Input { kind: InputKind::Input, name, fingerprint });
    }
    if let Some(evaluation) = evaluation {
        let name = COST_MODEL.to_owned();
        all.push(Input { kind: InputKind::Model, name, fingerprint: fingerprint(&[&evaluation.json()]) });
    }
    all
}
