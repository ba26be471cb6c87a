//! Cycles and port use of basic blocks, by llvm-mca.
//!
//! Each block is simulated as a loop of its own: cycles per pass are the cycles of all simulated passes divided by
//! their number. Blocks of many functions share one process, because starting it costs more than simulating a small
//! block; blocks of equal text are simulated once. The model is static: a call takes 100 cycles, and every access
//! hits the first-level cache.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::targets::backend;
use crate::labels::{Failure, Phase, Target};

/// Options of llvm-mca besides the target and the number of passes.
pub const OPTIONS: [&str; 3] = ["-json", "-instruction-info=false", "-skip-unsupported-instructions=any"];

/// The cost of one pass over a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// Cycles per pass.
    pub cycles: f64,
    /// Busy cycles of each port per pass, in the order of [`Simulator::ports`].
    pub ports: Vec<f64>,
    /// Instructions that the scheduling model does not know; they cost nothing.
    pub unmodelled: u32,
}

/// A block as llvm-mca reads it: directives, then instructions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    /// Directives for state that was set before the block; whole lines.
    pub preamble: String,
    /// Instructions, one a line.
    pub instructions: Vec<String>,
}

/// Simulates blocks for one target and caches their costs.
pub struct Simulator {
    program: String,
    target: Target,
    ports: Vec<String>,
    passes: u32,
    known: BTreeMap<Region, Option<Cost>>,
}

/// Most cached blocks; a full cache is emptied.
const MOST_KNOWN: usize = 20_000;

/// The installed llvm-mca of a version of LLVM.
///
/// # Errors
/// It is not installed.
pub fn find(version: &str) -> Result<String, Failure> {
    let major = version.split('.').next().unwrap_or(version);
    let candidates = [format!("llvm-mca-{major}"), "llvm-mca".to_owned()];
    let fits = |program: &&String| {
        let output = Command::new(program).arg("--version").output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(version))
    };
    candidates.iter().find(fits).cloned().ok_or_else(|| Failure {
        phase: Phase::Simulate,
        reason: format!("llvm-mca {version} is not installed: tried {}", candidates.join(" and ")),
    })
}

impl Simulator {
    /// A simulator for a target; `program` is the name of llvm-mca. No pass has been chosen: see
    /// [`simulate`](Self::simulate).
    #[must_use]
    pub fn new(program: &str, target: Target) -> Self {
        Self { program: program.to_owned(), target, ports: Vec::new(), passes: 0, known: BTreeMap::new() }
    }

    /// Names of the ports of the scheduling model; empty before the first run.
    #[must_use]
    pub fn ports(&self) -> &[String] {
        &self.ports
    }

    /// The cost of a block that was simulated; `None` if llvm-mca rejected it.
    #[must_use]
    pub fn cost(&self, region: &Region) -> Option<&Cost> {
        self.known.get(region)?.as_ref()
    }

    /// Simulates `passes` passes over each of the blocks that are not cached.
    ///
    /// # Errors
    /// llvm-mca cannot be started or fails.
    pub fn simulate(&mut self, passes: u32, regions: &[Region]) -> Result<(), Failure> {
        if self.known.len() > MOST_KNOWN || self.passes != passes {
            self.known.clear();
            self.passes = passes;
        }
        let missing = |region: &&Region| !region.instructions.is_empty() && !self.known.contains_key(*region);
        let missing: BTreeSet<&Region> = regions.iter().filter(missing).collect();
        self.run_all(&missing.into_iter().collect::<Vec<_>>())
    }

    /// Simulates all regions in one process; if that fails, each half, down to the region that llvm-mca rejects.
    fn run_all(&mut self, regions: &[&Region]) -> Result<(), Failure> {
        if regions.is_empty() {
            return Ok(());
        }
        match self.run(regions) {
            Ok(()) => Ok(()),
            Err(_) if regions.len() > 1 => {
                let (one, other) = regions.split_at(regions.len() / 2);
                self.run_all(one)?;
                self.run_all(other)
            }
            Err(failure) if self.ports.is_empty() => Err(failure),
            Err(_) => {
                self.known.insert(regions[0].clone(), None);
                Ok(())
            }
        }
    }

    fn run(&mut self, regions: &[&Region]) -> Result<(), Failure> {
        let comment = backend(self.target.instruction_set()).comment();
        let mut text = String::new();
        for (index, region) in regions.iter().enumerate() {
            text.push_str(&format!("{comment} LLVM-MCA-BEGIN {index}\n{}", region.preamble));
            for instruction in &region.instructions {
                text.push('\t');
                text.push_str(instruction);
                text.push('\n');
            }
            text.push_str(&format!("{comment} LLVM-MCA-END {index}\n"));
        }
        let report: McaReport = serde_json::from_str(&self.call(&text)?).map_err(|error| fail(&error.to_string()))?;
        if self.ports.is_empty() {
            self.ports = report.target_info.resources.iter().map(|name| readable(name)).collect();
        }
        let mut costs: Vec<Option<Cost>> = vec![None; regions.len()];
        for region in report.regions {
            let Some(index) = region.name.parse().ok().filter(|&index: &usize| index < regions.len()) else { continue };
            let modelled = region.instructions.len();
            let mut ports = vec![0.0; self.ports.len()];
            for usage in region.pressure.usages.iter().filter(|usage| usage.instruction == modelled) {
                if let Some(port) = ports.get_mut(usage.resource) {
                    *port = usage.cycles;
                }
            }
            costs[index] = Some(Cost {
                cycles: region.summary.cycles / f64::from(self.passes),
                ports,
                unmodelled: regions[index].instructions.len().saturating_sub(modelled) as u32,
            });
        }
        for (region, cost) in regions.iter().zip(costs) {
            // llvm-mca omits a region without any known instruction.
            let cost = cost.unwrap_or_else(|| Cost {
                cycles: 0.0,
                ports: vec![0.0; self.ports.len()],
                unmodelled: region.instructions.len() as u32,
            });
            self.known.insert((*region).clone(), Some(cost));
        }
        Ok(())
    }

    fn call(&self, text: &str) -> Result<String, Failure> {
        let mut child = Command::new(&self.program)
            .arg(format!("-mtriple={}", self.target.triple()))
            .arg(format!("-mcpu={}", self.target.cpu()))
            .arg(format!("-iterations={}", self.passes))
            .args(OPTIONS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| fail(&format!("{} does not start: {error}", self.program)))?;
        // llvm-mca reads all input before it writes, so this cannot block.
        let written = child.stdin.take().map(|mut input| input.write_all(text.as_bytes()));
        let output = child.wait_with_output().map_err(|error| fail(&error.to_string()))?;
        if !output.status.success() || !matches!(written, Some(Ok(()))) {
            return Err(fail(&format!("{} ended with {}", self.program, output.status)));
        }
        String::from_utf8(output.stdout).map_err(|error| fail(&error.to_string()))
    }
}

/// llvm-mca appends the index of a unit in its group as one character; replaces it by digits.
fn readable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { (c as u32).to_string() } else { c.to_string() }).collect()
}

fn fail(reason: &str) -> Failure {
    Failure { phase: Phase::Simulate, reason: reason.to_owned() }
}

/// llvm-mca's JSON output.
#[derive(Deserialize)]
struct McaReport {
    #[serde(rename = "CodeRegions", default)]
    regions: Vec<ReportedRegion>,
    #[serde(rename = "TargetInfo")]
    target_info: TargetInfo,
}

#[derive(Deserialize)]
struct TargetInfo {
    #[serde(rename = "Resources")]
    resources: Vec<String>,
}

#[derive(Deserialize)]
struct ReportedRegion {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Instructions")]
    instructions: Vec<serde::de::IgnoredAny>,
    #[serde(rename = "SummaryView")]
    summary: Summary,
    #[serde(rename = "ResourcePressureView")]
    pressure: ReportedPressure,
}

#[derive(Deserialize)]
struct Summary {
    #[serde(rename = "TotalCycles")]
    cycles: f64,
}

#[derive(Deserialize)]
struct ReportedPressure {
    #[serde(rename = "ResourcePressureInfo")]
    usages: Vec<Usage>,
}

/// Use of one resource by one instruction per pass; the index after the last instruction is the sum over all.
#[derive(Deserialize)]
struct Usage {
    #[serde(rename = "InstructionIndex")]
    instruction: usize,
    #[serde(rename = "ResourceIndex")]
    resource: usize,
    #[serde(rename = "ResourceUsage")]
    cycles: f64,
}
