//! From a discipline's result to the answer: shares, utilization, accounts of units, power, notes.

use crate::energy::{self, TokenActivity};
use crate::engine::{IDLE_CAUSES, Usage};
use crate::schedule::cost::{self, link_bytes_per_token};
use crate::schedule::dataflow::Dataflow;
use crate::schedule::machine::{Phase, SPENT, SPENT_NAMES, Spent};
use crate::schedule::program::Instr;

use super::Prepared;
use super::answer::{Breakdown, LinkBytes, Simulation, UnitAccount, Utilization};
use super::request::Discipline;

impl Prepared<'_> {
    /// Whether tokens pass the unembedding: not those of a prompt.
    pub(super) fn head(&self) -> bool {
        self.request.phase == Phase::Decode
    }

    /// Utilization that follows from an answer's activity at `tokens_per_cycle`.
    pub(super) fn utilization(&self, answer: &Simulation, tokens_per_cycle: f64) -> Utilization {
        let specs = &self.compiled.specs;
        let chips = f64::from(self.mapping.grid.chips());
        let clock = specs.clock_hz as f64;
        let per_cycle = |bytes_per_second: u64| bytes_per_second as f64 / clock;
        let link = |bytes: f64| bytes * tokens_per_cycle / per_cycle(specs.interconnect.bytes_per_second);
        let hbm = match self.request.discipline {
            Discipline::Serial => specs.hbm.serial_bytes_per_second,
            _ => specs.hbm.bytes_per_second,
        };
        let activity = &answer.activity_per_token;
        let busy = self.compute_busy();
        let links = || answer.links.iter().map(|l| l.bytes_per_token);
        Utilization {
            hn_array: busy.0 * tokens_per_cycle,
            vex_nonlinear: busy.1 * tokens_per_cycle,
            vex_attention: busy.2 * tokens_per_cycle,
            attention_buffer: activity.buffer_bytes / chips * tokens_per_cycle
                / per_cycle(specs.attention_buffer.bytes_per_second),
            hbm: activity.hbm_bytes / chips * tokens_per_cycle / per_cycle(hbm),
            // Not `sum`, whose empty sum is -0.
            links_mean: link(links().fold(0.0, |sum, bytes| sum + bytes) / answer.links.len().max(1) as f64),
            links_max: link(links().fold(0.0, f64::max)),
        }
    }

    /// Busy cycles per token of an average array instance, non-linear and attention pipeline.
    fn compute_busy(&self) -> (f64, f64, f64) {
        let (mut hn, mut nonlinear, mut attention) = (0.0, 0.0, 0.0);
        let chips = f64::from(self.mapping.grid.chips());
        for (count, layer) in self.compiled.groups(true) {
            let program = self.compiled.program(layer);
            let count = f64::from(count);
            for (_, instr) in &program.instrs {
                match instr {
                    Instr::Hn { fixed, expert, .. } => {
                        hn += count * fixed.map_or(0.0, |(_, p, _)| p.serial as f64 * chips);
                        let per_token = f64::from(program.experts.per_token);
                        hn += count * expert.map_or(0.0, |(_, p, _)| p.serial as f64 * per_token);
                    }
                    Instr::Nonlinear { fixed, per_expert } => {
                        nonlinear += count * self.compiled.specs.vex.nonlinear_service(fixed + per_expert) as f64;
                    }
                    Instr::Scores | Instr::Values => {
                        let cost = program.attention.as_ref().expect("attention belongs to layers");
                        let scores = *instr == Instr::Scores;
                        let bytes = self.compiled.kv_element_bytes;
                        let (_, vectors) = cost::attention_work(cost, scores, self.mean_context(), bytes);
                        attention += count * self.compiled.specs.vex.attention_cycles(vectors) as f64;
                    }
                    Instr::AwaitKv | Instr::Phase(_) => {}
                }
            }
        }
        let lanes = (self.compiled.layers() + 1) as f64;
        (hn / self.compiled.hn_instances.max(1) as f64, nonlinear / lanes, attention / lanes)
    }

    /// Takes utilization and accounts from the settled servers.
    pub(super) fn account(&self, answer: &mut Simulation, result: &Dataflow) {
        let settled = &result.settled;
        let mut links = Usage::default();
        settled.links.iter().for_each(|l| links.add(l));
        let busy = |usage: &Usage| usage.busy as f64 / usage.total().max(1) as f64;
        answer.utilization = Utilization {
            hn_array: busy(&settled.hn_array),
            vex_attention: busy(&settled.vex_attention),
            vex_nonlinear: busy(&settled.vex_nonlinear),
            attention_buffer: busy(&settled.attention_buffer),
            hbm: busy(&settled.hbm),
            links_mean: busy(&links),
            links_max: settled.links.iter().map(busy).fold(0.0, f64::max),
        };
        for (unit, usage) in [
            ("hn_array", &settled.hn_array),
            ("vex_attention", &settled.vex_attention),
            ("vex_nonlinear", &settled.vex_nonlinear),
            ("attention_buffer", &settled.attention_buffer),
            ("hbm", &settled.hbm),
            ("links", &links),
        ] {
            let total = usage.total().max(1) as f64;
            let idle = IDLE_CAUSES.iter().map(|&(c, name)| (name, usage.idle[c as usize] as f64 / total * 100.0));
            answer.units.push(UnitAccount {
                unit,
                busy_pct: usage.busy as f64 / total * 100.0,
                idle_pct: idle.collect(),
            });
        }
    }

    pub(super) fn answer(
        &self,
        tokens_per_cycle: f64,
        token_cycles: f64,
        spent: [f64; SPENT],
        activity: TokenActivity,
        events: u64,
    ) -> Simulation {
        let request = &self.request;
        let specs = &self.compiled.specs;
        let chips = self.mapping.grid.chips();
        let rate = tokens_per_cycle * specs.clock_hz as f64;
        let power = energy::chip_power(request.design, &activity, rate, chips);
        let system_w = power.total_w * f64::from(chips) * request.design.energy.system_factor;
        let total: f64 = spent.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let pct = |class: Spent| spent[class as usize] / total * 100.0;
        let stalls = [Spent::Memory, Spent::ArrayBusy, Spent::VexBusy, Spent::Predecessor];
        let head = self.head() && request.discipline != Discipline::Serial;
        let links = link_bytes_per_token(&self.compiled, head);
        let links = links.iter().enumerate().map(|(link, &bytes_per_token)| {
            let (from, to) = specs.interconnect.ends(link);
            LinkBytes { from, to, bytes_per_token }
        });
        let mut notes = Vec::new();
        if request.context > request.model.max_context {
            notes.push(format!(
                "context {} is beyond the {} tokens the model was made for",
                request.context, request.model.max_context
            ));
        }
        let windows = request.model.layers.iter().filter(|l| l.window.is_some()).count();
        if windows > 0 && !request.design.mapping.sliding_windows {
            notes.push(format!("sliding windows of {windows} layers are ignored, as in the paper"));
        }
        Simulation {
            design: request.design.name.clone(),
            model: request.model.name.clone(),
            grid: self.mapping.grid,
            chips,
            phase: request.phase,
            discipline: request.discipline,
            fidelity: request.fidelity,
            context_tokens: request.context,
            sequences: self.sequences,
            in_flight_limit: self.mapping.stages(),
            throughput_tokens_per_s: rate,
            tokens_per_s_per_sequence: match request.phase {
                Phase::Decode => rate / self.sequences as f64,
                Phase::Prefill => rate,
            },
            token_latency_us: specs.seconds(token_cycles) * 1e6,
            prompt_latency_us: None,
            breakdown_pct: Breakdown {
                comm: pct(Spent::Communication),
                projection: pct(Spent::Projection),
                nonlinear: pct(Spent::Nonlinear),
                attention: pct(Spent::Attention),
                stall: stalls.iter().map(|&s| pct(s)).sum(),
            },
            stall_pct: stalls.iter().map(|&s| (SPENT_NAMES[s as usize], pct(s))).collect(),
            chip_power: power,
            system_power_kw: system_w / 1e3,
            energy_per_token_mj: system_w / rate * 1e3,
            tokens_per_kj: rate / system_w * 1e3,
            utilization: Utilization::default(),
            units: Vec::new(),
            kv_cache: self.placement,
            activity_per_token: activity,
            links: links.collect(),
            bound: None,
            weights_per_chip: self.mapping.weights_per_chip,
            events,
            notes,
        }
    }
}
