//! The masks of a machine: counts and cost units of the shared layers and of the layers that differ between chips.
//!
//! The price of a set is split by units (an EUV mask has the units of several immersion masks): a group of layers costs
//! `set price * units of the group / units of the set`. Shared layers are bought once, the others once per chip.

use designs::{Lithography, MaskStack};
use serde::Serialize;

/// Masks and cost units of one group of layers.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Group {
    /// Number of masks.
    pub masks: u32,
    /// EUV masks among them.
    pub euv_masks: u32,
    /// Cost in units of an immersion mask.
    pub units: f64,
}

impl Group {
    fn add(&mut self, masks: u32, lithography: Lithography, units: f64) {
        self.masks += masks;
        self.euv_masks += if lithography == Lithography::Euv { masks } else { 0 };
        self.units += f64::from(masks) * units;
    }
}

/// Masks by group.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct MaskBill {
    /// All layers.
    pub total: Group,
    /// Layers that all chips share.
    pub shared: Group,
    /// Layers of one chip.
    pub per_chip: Group,
    /// Names of the layers that differ between chips.
    pub per_chip_layers: Vec<String>,
}

impl MaskBill {
    /// The bill of `stack` when the `chosen` layers carry the weights.
    #[must_use]
    pub fn new(stack: &MaskStack, chosen: &[bool]) -> Self {
        assert_eq!(stack.layers.len(), chosen.len(), "one choice per layer");
        let mut bill = Self::default();
        for (layer, &per_chip) in stack.layers.iter().zip(chosen) {
            let group = if per_chip { &mut bill.per_chip } else { &mut bill.shared };
            group.add(layer.masks, layer.lithography, layer.units);
            bill.total.add(layer.masks, layer.lithography, layer.units);
            if per_chip {
                bill.per_chip_layers.push(layer.name.clone());
            }
        }
        bill
    }
}

/// Why a choice of layers carries no weights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WiringError {
    /// The published layers have no wires to compare with.
    #[error("the stack `{stack}` marks no wires with a pitch as per_chip")]
    NoPublishedWires {
        /// Mask stack.
        stack: String,
    },
    /// The chosen layers have neither wires nor vias between the published wires.
    #[error("weights cannot be carried by these layers alone; choose among {}", layers.join(", "))]
    NoWires {
        /// Layers of the stack that can carry weights.
        layers: Vec<String>,
    },
}

/// Growth of the array where fewer wires than published carry the weights (1 = as published).
///
/// The published array fills its routing tracks, so fewer tracks over the same weights need proportionally more area. An
/// embedding with vias only uses prefabricated wires, which hold `via_only_fill` times as much as custom wires. More
/// layers than published do not shrink the array, because cells bound it then.
///
/// # Errors
/// When the chosen layers carry neither wires nor vias between wires.
pub fn wiring_growth(stack: &MaskStack, chosen: &[bool], via_only_fill: f64) -> Result<f64, WiringError> {
    let tracks = |selected: &dyn Fn(usize) -> bool| -> f64 {
        let pitches = stack.layers.iter().enumerate().filter(|(i, _)| selected(*i)).filter_map(|(_, l)| l.pitch_nm);
        pitches.map(|pitch| 1.0 / pitch).sum()
    };
    let published = tracks(&|i| stack.layers[i].per_chip);
    let own = tracks(&|i| chosen[i]);
    if published == 0.0 {
        return Err(WiringError::NoPublishedWires { stack: stack.name.clone() });
    }
    if own > 0.0 {
        return Ok((published / own).max(1.0));
    }
    if (0..chosen.len()).any(|i| chosen[i] && stack.layers[i].per_chip) {
        return Ok(1.0 / via_only_fill);
    }
    let layers = stack.layers.iter().filter(|l| l.per_chip).map(|l| l.name.clone()).collect();
    Err(WiringError::NoWires { layers })
}
