//! Mappings of recent requests with their messages. Points of a sweep that differ only in what a mapping does not depend on
//! share one.

use std::sync::Arc;

use designs::{Design, Grid, MappingOptions, Model};

use crate::mapping::{Mapping, MappingError};
use crate::schedule::wires::{Messages, messages_of_plans};
use crate::units::interconnect::Packing;

/// Mappings that [`Mappings`] keeps.
const KEPT: usize = 8;

/// A mapping, the messages of its plans, and all that it was made from.
#[derive(Debug)]
pub struct Mapped {
    /// The mapping.
    pub mapping: Mapping,
    /// What the release of the model has for bits.
    pub(crate) released: String,
    /// Messages of its plans, the head's last.
    pub messages: Vec<Arc<Messages>>,
    packing: Packing,
    options: MappingOptions,
    capacity: u64,
    model: Model,
}

impl Mapped {
    fn new(design: &Design, model: &Model, grid: Grid) -> Result<Self, MappingError> {
        let mapping = Mapping::new(design, model, grid)?;
        let packing = Packing::new(&design.interconnect);
        Ok(Self {
            messages: messages_of_plans(&mapping, packing),
            released: model.release.describe(),
            packing,
            mapping,
            options: design.mapping.clone(),
            capacity: design.hn_array.weight_capacity,
            model: model.clone(),
        })
    }

    /// Whether it was made from the same inputs.
    fn of(&self, design: &Design, model: &Model, grid: Grid) -> bool {
        self.mapping.grid == grid
            && self.packing == Packing::new(&design.interconnect)
            && self.capacity == design.hn_array.weight_capacity
            && self.options == design.mapping
            && self.model == *model
    }
}

/// The mappings used last, the latest at the end.
#[derive(Debug, Default)]
pub struct Mappings {
    recent: Vec<Arc<Mapped>>,
}

impl Mappings {
    /// As [`Mapping::new`].
    ///
    /// # Errors
    /// As [`Mapping::new`].
    pub fn mapped(&mut self, design: &Design, model: &Model, grid: Grid) -> Result<Arc<Mapped>, MappingError> {
        let mapped = match self.recent.iter().rposition(|mapped| mapped.of(design, model, grid)) {
            Some(index) => self.recent.remove(index),
            None => Arc::new(Mapped::new(design, model, grid)?),
        };
        if self.recent.len() == KEPT {
            self.recent.remove(0);
        }
        self.recent.push(Arc::clone(&mapped));
        Ok(mapped)
    }
}
