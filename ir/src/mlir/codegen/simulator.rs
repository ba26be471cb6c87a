//! Cycles and port use of basic blocks, by llvm-mca.
//!
//! Each block is simulated as if it repeated without end: cycles of a pass are those of all simulated passes
//! over their number. Blocks of many functions share one process, because starting it costs more than a small
//! block; blocks of equal text are simulated once. A call is assumed to take 100 cycles and every access to
//! hit the first-level cache: a static model.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::labels::{Failure, Phase, Settings, Target};

/// Options besides the target and the number of passes.
pub const OPTIONS: [&str; 3] = ["-json", "-instruction-info=false", "-skip-unsupported-instructions=any"];

/// What one pass over a block costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// Cycles of a pass.
    pub cycles: f64,
    /// Busy cycles of each port in a pass, in the order of [`Simulator::ports`].
    pub ports: Vec<f64>,
    /// Passes simulated.
    pub passes: u32,
    /// Instructions that the model does not know, which cost nothing here.
    pub unmodelled: u32,
}

/// A block as text: directives for the simulator, then instructions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    /// Lines that tell the simulator of state from before the block.
    pub preamble: String,
    /// Instructions, one a line.
    pub instructions: Vec<String>,
}

/// Costs of blocks on one target, remembered.
pub struct Simulator {
    program: String,
    target: Target,
    ports: Vec<String>,
    known: BTreeMap<(u32, Region), Option<Cost>>,
}

/// Blocks remembered at most; the memory is emptied when it is full.
const MOST_KNOWN: usize = 20_000;

/// The installed simulator that belongs to the LLVM linked here.
///
/// # Errors
/// None is installed.
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

/// Passes over a block of so many instructions.
#[must_use]
pub fn passes(settings: &Settings, instructions: usize) -> u32 {
    let [short, medium] = settings.mca_block_sizes;
    settings.mca_iterations[usize::from(instructions > short as usize) + usize::from(instructions > medium as usize)]
}

impl Simulator {
    /// A simulator of blocks for a target.
    #[must_use]
    pub fn new(program: &str, target: Target) -> Self {
        Self { program: program.to_owned(), target, ports: Vec::new(), known: BTreeMap::new() }
    }

    /// Names of the ports; known after the first run.
    #[must_use]
    pub fn ports(&self) -> &[String] {
        &self.ports
    }

    /// The cost of a block that was simulated; `None` if the simulator refused it.
    #[must_use]
    pub fn cost(&self, passes: u32, region: &Region) -> Option<&Cost> {
        // The key is owned; looking up by reference would need a copy of the text.
        self.known.get(&(passes, region.clone()))?.as_ref()
    }

    /// Simulates those of the blocks that are not known yet.
    ///
    /// # Errors
    /// The simulator cannot be started or fails.
    pub fn simulate(&mut self, regions: &[(u32, Region)]) -> Result<(), Failure> {
        if self.known.len() > MOST_KNOWN {
            self.known.clear();
        }
        let mut missing: BTreeMap<u32, Vec<&Region>> = BTreeMap::new();
        for (passes, region) in regions {
            if !region.instructions.is_empty() && !self.known.contains_key(&(*passes, region.clone())) {
                missing.entry(*passes).or_default().push(region);
            }
        }
        for (passes, mut regions) in missing {
            regions.sort_unstable();
            regions.dedup();
            self.run_all(passes, &regions)?;
        }
        Ok(())
    }

    /// Runs all at once; if that fails, by halves, so that one bad block spoils no other.
    fn run_all(&mut self, passes: u32, regions: &[&Region]) -> Result<(), Failure> {
        match self.run(passes, regions) {
            Ok(()) => Ok(()),
            Err(_) if regions.len() > 1 => {
                let (one, other) = regions.split_at(regions.len() / 2);
                self.run_all(passes, one)?;
                self.run_all(passes, other)
            }
            Err(failure) if self.ports.is_empty() => Err(failure),
            Err(_) => {
                self.known.insert((passes, regions[0].clone()), None);
                Ok(())
            }
        }
    }

    fn run(&mut self, passes: u32, regions: &[&Region]) -> Result<(), Failure> {
        let comment = if self.target == Target::NeoverseV1 { "//" } else { "#" };
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
        let answer: Answer =
            serde_json::from_str(&self.call(passes, &text)?).map_err(|error| fail(&error.to_string()))?;
        if self.ports.is_empty() {
            self.ports = answer.target_info.resources.iter().map(|name| readable(name)).collect();
        }
        let mut costs: Vec<Option<Cost>> = vec![None; regions.len()];
        for region in answer.regions {
            let Some(index) = region.name.parse().ok().filter(|&index: &usize| index < regions.len()) else { continue };
            let modelled = region.instructions.len();
            let mut ports = vec![0.0; self.ports.len()];
            for usage in region.pressure.usages.iter().filter(|usage| usage.instruction == modelled) {
                if let Some(port) = ports.get_mut(usage.resource) {
                    *port = usage.cycles;
                }
            }
            costs[index] = Some(Cost {
                cycles: region.summary.cycles / f64::from(passes),
                ports,
                passes,
                unmodelled: regions[index].instructions.len().saturating_sub(modelled) as u32,
            });
        }
        for (region, cost) in regions.iter().zip(costs) {
            // A region without any instruction that the model knows is missing from the answer.
            let cost = cost.unwrap_or_else(|| Cost {
                cycles: 0.0,
                ports: vec![0.0; self.ports.len()],
                passes,
                unmodelled: region.instructions.len() as u32,
            });
            self.known.insert((passes, (*region).clone()), Some(cost));
        }
        Ok(())
    }

    fn call(&self, passes: u32, text: &str) -> Result<String, Failure> {
        let mut child = Command::new(&self.program)
            .arg(format!("-mtriple={}", self.target.triple()))
            .arg(format!("-mcpu={}", self.target.cpu()))
            .arg(format!("-iterations={passes}"))
            .args(OPTIONS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| fail(&format!("{} does not start: {error}", self.program)))?;
        // It reads all input before it answers, so writing first cannot block.
        let written = child.stdin.take().map(|mut input| input.write_all(text.as_bytes()));
        let output = child.wait_with_output().map_err(|error| fail(&error.to_string()))?;
        if !output.status.success() || !matches!(written, Some(Ok(()))) {
            return Err(fail(&format!("{} ended with {}", self.program, output.status)));
        }
        String::from_utf8(output.stdout).map_err(|error| fail(&error.to_string()))
    }
}

/// LLVM numbers the units of a group by a character code; here by digits.
fn readable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { (c as u32).to_string() } else { c.to_string() }).collect()
}

fn fail(reason: &str) -> Failure {
    Failure { phase: Phase::Simulate, reason: reason.to_owned() }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "CodeRegions", default)]
    regions: Vec<AnsweredRegion>,
    #[serde(rename = "TargetInfo")]
    target_info: TargetInfo,
}

#[derive(Deserialize)]
struct TargetInfo {
    #[serde(rename = "Resources")]
    resources: Vec<String>,
}

#[derive(Deserialize)]
struct AnsweredRegion {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Instructions")]
    instructions: Vec<serde::de::IgnoredAny>,
    #[serde(rename = "SummaryView")]
    summary: Summary,
    #[serde(rename = "ResourcePressureView")]
    pressure: ResourcePressure,
}

#[derive(Deserialize)]
struct Summary {
    #[serde(rename = "TotalCycles")]
    cycles: f64,
}

#[derive(Deserialize)]
struct ResourcePressure {
    #[serde(rename = "ResourcePressureInfo")]
    usages: Vec<Usage>,
}

/// Usage of one resource by one instruction; the index after the last instruction stands for all of them.
#[derive(Deserialize)]
struct Usage {
    #[serde(rename = "InstructionIndex")]
    instruction: usize,
    #[serde(rename = "ResourceIndex")]
    resource: usize,
    #[serde(rename = "ResourceUsage")]
    cycles: f64,
}
