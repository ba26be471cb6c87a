//! The closed form of an estimate: one [`Sample`] of inputs in, all outcomes out, nothing allocated.
//!
//! Rules, each as the publication's tables imply it:
//! - dies of a wafer are rounded down, good dies to the nearest whole (`whole_dies`);
//! - a system is bought complete: `chips * (die + package + memory + integration)`;
//! - non-recurring: design plus shared masks once plus per-chip masks once per chip; build = that plus all systems;
//! - a re-spin buys the per-chip masks again and rebuilds complete systems;
//! - builds follow one another every `1 / respins_per_year` years from the start, so re-spins = ceil(n * years) - 1;
//! - facility power is rounded to a multiple of `step_mw` before anything is computed from it;
//! - capital = build + network + infrastructure; spares (one per `systems_per_spare`, at least one) are maintenance;
//! - carbon = energy of all years at the grid's intensity plus every build of every module, spares left out.

use super::dies::{Wafer, Yield};
use super::inputs::{Input, Sample};

/// Everything that is not uncertain.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Chips of a system, each a variant of its own.
    pub chips: f64,
    /// Systems.
    pub systems: f64,
    /// Years of operation.
    pub years: f64,
    /// Re-spins over the years.
    pub respins: f64,
    /// Dies of a wafer, rounded as wanted.
    pub dies: f64,
    /// Whether good dies are rounded.
    pub whole_dies: bool,
    /// Area in which a defect kills a die, square centimetres.
    pub killing_cm2: f64,
    /// Yield.
    pub yield_model: Yield,
    /// Yield that replaces the model.
    pub yield_fixed: Option<f64>,
    /// Whether every variant buys whole wafers.
    pub whole_wafers: bool,
    /// Surcharge on the dies of a re-spin for wafers that were banked, share of the wafer's price.
    pub banking: f64,
    /// Shared layers' share of a mask set's price.
    pub shared_masks: f64,
    /// One chip's layers' share of a mask set's price.
    pub chip_masks: f64,
    /// Memory of a chip, gigabytes.
    pub memory_gb: f64,
    /// Processors that share a network node.
    pub processors_per_network: f64,
    /// Multiple to which facility power is rounded, megawatts; 0 does not round.
    pub step_mw: f64,
    /// Hours of a year.
    pub hours_per_year: f64,
    /// Systems that share a spare.
    pub systems_per_spare: f64,
    /// Tokens of all systems over all years, millions.
    pub million_tokens: f64,
}

macro_rules! outcomes {
    ($($name:ident $doc:literal;)*) => {
        /// What an estimate yields.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct Outcome {
            $(#[doc = $doc] pub $name: f64,)*
        }

        /// How many outcomes.
        pub const OUTCOMES: usize = [$($doc),*].len();

        impl Outcome {
            /// Names, in the order of [`Self::values`].
            pub const NAMES: [&'static str; OUTCOMES] = [$(stringify!($name)),*];

            /// All values.
            #[must_use]
            #[inline]
            pub fn values(&self) -> [f64; OUTCOMES] {
                [$(self.$name),*]
            }
        }
    };
}

outcomes! {
    yield_share "Share of good dies.";
    good_dies "Good dies of a wafer.";
    die_usd "Good die.";
    package_usd "Packaging and test of a chip.";
    memory_usd "Memory of a chip.";
    integration_usd "Integration of a chip.";
    system_usd "Recurring cost of a system.";
    mask_set_usd "Full mask set.";
    mask_shared_usd "Shared masks.";
    mask_per_chip_usd "Masks of one chip.";
    mask_all_chips_usd "Masks of all chips without the shared ones.";
    mask_total_usd "All masks of the first build.";
    design_usd "Design effort and licences.";
    nre_usd "Non-recurring cost of the first build.";
    build_usd "First build with all systems.";
    respin_usd "One re-spin with all systems.";
    facility_mw "Power of the facility.";
    infrastructure_usd "Network and infrastructure.";
    capex_usd "Build and infrastructure.";
    electricity_usd "Electricity over the years.";
    maintenance_usd "Spares.";
    tco_static_usd "Total cost over the years without re-spins.";
    tco_dynamic_usd "Total cost with the re-spins.";
    carbon_static_t "Carbon without re-spins.";
    carbon_dynamic_t "Carbon with the re-spins.";
    usd_per_million_tokens "Total cost with re-spins per million tokens.";
}

/// Facility power of `kw` of systems, megawatts, rounded to `step_mw`.
#[must_use]
#[inline]
pub fn facility_mw(kw: f64, pue: f64, step_mw: f64) -> f64 {
    let mw = kw * pue / 1e3;
    // The slack keeps 483.0 kW, computed as 482.999..., where it belongs.
    if step_mw > 0.0 { (mw / step_mw * (1.0 + 1e-12)).round() * step_mw } else { mw }
}

/// Re-spins when builds follow each other every `1 / per_year` years.
#[must_use]
pub fn respins(per_year: f64, years: f64) -> f64 {
    ((per_year * years - 1e-9).ceil() - 1.0).max(0.0)
}

impl Plan {
    /// Evaluates one sample.
    #[must_use]
    #[inline]
    pub fn evaluate(&self, s: &Sample) -> Outcome {
        let get = |input| s.get(input);
        let mut o = Outcome::default();
        self.dies_and_systems(s, &mut o);

        o.mask_set_usd = get(Input::MaskSetUsd);
        o.mask_shared_usd = o.mask_set_usd * self.shared_masks;
        o.mask_per_chip_usd = o.mask_set_usd * self.chip_masks;
        o.mask_all_chips_usd = o.mask_per_chip_usd * self.chips;
        o.mask_total_usd = o.mask_shared_usd + o.mask_all_chips_usd;
        o.design_usd =
            get(Input::ArchitectureUsd) + get(Input::VerificationUsd) + get(Input::PhysicalUsd) + get(Input::IpUsd);
        o.nre_usd = o.design_usd + o.mask_total_usd;
        o.build_usd = o.nre_usd + self.systems * o.system_usd;
        let banked = self.systems * self.chips * o.die_usd * self.banking;
        o.respin_usd = o.mask_all_chips_usd + self.systems * o.system_usd + banked;

        let processors = self.systems * self.chips;
        let kw = processors * get(Input::KwPerChip);
        o.facility_mw = facility_mw(kw, get(Input::Pue), self.step_mw);
        let networks = (processors / self.processors_per_network).ceil();
        o.infrastructure_usd = networks * get(Input::NetworkUsd) + o.facility_mw * get(Input::UsdPerMw);
        o.capex_usd = o.build_usd + o.infrastructure_usd;
        let kwh = o.facility_mw * 1e3 * self.hours_per_year * self.years;
        o.electricity_usd = kwh * get(Input::ElectricityUsd);
        o.maintenance_usd = (self.systems / self.systems_per_spare).ceil().max(1.0) * o.system_usd;
        o.tco_static_usd = o.capex_usd + o.electricity_usd + o.maintenance_usd;
        o.tco_dynamic_usd = o.tco_static_usd + self.respins * o.respin_usd;
        let build_t = processors * get(Input::ModuleKg) / 1e3;
        o.carbon_static_t = kwh * get(Input::GridKg) / 1e3 + build_t;
        o.carbon_dynamic_t = o.carbon_static_t + self.respins * build_t;
        o.usd_per_million_tokens = o.tco_dynamic_usd / self.million_tokens;
        o
    }

    #[inline]
    fn dies_and_systems(&self, s: &Sample, o: &mut Outcome) {
        let x = self.killing_cm2 * s.get(Input::Defects);
        o.yield_share = self.yield_fixed.unwrap_or_else(|| self.yield_model.share(x));
        let good = self.dies * o.yield_share;
        // Less than half a good die per wafer cannot be rounded to none: several wafers share one.
        o.good_dies = if self.whole_dies && good >= 0.5 { good.round() } else { good };
        let wafer = s.get(Input::WaferUsd);
        o.die_usd = if self.whole_wafers {
            (self.systems / o.good_dies).ceil() * wafer / self.systems
        } else {
            wafer / o.good_dies
        };
        o.package_usd = s.get(Input::PackageUsd) / o.good_dies;
        o.memory_usd = s.get(Input::MemoryUsd) * self.memory_gb;
        o.integration_usd = s.get(Input::IntegrationUsd);
        o.system_usd = self.chips * (o.die_usd + o.package_usd + o.memory_usd + o.integration_usd);
    }

    /// The geometry of `wafer` for a die, rounded as wanted.
    #[must_use]
    pub fn dies_of(wafer: &Wafer, die_mm2: f64, whole: bool) -> f64 {
        let dies = wafer.dies(die_mm2);
        if whole { dies.floor() } else { dies }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_follow_each_other_from_the_start() {
        for (per_year, years, expected) in
            [(1.0, 3.0, 2.0), (2.0, 3.0, 5.0), (0.0, 3.0, 0.0), (0.5, 3.0, 1.0), (1.0, 1.0, 0.0)]
        {
            assert_eq!(respins(per_year, years), expected, "{per_year} per year over {years}");
        }
    }

    #[test]
    fn facility_power_is_rounded_to_steps() {
        assert!((facility_mw(6.9, 1.4, 0.001) - 0.010).abs() < 1e-12);
        assert!((facility_mw(6.9, 1.4, 0.0) - 0.00966).abs() < 1e-12);
        assert!((facility_mw(345.0, 1.4, 0.001) - 0.483).abs() < 1e-12);
    }
}
