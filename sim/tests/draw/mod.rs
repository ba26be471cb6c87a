//! Random machines and models.

use designs::{Attention, Design, Ffn, Grid, Model, Span};
use rand_core::RngCore;

use super::common::{MLA, MLA_FULL, hnlpu, layer, model};

/// A random stream of choices.
pub struct Draw(pub rand_pcg::Pcg64);

impl Draw {
    /// Evenly between 0 and 1.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Evenly from 0 to `limit`, exclusive.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.unit() * limit as f64) as usize
    }

    /// One of `choices`.
    pub fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// Between `low` and `high`, evenly on a logarithmic scale.
    pub fn log(&mut self, low: f64, high: f64) -> f64 {
        low * libm::pow(high / low, self.unit())
    }

    /// A machine with links, memories and mapping of its own.
    pub fn design(&mut self) -> Design {
        let algorithm = self.of(&["direct", "two-phase", "ring", "halving-doubling"]);
        let mut set = vec![
            format!("interconnect.link_bandwidth={:.0}MB/s", self.log(2e3, 1e6)),
            format!("interconnect.hop_latency={:.0} ns", self.log(1.0, 400.0)),
            format!("hbm.stack_bandwidth={:.0}MB/s", self.log(2e4, 1e6)),
            format!("attention_buffer.capacity={:.0}KB", self.log(10.0, 3e5)),
            format!("attention_buffer.efficiency={:.3}", self.log(0.02, 1.0)),
            format!("hn_array.inputs_per_port={:.0}", self.log(1.0, 64.0)),
            format!("vex.nonlinear_latency={:.0} cycles", self.log(1.0, 200.0)),
            format!("vex.kv_vectors_per_cycle={:.0}", self.log(1.0, 32.0)),
            format!("mapping.collective={algorithm}"),
            format!("mapping.rotate_partners={}", self.of(&["true", "false"])),
            format!("mapping.all_chip={}", self.of(&["row-then-column", "hierarchical"])),
            format!("mapping.sliding_windows={}", self.of(&["honoured", "ignored"])),
            format!("mapping.embedding={}", self.of(&["none", "none", "hbm"])),
        ];
        if self.unit() < 0.3 {
            set.push(format!("vex.lane_groups={}", self.of(&[1, 2, 3])));
        }
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let mut design = hnlpu(&set);
        design.grid = Grid { rows: self.of(&[1, 2, 4, 4]), columns: self.of(&[1, 2, 4, 4]) };
        design
    }

    /// A small model of one to six layers.
    pub fn model(&mut self) -> Model {
        let kv_heads = self.of(&[1, 2, 4, 8]);
        let attention = match self.below(3) {
            0 => self.of(&[MLA, MLA_FULL]),
            _ => Attention::Gqa { query_heads: 8, kv_heads, head_dim: self.of(&[32, 64, 128]), output_gate: false },
        };
        let width = self.log(64.0, 2048.0) as u32;
        let dense = Ffn::Dense { width: 4 * width };
        let sparse = Ffn::Moe {
            experts: self.log(8.0, 64.0) as u32,
            experts_per_token: self.of(&[1, 2, 4, 8]),
            width,
            shared_width: self.of(&[0, 0, width]),
        };
        let span = self.of(&[Span::Full, Span::Full, Span::Window(128)]);
        let ffns = self.of(&[vec![dense], vec![sparse], vec![dense, sparse], vec![sparse, sparse, dense]]);
        let layers = 1 + self.below(6);
        let all = (0..layers).map(|i| designs::Layer {
            span: if i % 2 == 0 { span } else { Span::Full },
            ..layer(attention, ffns[i % ffns.len()])
        });
        model(64 * self.log(2.0, 40.0) as u32, 1000, all.collect())
    }
}
