//! Exploration and verdict without a command: points in memory, on one thread.

use std::collections::BTreeMap;
use std::convert::Infallible;

use sim::Fidelity;
use sweep::exploration::{Executor, Exploration, Job, Stage};
use sweep::record::{Identity, decode, encode};
use sweep::rows::Rows;
use sweep::verdict::{Part, Verdict, best_of};
use sweep::{Outcome, Plan, Worker};

const TEXT: &str = "confirm = 2
constraints = [\"workload.sequences * 1.0 <= 16\"]
[axes]
interconnect.link_bandwidth = [\"64 GB/s\", \"128 GB/s\"]
workload.sequences = [1, 4, 64]
[set]
model = \"llama-3-1-8b\"
[objectives]
maximise = [\"throughput_tokens_per_s\", \"tokens_per_s_per_sequence\"]
";

fn plan(text: &str) -> Plan {
    sweep::read::plan("test.toml", text, &designs::load::no_files)
        .unwrap_or_else(|problems| panic!("{:#?}", problems.problems))
}

/// Computes on the spot and notes what it computed.
#[derive(Default)]
struct Memory {
    computed: Vec<(Stage, u64)>,
    stored: Vec<(Stage, u64)>,
    begun: Vec<(Stage, u64, u64)>,
}

impl Executor for Memory {
    type Error = Infallible;

    fn begin(&mut self, stage: Stage, _: Fidelity, total: u64, done: u64) {
        self.begun.push((stage, total, done));
    }

    fn execute(&mut self, job: Job<'_>, sink: &mut dyn FnMut(u64, &Outcome)) -> Result<(), Infallible> {
        let mut worker = Worker::new(job.plan);
        // Backwards: the order must not matter.
        for &index in job.indices.iter().rev() {
            self.computed.push((job.stage, index));
            sink(index, &worker.evaluate(&(job.values)(index), job.fidelity));
        }
        Ok(())
    }

    fn store(&mut self, stage: Stage, batch: &[(u64, Outcome)]) -> Result<(), Infallible> {
        self.stored.extend(batch.iter().map(|(index, _)| (stage, *index)));
        Ok(())
    }
}

fn empty(plan: &Plan) -> Exploration<'_> {
    Exploration::new(plan, Rows::new(plan.points as usize, plan.columns.len()), BTreeMap::new())
}

fn finished<'a>(plan: &'a Plan, memory: &mut Memory) -> (Exploration<'a>, Verdict) {
    let mut exploration = empty(plan);
    let Ok(()) = exploration.screen((0, 1), memory);
    let feasible = exploration.feasible();
    let Ok(()) = exploration.confirm(&feasible, memory);
    let verdict = Verdict::new(&exploration, feasible);
    (exploration, verdict)
}

#[test]
fn a_sweep_is_counted_confirmed_and_judged() {
    let plan = plan(TEXT);
    let mut memory = Memory::default();
    let (exploration, verdict) = finished(&plan, &mut memory);
    let counts = &verdict.counts;
    assert_eq!((counts.points, counts.feasible, counts.excluded, counts.failed), (6, 4, 2, 0));
    assert_eq!(memory.begun, [(Stage::Screen, 6, 0), (Stage::Confirm, 2, 0)]);
    assert_eq!(verdict.frontier_fidelity, Fidelity::Event);
    assert!(!verdict.frontier.is_empty() && verdict.frontier.iter().filter(|best| best.knee).count() == 1);
    for best in &verdict.frontier {
        assert!(exploration.confirmed.contains_key(&best.index) && verdict.feasible[best.index as usize]);
    }
    // More sequences at once never lower the throughput.
    let throughput = plan.objectives[0];
    let rows: Vec<f64> = verdict.frontier.iter().map(|best| best.row[throughput.column]).collect();
    assert_eq!(best_of(&throughput, &verdict.frontier), rows.into_iter().reduce(f64::max));
    for screening in &verdict.screening {
        assert!(screening.points == 2 && screening.max_error_pct < 25.0, "{screening:?}");
    }
}

#[test]
fn a_full_grid_has_total_indices_and_an_incomplete_one_has_none() {
    let total = |text: &str| {
        let plan = plan(text);
        let (_, verdict) = finished(&plan, &mut Memory::default());
        let sensitivity = &verdict.sensitivity[0];
        let strongest = &sensitivity.axes[0];
        assert!(strongest.high.mean >= strongest.low.mean);
        let Part::Value(value) = &strongest.high.part else { panic!("a listed value") };
        (plan.axes[strongest.axis].name.path.clone(), value.number(), strongest.total.is_some())
    };
    let complete = TEXT.replace("constraints = [\"workload.sequences * 1.0 <= 16\"]\n", "");
    let (path, best, has_total) = total(&complete);
    assert_eq!((path.as_str(), best, has_total), ("workload.sequences", 64.0, true));
    let (path, best, has_total) = total(TEXT);
    assert_eq!((path.as_str(), best, has_total), ("workload.sequences", 4.0, false));
}

#[test]
fn what_is_known_is_not_computed_again() {
    let plan = plan(TEXT);
    let mut memory = Memory::default();
    let (whole, verdict) = finished(&plan, &mut memory);
    // Half of the points from a record, as a journal or another shard has them.
    let batch: Vec<(u64, Outcome)> = (0..3).map(|i| (i, whole.rows.outcome(i as usize).unwrap())).collect();
    let (stage, batch) = decode(&encode(Stage::Screen, &batch), plan.columns.len()).unwrap();
    assert_eq!(stage, Stage::Screen);
    let mut resumed = empty(&plan);
    let mut memory = Memory::default();
    let Ok(()) = resumed.adopt(batch.clone(), &mut memory);
    let Ok(()) = resumed.adopt(batch, &mut memory);
    assert_eq!(memory.stored, [0, 1, 2].map(|index| (Stage::Screen, index)), "stored once");
    let Ok(()) = resumed.screen((0, 1), &mut memory);
    assert_eq!(memory.computed, [5, 4, 3].map(|index| (Stage::Screen, index)));
    assert_eq!(memory.begun, [(Stage::Screen, 6, 3)]);
    let feasible = resumed.feasible();
    let Ok(()) = resumed.confirm(&feasible, &mut memory);
    let again = Verdict::new(&resumed, feasible);
    assert_eq!(format!("{:?}", again.frontier), format!("{:?}", verdict.frontier));
}

#[test]
fn shards_divide_the_points() {
    let plan = plan(TEXT);
    let mut computed: Vec<u64> = Vec::new();
    for shard in 0..3 {
        let mut memory = Memory::default();
        let Ok(()) = empty(&plan).screen((shard, 3), &mut memory);
        computed.extend(memory.computed.iter().map(|(_, index)| index));
    }
    computed.sort_unstable();
    assert_eq!(computed, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn an_identity_is_read_from_its_own_bytes_alone() {
    let identity = Identity { sweep: 7 << 100, columns: 12, shard: (3, 16) };
    let bytes = identity.to_bytes();
    assert_eq!(Identity::from_bytes(&bytes), Some(identity));
    assert_eq!(Identity::from_bytes(&bytes[1..]), None);
    assert_eq!(Identity::from_bytes(&[&bytes[..], &[0]].concat()), None);
}
