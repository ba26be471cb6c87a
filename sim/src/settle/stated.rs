//! What changes state that is otherwise scaled.

use designs::{Block, PerBlock};

/// Which of the values that follow from others are stated instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stated {
    /// `area.<block>`.
    pub area: PerBlock<bool>,
    /// `energy.<block>.static_power`.
    pub static_power: PerBlock<bool>,
    /// `energy.<block>.per_event`.
    pub per_event: PerBlock<bool>,
    /// `chip.voltage`.
    pub voltage: bool,
    /// `hn_array.weight_capacity`.
    pub weight_capacity: bool,
}

impl Stated {
    /// What the fields at `paths` state.
    pub fn of<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let mut stated = Self::default();
        paths.into_iter().for_each(|path| stated.mark(path));
        stated
    }

    /// Adds the field at `path`.
    pub fn mark(&mut self, path: &str) {
        let mut keys = path.split('.');
        match (keys.next(), keys.next(), keys.next()) {
            (Some("hn_array"), Some("weight_capacity"), None) => self.weight_capacity = true,
            (Some("chip"), Some("voltage"), None) => self.voltage = true,
            (Some("area"), Some(block), None) => set(&mut self.area, block),
            (Some("energy"), Some(block), Some("static_power")) => set(&mut self.static_power, block),
            (Some("energy"), Some(block), Some("per_event")) => set(&mut self.per_event, block),
            _ => {}
        }
    }
}

fn set(flags: &mut PerBlock<bool>, block: &str) {
    if let Some(block) = Block::from_name(block) {
        flags[block] = true;
    }
}
