//! Why routed experts are whole or cut.

use designs::{Design, ExpertPlacement, Ffn, Model};
use serde::Serialize;

use super::{Mapping, MappingError, smallest_with};

/// How the routed experts of a mapping are placed, and what either way costs: every chip has masks of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpertChoice {
    /// Chips over which every expert is cut; 1 where experts are whole.
    pub chips_per_expert: u32,
    /// Chips of the smallest grid with whole experts; `None` if there is none.
    pub whole_chips: Option<u32>,
    /// Chips of the smallest grid with cut experts; `None` if there is none.
    pub cut_chips: Option<u32>,
    /// Why they are placed so.
    pub reason: String,
}

impl ExpertChoice {
    /// The choice that `mapping` made for `model` on `design`; `None` for a model without routed experts.
    ///
    /// # Errors
    /// When the design cannot hold the model for another reason than its size.
    pub fn new(design: &Design, model: &Model, mapping: &Mapping) -> Result<Option<Self>, MappingError> {
        if !model.layers.iter().any(|layer| matches!(layer.ffn, Ffn::Moe { .. })) {
            return Ok(None);
        }
        let chips = |placement| match smallest_with(design, model, placement) {
            Ok(grid) => Ok(Some(grid.chips())),
            Err(MappingError::NoGrid { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        let (whole_chips, cut_chips) = (chips(ExpertPlacement::Whole)?, chips(ExpertPlacement::Cut)?);
        let chips_per_expert = mapping.layers().map(|layer| layer.experts.chips_per_expert).max().unwrap_or(1).max(1);
        let placed = if chips_per_expert > 1 { "cut" } else { "whole" };
        let least = match (whole_chips, cut_chips) {
            (Some(whole), Some(cut)) => {
                format!("the smallest grid has {whole} chips with whole experts, {cut} chips with cut ones")
            }
            (None, Some(cut)) => format!("no grid holds whole ones, the smallest with cut ones has {cut} chips"),
            (Some(whole), None) => format!("no grid holds cut ones, the smallest with whole ones has {whole} chips"),
            (None, None) => "no near-square grid holds them".to_owned(),
        };
        let why = match design.mapping.experts {
            ExpertPlacement::Auto if chips_per_expert > 1 => "whole ones do not fit here",
            ExpertPlacement::Auto => "they fit here, and cutting them would save no chip of this grid",
            ExpertPlacement::Whole | ExpertPlacement::Cut => "mapping.experts says so",
        };
        let reason = format!("routed experts are {placed}: {why}; {least}");
        Ok(Some(Self { chips_per_expert, whole_chips, cut_chips, reason }))
    }

    /// Whether the placement decides on the number of chips.
    #[must_use]
    pub fn matters(&self) -> bool {
        self.whole_chips != self.cut_chips
    }
}
