//! Checks of stored labels: relations between the numbers of every labelled function.

use ir::labels::{Labels, Target};
use serde::Serialize;

use super::checks::Check;
use super::table::Entry;

/// How often register pressure equals the registers used, on functions without spills.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PressureAgreement {
    /// Functions with labels.
    pub labelled: usize,
    /// Of these, functions without spills and reloads.
    pub spill_free: usize,
    /// Share of the spill-free functions whose vector pressure equals the vector registers used.
    pub vector_pressure_is_registers_used: Option<f64>,
    /// The same for general registers.
    pub general_pressure_is_registers_used: Option<f64>,
}

impl PressureAgreement {
    /// Compares the labels of one target.
    #[must_use]
    pub fn of(labels: &[Option<Labels>]) -> Self {
        let free: Vec<&Labels> = labels.iter().flatten().filter(|l| l.spills == 0 && l.reloads == 0).collect();
        let share = |same: fn(&Labels) -> bool| {
            (!free.is_empty()).then(|| free.iter().filter(|l| same(l)).count() as f64 / free.len() as f64)
        };
        Self {
            labelled: labels.iter().flatten().count(),
            spill_free: free.len(),
            vector_pressure_is_registers_used: share(|l| l.pressure.vector == l.registers_used.vector),
            general_pressure_is_registers_used: share(|l| l.pressure.general == l.registers_used.general),
        }
    }
}

/// Checks the labels of all rows: `labelled` by row, `labels` by target and row.
#[must_use]
pub fn label_checks(entries: &[Entry], labelled: &[bool], labels: &[(Target, Vec<Option<Labels>>)]) -> Vec<Check> {
    let each = |name: &'static str, complaint: &dyn Fn(Target, &Labels) -> Option<String>| {
        let cases = labels.iter().flat_map(|(target, of)| {
            of.iter().zip(entries).filter_map(move |(l, e)| {
                let l = l.as_ref()?;
                Some(complaint(*target, l).map(|c| format!("{} on {}: {c}", e.row.hash, target.cpu())))
            })
        });
        Check::over(name, cases)
    };
    let complete = (0..entries.len()).map(|row| {
        let all = labels.iter().all(|(_, of)| of[row].is_some());
        (labelled[row] != all).then(|| entries[row].row.hash.clone())
    });
    vec![
        Check::over("a labelled row has labels on every target", complete),
        each("cycles and instructions are positive and finite", &|_, l| {
            let fine = |x: f64| x.is_finite() && x > 0.0;
            (!fine(l.cycles) || !fine(l.instructions_dynamic) || l.instructions_static == 0)
                .then(|| format!("{} cycles, {} instructions", l.cycles, l.instructions_dynamic))
        }),
        each("IPC is instructions over cycles", &|_, l| {
            let ipc = l.instructions_dynamic / l.cycles;
            // Each of the three numbers has nine digits.
            ((l.ipc - ipc).abs() > 2e-8 * ipc.abs()).then(|| format!("{} is not {ipc}", l.ipc))
        }),
        each("a port is busy at most all the time", &|_, l| {
            (!(0.0..=1.0 + 1e-9).contains(&l.port_utilization)).then(|| format!("{}", l.port_utilization))
        }),
        each("spilled bytes lie in the frame or the red zone", &|target, l| {
            (l.spill_bytes > l.stack_bytes + target.instruction_set().red_zone_bytes())
                .then(|| format!("{} of {} bytes", l.spill_bytes, l.stack_bytes))
        }),
        each("values live across a call are part of the pressure", &|_, l| {
            (l.live_across_call.vector > l.pressure.vector || l.live_across_call.general > l.pressure.general)
                .then(|| format!("{:?} of {:?}", l.live_across_call, l.pressure))
        }),
        each("calls are some of the instructions", &|_, l| {
            (l.calls_dynamic > l.instructions_dynamic).then(|| format!("{} calls", l.calls_dynamic))
        }),
    ]
}
