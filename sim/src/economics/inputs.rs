//! The uncertain inputs of an estimate: ranges, and samples as plain arrays, so that sampling allocates nothing.

use designs::{Economics, Grade, Interval, ProcessNode, Provenance, Range, Usd};

use super::error::EconomicsError;
use crate::settle::Settled;
use crate::simulation::Simulation;

macro_rules! inputs {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {
        /// An uncertain input.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(usize)]
        pub enum Input {
            $($(#[$doc])* $name,)*
        }

        impl Input {
            /// All inputs in the order of declaration.
            pub const ALL: [Self; INPUTS] = [$(Self::$name),*];

            /// Dotted path in an economics file.
            #[must_use]
            pub fn path(self) -> &'static str {
                match self {
                    $(Self::$name => $path,)*
                }
            }
        }

        /// Number of inputs.
        pub const INPUTS: usize = [$($path),*].len();
    };
}

inputs! {
    /// Price of a processed wafer, USD.
    WaferUsd = "wafer.usd";
    /// Defects per square centimetre.
    Defects = "yield.defects_per_cm2";
    /// Price of a full mask set, USD.
    MaskSetUsd = "masks.set_usd";
    /// Packaging and test of all dies of a wafer, USD.
    PackageUsd = "package.usd_per_wafer";
    /// Memory, USD per gigabyte.
    MemoryUsd = "memory.usd_per_gb";
    /// Integration of a chip into the system, USD.
    IntegrationUsd = "integration.usd_per_chip";
    /// Architecture, USD per design.
    ArchitectureUsd = "design_effort.architecture_usd";
    /// Verification, USD per design.
    VerificationUsd = "design_effort.verification_usd";
    /// Physical design, USD per design.
    PhysicalUsd = "design_effort.physical_usd";
    /// Licensed blocks, USD per design.
    IpUsd = "design_effort.ip_usd";
    /// System power per chip, kilowatts.
    KwPerChip = "system.kw_per_chip";
    /// Facility power over system power, at least 1.
    Pue = "facility.pue";
    /// Infrastructure, USD per megawatt of facility power.
    UsdPerMw = "facility.usd_per_mw";
    /// Network, USD per network node.
    NetworkUsd = "facility.network_usd";
    /// Electricity, USD per kilowatt hour.
    ElectricityUsd = "facility.electricity_usd_per_kwh";
    /// Embodied carbon of a module, kilograms of CO2 equivalent.
    ModuleKg = "carbon.kg_per_module";
    /// Carbon of electricity, kilograms of CO2 equivalent per kilowatt hour.
    GridKg = "carbon.grid_kg_per_kwh";
}

/// One value per input, in the input's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample(pub [f64; INPUTS]);

impl Sample {
    /// The value of one input.
    #[must_use]
    #[inline]
    pub fn get(&self, input: Input) -> f64 {
        self.0[input as usize]
    }

    /// The value of an input that is an amount of money.
    #[must_use]
    #[inline]
    pub fn usd(&self, input: Input) -> Usd {
        Usd::from_usd(self.get(input))
    }
}

/// Ranges and origins of all inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// Range of every input, indexed by [`Input`].
    pub ranges: [Range; INPUTS],
    /// Origin of every input, indexed by [`Input`]; `None` where the file states none.
    pub provenance: Vec<Option<Provenance>>,
    /// Assumptions made while reading, one sentence each.
    pub notes: Vec<String>,
}

/// Growth of the design effort, which the economics state for the base of the machine.
///
/// All of it follows the cost of designing a large chip on a node; verification and physical design also grow with the area of
/// the chip, in proportion (assumed). Chips of a system differ in wires only, so their number does not matter. What an override
/// states is taken as stated.
struct Effort {
    node: f64,
    area: f64,
    stated: [bool; EFFORT.len()],
}

/// Inputs that are design effort.
const EFFORT: [Input; 4] = [Input::ArchitectureUsd, Input::VerificationUsd, Input::PhysicalUsd, Input::IpUsd];

impl Effort {
    fn new(e: &Economics, node: &ProcessNode, machine: &Settled) -> Result<Self, EconomicsError> {
        let stated = EFFORT.map(|input| e.provenance.get(input.path()).is_some_and(|p| p.grade == Grade::User));
        let here = node.design_usd.map(|usd| usd.middle());
        let growth = match here.zip(machine.base_design_usd) {
            _ if !machine.other_node => 1.0,
            Some((here, base)) => here / base,
            None if stated == [true; EFFORT.len()] => 1.0,
            None => {
                let path = EFFORT[stated.iter().position(|stated| !stated).unwrap_or(0)].path();
                return Err(EconomicsError::Missing {
                    node: node.name.clone(),
                    what: "cost of designing a chip",
                    path,
                });
            }
        };
        Ok(Self { node: growth, area: machine.layout.chip_mm2 / machine.base_chip_mm2, stated })
    }

    fn growth(&self, input: Input) -> f64 {
        let Some(index) = EFFORT.iter().position(|effort| *effort == input) else { return 1.0 };
        let area = matches!(input, Input::VerificationUsd | Input::PhysicalUsd);
        match self.stated[index] {
            true => 1.0,
            false if area => self.node * self.area,
            false => self.node,
        }
    }

    fn scaled(&self, input: Input, range: Range) -> Range {
        let growth = self.growth(input);
        if growth == 1.0 { range } else { range.times(growth) }
    }

    fn note(&self, node: &ProcessNode) -> Option<String> {
        let changed = EFFORT.iter().any(|input| (self.growth(*input) - 1.0).abs() > 1e-9);
        changed.then(|| {
            format!(
                "design effort is scaled by {:.3} for {} (cost of a large design), verification and physical design also by \
                 {:.3} for the area of the chip",
                self.node, node.name, self.area
            )
        })
    }
}

/// Says that the priced power is stated, and what the simulation gives.
fn stated_power(stated: Range, machine: &Settled, simulation: Option<&Simulation>) -> String {
    let chips = f64::from(machine.layout.grid.chips());
    let ends = if stated.low == stated.high {
        format!("{:.3}", stated.low * chips)
    } else {
        format!("{:.3} to {:.3}", stated.low * chips, stated.high * chips)
    };
    let simulated = simulation.map_or(String::new(), |s| format!("; the simulation gives {:.3} kW", s.system_power_kw));
    format!("priced is system.kw_per_chip as stated, {ends} kW of the system{simulated}")
}

/// Upper end over lower end of a value that is published as "more than" only; assumed.
const OPEN_END: f64 = 1.5;

impl Inputs {
    /// Inputs from an economics file; wafer price, mask-set price and defects from the node where the file has none.
    ///
    /// # Errors
    /// When neither gives a wafer price, a mask-set price or a defect density; when the power is neither simulated nor stated.
    pub fn new(
        economics: &Economics,
        node: &ProcessNode,
        machine: &Settled,
        simulation: Option<&Simulation>,
    ) -> Result<Self, EconomicsError> {
        let e = economics;
        let mut notes = Vec::new();
        let missing = |what, path| EconomicsError::Missing { node: node.name.clone(), what, path };
        let mut closed = |interval: Option<Interval>, what: &str| {
            interval.map(|i| {
                let high = i.high.unwrap_or_else(|| {
                    notes.push(format!(
                        "{what} of {} is known from below only; its upper end is taken as {OPEN_END} times that",
                        node.name
                    ));
                    i.low * OPEN_END
                });
                Range { low: i.low, mode: None, high }
            })
        };
        let wafer = e.wafer_usd.or_else(|| closed(node.wafer_usd, "the wafer price"));
        let mask_set = e.mask_set_usd.or_else(|| closed(node.mask_set_usd, "the price of a mask set"));
        let defects = e.defects_per_cm2.or(node.defect_density_per_cm2.map(Range::point));
        // A fixed yield replaces the yield model, so the defect density is not needed.
        let defects = defects.or(e.yield_fixed.map(|_| Range::point(0.0)));
        let power = match (e.kw_per_chip, simulation) {
            (Some(stated), simulation) => {
                notes.push(stated_power(stated, machine, simulation));
                stated
            }
            (None, Some(s)) => e.power_ratio.unwrap_or(Range::point(1.0)).times(s.system_power_kw / f64::from(s.chips)),
            (None, None) => return Err(EconomicsError::NoPower),
        };
        let effort = Effort::new(e, node, machine)?;
        notes.extend(effort.note(node));
        let ranges = [
            wafer.ok_or_else(|| missing("wafer price", Input::WaferUsd.path()))?,
            defects.ok_or_else(|| missing("defect density", Input::Defects.path()))?,
            mask_set.ok_or_else(|| missing("price of a mask set", Input::MaskSetUsd.path()))?,
            e.package_usd_per_wafer,
            e.memory_usd_per_gb,
            e.integration_usd,
            effort.scaled(Input::ArchitectureUsd, e.architecture_usd),
            effort.scaled(Input::VerificationUsd, e.verification_usd),
            effort.scaled(Input::PhysicalUsd, e.physical_usd),
            effort.scaled(Input::IpUsd, e.ip_usd),
            power,
            e.pue,
            e.infrastructure_usd_per_mw,
            e.network_usd,
            e.electricity_usd_per_kwh,
            e.module_kg,
            e.grid_kg_per_kwh,
        ];
        let simulated = |s: &Simulation| Provenance {
            source: format!(
                "simulated power by area and activity, {} discipline, times system.power_ratio",
                s.discipline
            ),
            grade: Grade::Derived,
            year: None,
        };
        let provenance = Input::ALL.map(|input| {
            if input == Input::KwPerChip && e.kw_per_chip.is_none() {
                return simulation.map(simulated);
            }
            let own = e.provenance.get(input.path());
            let of_node = match input {
                Input::WaferUsd => node.provenance.get("wafer_usd"),
                Input::Defects => node.provenance.get("defect_density_per_cm2"),
                Input::MaskSetUsd => node.provenance.get("mask_set_usd"),
                _ => None,
            };
            let mut origin = own.or(of_node).cloned();
            if let Some(origin) = origin.as_mut().filter(|_| effort.growth(input) != 1.0) {
                origin.source.push_str("; scaled to node and chip");
                origin.grade = Grade::Derived;
            }
            origin
        });
        Ok(Self { ranges, provenance: provenance.into(), notes })
    }

    /// Every input at the same quantile, 0 (optimistic) to 1 (pessimistic).
    #[must_use]
    pub fn at(&self, share: f64) -> Sample {
        Sample(self.ranges.map(|range| range.quantile(share)))
    }

    /// Paths of the inputs whose grade is unconfirmed.
    #[must_use]
    pub fn unconfirmed(&self) -> Vec<String> {
        let graded = Input::ALL.iter().zip(&self.provenance);
        graded
            .filter(|(_, p)| p.as_ref().is_some_and(|p| p.grade == Grade::Unconfirmed))
            .map(|(input, _)| input.path().to_owned())
            .collect()
    }
}
