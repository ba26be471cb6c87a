//! The closed form of an estimate: from one [`Sample`] of inputs to all outcomes, without allocation.
//!
//! The rules follow the publication's tables:
//! - dies of a wafer are rounded down, good dies to the nearest whole (`whole_dies`);
//! - a system is bought complete: `chips * (die + package + memory + integration)`;
//! - non-recurring: design plus shared masks once plus per-chip masks once per chip; build = that plus all systems;
//! - a re-spin buys the per-chip masks again and rebuilds complete systems;
//! - builds follow one another every `1 / respins_per_year` years from the start, so re-spins = ceil(n * years) - 1;
//! - facility power is rounded to a multiple of `power_step` before anything is computed from it;
//! - capital = build + network + infrastructure; spares (one per `systems_per_spare`, at least one) are maintenance;
//! - carbon = energy of all years at the grid's intensity plus every build of every module, without spares.

use designs::{KgCo2e, KgPerKwh, Kilowatts, Megawatts, SquareCm, SquareMm, TonnesCo2e, Usd, UsdPerKwh, UsdPerMw};

use super::dies::{Wafer, Yield};
use super::inputs::{Input, Sample};

/// Everything that does not depend on an uncertain input.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Chips of a system, each a variant of its own.
    pub chips: f64,
    /// Number of systems.
    pub systems: f64,
    /// Years of operation.
    pub years: f64,
    /// Re-spins over the years.
    pub respins: f64,
    /// Dies of a wafer; whole if [`Self::whole_dies`].
    pub dies: f64,
    /// Whether good dies of a wafer are rounded to the nearest whole number.
    pub whole_dies: bool,
    /// Area in which a defect kills a die.
    pub killing_area: SquareCm,
    /// Yield model.
    pub yield_model: Yield,
    /// Share of good dies that replaces the model, 0 to 1.
    pub yield_fixed: Option<f64>,
    /// Whether whole wafers are bought for every chip variant.
    pub whole_wafers: bool,
    /// Surcharge on the dies of a re-spin for banked wafers, as a share of the wafer price.
    pub banking: f64,
    /// Shared layers' share of a mask set's price.
    pub shared_masks: f64,
    /// One chip's layers' share of a mask set's price.
    pub chip_masks: f64,
    /// Memory of a chip, gigabytes.
    pub memory_gb: f64,
    /// Processors that share a network node.
    pub processors_per_network: f64,
    /// Multiple to which facility power is rounded; 0 does not round.
    pub power_step: Megawatts,
    /// Hours of a year.
    pub hours_per_year: f64,
    /// Systems that share a spare.
    pub systems_per_spare: f64,
    /// Tokens of all systems over all years, millions.
    pub million_tokens: f64,
}

macro_rules! outcomes {
    ($($name:ident: $quantity:ident ($field:ident $number:path) $doc:literal;)*) => {
        /// What an estimate yields, in quantities.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct Costs {
            $(#[doc = $doc] pub $field: $quantity,)*
        }

        /// What an estimate yields, as numbers with the unit in the name.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct Outcome {
            $(#[doc = $doc] pub $name: f64,)*
        }

        /// Number of outcomes.
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

        impl From<Costs> for Outcome {
            #[inline]
            fn from(costs: Costs) -> Self {
                Self { $($name: $number(costs.$field)),* }
            }
        }
    };
}

outcomes! {
    yield_share: f64 (yield_share f64::from) "Share of good dies, 0 to 1.";
    good_dies: f64 (good_dies f64::from) "Good dies of a wafer.";
    die_usd: Usd (die Usd::usd) "Good die.";
    package_usd: Usd (package Usd::usd) "Packaging and test of a chip.";
    memory_usd: Usd (memory Usd::usd) "Memory of a chip.";
    integration_usd: Usd (integration Usd::usd) "Integration of a chip.";
    system_usd: Usd (system Usd::usd) "Recurring cost of a system.";
    mask_set_usd: Usd (mask_set Usd::usd) "Full mask set.";
    mask_shared_usd: Usd (mask_shared Usd::usd) "Shared masks.";
    mask_per_chip_usd: Usd (mask_per_chip Usd::usd) "Masks of one chip.";
    mask_all_chips_usd: Usd (mask_all_chips Usd::usd) "Masks of all chips without the shared ones.";
    mask_total_usd: Usd (mask_total Usd::usd) "All masks of the first build.";
    design_usd: Usd (design Usd::usd) "Design effort and licences.";
    nre_usd: Usd (nre Usd::usd) "Non-recurring cost of the first build.";
    build_usd: Usd (build Usd::usd) "First build with all systems.";
    respin_usd: Usd (respin Usd::usd) "One re-spin with all systems.";
    facility_mw: Megawatts (facility Megawatts::mw) "Power of the facility.";
    infrastructure_usd: Usd (infrastructure Usd::usd) "Network and infrastructure.";
    capex_usd: Usd (capex Usd::usd) "Build and infrastructure.";
    electricity_usd: Usd (electricity Usd::usd) "Electricity over the years.";
    maintenance_usd: Usd (maintenance Usd::usd) "Spares.";
    tco_static_usd: Usd (tco_static Usd::usd) "Total cost over the years without re-spins.";
    tco_dynamic_usd: Usd (tco_dynamic Usd::usd) "Total cost with the re-spins.";
    carbon_static_t: TonnesCo2e (carbon_static TonnesCo2e::t) "Carbon without re-spins.";
    carbon_dynamic_t: TonnesCo2e (carbon_dynamic TonnesCo2e::t) "Carbon with the re-spins.";
    usd_per_million_tokens: Usd (per_million_tokens Usd::usd) "Total cost with re-spins per million tokens.";
}

/// Facility power of systems that draw `systems`, rounded to a multiple of `step`.
#[must_use]
#[inline]
pub fn facility_power(systems: Kilowatts, pue: f64, step: Megawatts) -> Megawatts {
    let exact = (systems * pue).megawatts();
    // The slack keeps 483.0 kW, computed as 482.999..., where it belongs.
    if step.mw() > 0.0 { (exact / step * (1.0 + 1e-12)).round() * step } else { exact }
}

/// Re-spins when builds follow each other every `1 / per_year` years.
#[must_use]
pub fn respins(per_year: f64, years: f64) -> f64 {
    ((per_year * years - 1e-9).ceil() - 1.0).max(0.0)
}

/// Dies of one sample: share of good ones, good ones of a wafer, price of one.
struct Dies {
    yield_share: f64,
    good_dies: f64,
    die: Usd,
}

impl Plan {
    /// Evaluates one sample, as numbers.
    #[must_use]
    #[inline]
    pub fn evaluate(&self, s: &Sample) -> Outcome {
        self.costs(s).into()
    }

    /// Evaluates one sample.
    #[must_use]
    #[inline]
    pub fn costs(&self, s: &Sample) -> Costs {
        let Dies { yield_share, good_dies, die } = self.dies(s);
        let package = s.usd(Input::PackageUsd) / good_dies;
        let memory = s.usd(Input::MemoryUsd) * self.memory_gb;
        let integration = s.usd(Input::IntegrationUsd);
        let system = self.chips * (die + package + memory + integration);

        let mask_set = s.usd(Input::MaskSetUsd);
        let mask_shared = mask_set * self.shared_masks;
        let mask_per_chip = mask_set * self.chip_masks;
        let mask_all_chips = mask_per_chip * self.chips;
        let mask_total = mask_shared + mask_all_chips;
        let effort = [Input::ArchitectureUsd, Input::VerificationUsd, Input::PhysicalUsd, Input::IpUsd];
        let [architecture, verification, physical, ip] = effort.map(|input| s.usd(input));
        let design = architecture + verification + physical + ip;
        let nre = design + mask_total;
        let build = nre + self.systems * system;
        let banked = self.systems * self.chips * die * self.banking;
        let respin = mask_all_chips + self.systems * system + banked;

        let processors = self.systems * self.chips;
        let drawn = processors * Kilowatts::from_kw(s.get(Input::KwPerChip));
        let facility = facility_power(drawn, s.get(Input::Pue), self.power_step);
        let networks = (processors / self.processors_per_network).ceil();
        let infrastructure = networks * s.usd(Input::NetworkUsd) + facility * UsdPerMw::new(s.get(Input::UsdPerMw));
        let capex = build + infrastructure;
        let used = facility.over_hours(self.hours_per_year) * self.years;
        let electricity = used * UsdPerKwh::new(s.get(Input::ElectricityUsd));
        let maintenance = (self.systems / self.systems_per_spare).ceil().max(1.0) * system;
        let tco_static = capex + electricity + maintenance;
        let tco_dynamic = tco_static + self.respins * respin;

        let embodied = (processors * KgCo2e::from_kg(s.get(Input::ModuleKg))).tonnes();
        let operational = (used * KgPerKwh::new(s.get(Input::GridKg))).tonnes();
        let carbon_static = operational + embodied;
        Costs {
            yield_share,
            good_dies,
            die,
            package,
            memory,
            integration,
            system,
            mask_set,
            mask_shared,
            mask_per_chip,
            mask_all_chips,
            mask_total,
            design,
            nre,
            build,
            respin,
            facility,
            infrastructure,
            capex,
            electricity,
            maintenance,
            tco_static,
            tco_dynamic,
            carbon_static,
            carbon_dynamic: carbon_static + self.respins * embodied,
            per_million_tokens: tco_dynamic / self.million_tokens,
        }
    }

    #[inline]
    fn dies(&self, s: &Sample) -> Dies {
        let x = self.killing_area.cm2() * s.get(Input::Defects);
        let yield_share = self.yield_fixed.unwrap_or_else(|| self.yield_model.share(x));
        let good = self.dies * yield_share;
        // Less than half a good die per wafer cannot be rounded to none: several wafers share one.
        let good_dies = if self.whole_dies && good >= 0.5 { good.round() } else { good };
        let wafer = s.usd(Input::WaferUsd);
        let die = if self.whole_wafers {
            (self.systems / good_dies).ceil() * wafer / self.systems
        } else {
            wafer / good_dies
        };
        Dies { yield_share, good_dies, die }
    }

    /// Dies of `wafer` of area `die`; whole ones if `whole`.
    #[must_use]
    pub fn dies_of(wafer: &Wafer, die: SquareMm, whole: bool) -> f64 {
        let dies = wafer.dies(die);
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
        let facility = |kw, step| facility_power(Kilowatts::from_kw(kw), 1.4, Megawatts::from_mw(step)).mw();
        assert!((facility(6.9, 0.001) - 0.010).abs() < 1e-12);
        assert!((facility(6.9, 0.0) - 0.00966).abs() < 1e-12);
        assert!((facility(345.0, 0.001) - 0.483).abs() < 1e-12);
    }
}
