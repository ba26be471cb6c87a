//! Interconnect engine and links: a directed link from every chip to every other chip of its row and of
//! its column.
//!
//! A link serializes payload at its byte clock, in order of arrival, and adds the hop latency. Flits,
//! headers and credits are below this level; [`crate::fabric`] models a routed fabric of that shape.

use designs::{Design, Grid};

use crate::engine::ClockDomain;

/// Shape and speed of the links.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Grid of chips.
    pub grid: Grid,
    /// Byte clock of a link.
    pub domain: ClockDomain,
    /// Bytes per second per direction.
    pub bytes_per_second: u64,
    /// Hop latency in cycles of the chip clock.
    pub hop: u64,
}

impl Spec {
    /// The links of `design` on `grid`.
    #[must_use]
    pub fn new(design: &Design, grid: Grid) -> Self {
        let bytes_per_second = design.interconnect.link_bandwidth.get();
        Self {
            grid,
            domain: ClockDomain::new(bytes_per_second, design.clock.hz()),
            bytes_per_second,
            hop: design.interconnect.hop_latency.cycles_at(design.clock).get(),
        }
    }

    /// Directed links of the whole grid.
    #[must_use]
    pub fn links(&self) -> usize {
        links(self.grid)
    }

    /// The chips a link connects.
    #[must_use]
    pub fn ends(&self, link: usize) -> (u32, u32) {
        let per_chip = links_per_chip(self.grid);
        let (from, offset) = (link as u32 / per_chip, link as u32 % per_chip);
        let (row, column) = (from / self.grid.columns, from % self.grid.columns);
        let unskip = |offset: u32, own: u32| if offset >= own { offset + 1 } else { offset };
        let to = if offset < self.grid.columns - 1 {
            row * self.grid.columns + unskip(offset, column)
        } else {
            unskip(offset - (self.grid.columns - 1), row) * self.grid.columns + column
        };
        (from, to)
    }
}

/// Directed links leaving one chip.
const fn links_per_chip(grid: Grid) -> u32 {
    grid.rows + grid.columns - 2
}

/// Directed links of a grid.
#[must_use]
pub fn links(grid: Grid) -> usize {
    (grid.chips() * links_per_chip(grid)) as usize
}

/// Index of the link between two chips of a common row or column: row peers first.
///
/// # Panics
/// If the chips share neither row nor column: mappings send along rows and columns only.
#[must_use]
pub fn link(grid: Grid, from: u32, to: u32) -> usize {
    let columns = grid.columns;
    let ((r, c), (s, d)) = ((from / columns, from % columns), (to / columns, to % columns));
    assert!((r == s) != (c == d), "no link from chip {from} to chip {to}");
    let skip = |peer: u32, own: u32| if peer > own { peer - 1 } else { peer };
    let offset = if r == s { skip(d, c) } else { columns - 1 + skip(s, r) };
    (from * links_per_chip(grid) + offset) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_numbered_without_gaps() {
        for (rows, columns) in [(4, 4), (1, 3), (5, 2), (1, 1)] {
            let grid = Grid { rows, columns };
            let spec = Spec { grid, domain: ClockDomain::REFERENCE, bytes_per_second: 1, hop: 0 };
            for link in 0..spec.links() {
                let (from, to) = spec.ends(link);
                assert_eq!(super::link(grid, from, to), link);
            }
        }
    }
}
