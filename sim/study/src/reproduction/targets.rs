//! The published figures, from the table that is embedded in the command.

use std::collections::BTreeMap;

use designs::{Block, PerBlock};
use reports::Kind;
use serde::Deserialize;
use sim::calibration::{Published, Shares};

/// The embedded table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// Figures of other machines.
    pub inputs: Inputs,
    target: Vec<Target>,
    group: Vec<Group>,
    /// Shares of a token's time.
    pub fig14: Fig14,
}

/// Figures of other machines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// H100, tokens per second.
    pub h100_tokens_per_s: f64,
    /// H100, tokens per kilojoule.
    pub h100_tokens_per_kj: f64,
    /// WSE-3, tokens per second.
    pub wse3_tokens_per_s: f64,
    /// WSE-3, tokens per kilojoule.
    pub wse3_tokens_per_kj: f64,
    /// Diameter of a wafer, mm.
    pub wafer_diameter_mm: f64,
}

/// One figure.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Id: table or figure, and row.
    pub id: String,
    /// Published value.
    pub value: f64,
    /// Tolerance, percent.
    pub tol: f64,
    /// Kind of the figure: input, calibrated, derived or estimate.
    #[serde(deserialize_with = "kind")]
    pub kind: Kind,
    /// Place in the paper.
    pub source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    prefix: String,
    #[serde(deserialize_with = "kind")]
    kind: Kind,
    tol: f64,
    source: String,
    values: BTreeMap<String, f64>,
}

/// Shares over contexts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fig14 {
    /// Place in the paper.
    pub source: String,
    /// Tolerance, percentage points.
    pub tol_pp: f64,
    /// Contexts.
    pub context_tokens: Vec<u64>,
    /// Contexts whose shares the fit uses.
    pub calibrated_contexts: [u64; 2],
    /// Context whose stall the fit uses.
    pub calibrated_stall: u64,
    /// Communication, percent.
    pub comm: Vec<f64>,
    /// Projection, percent.
    pub projection: Vec<f64>,
    /// Attention, percent; NaN without a label.
    pub attention: Vec<f64>,
    /// Stall, percent.
    pub stall: Vec<f64>,
}

fn kind<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
    let name = String::deserialize(deserializer)?;
    [Kind::Input, Kind::Calibrated, Kind::Derived, Kind::Estimate]
        .into_iter()
        .find(|k| k.name() == name)
        .ok_or_else(|| serde::de::Error::custom(format!("unknown kind {name}")))
}

impl Targets {
    /// The embedded table.
    ///
    /// # Panics
    /// When the table is malformed, which a test excludes.
    #[must_use]
    pub fn embedded() -> Self {
        toml::from_str(include_str!("targets.toml")).expect("the embedded table is well-formed")
    }

    /// All single figures, groups expanded.
    #[must_use]
    pub fn figures(&self) -> Vec<Target> {
        let expanded = self.group.iter().flat_map(|g| {
            g.values.iter().map(|(name, &value)| Target {
                id: format!("{}.{name}", g.prefix),
                value,
                tol: g.tol,
                kind: g.kind,
                source: g.source.clone(),
            })
        });
        self.target.iter().cloned().chain(expanded).collect()
    }

    /// Published figures that the calibration uses.
    #[must_use]
    pub fn calibration(&self) -> Published {
        let fig14 = &self.fig14;
        let at = |context| fig14.context_tokens.iter().position(|&c| c == context).expect("a context of the figure");
        let shares = fig14.calibrated_contexts.map(|context| Shares {
            context,
            comm: fig14.comm[at(context)],
            projection: fig14.projection[at(context)],
            attention: Some(fig14.attention[at(context)]).filter(|a| a.is_finite()),
        });
        let figures = self.figures();
        let power = |block: Block| figures.iter().find(|t| t.id == format!("table1.power_w.{}", block.name()));
        Published {
            shares,
            stall: (fig14.calibrated_stall, fig14.stall[at(fig14.calibrated_stall)]),
            power_w: PerBlock::from_fn(|block| power(block).map(|target| target.value)),
            power_context: fig14.calibrated_contexts[0],
        }
    }
}
