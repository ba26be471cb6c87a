//! Interconnect engine and links: a directed link from every chip to every other chip of its row and of
//! its column.
//!
//! A link serializes the bytes that it carries at its byte clock, in order of arrival, and adds the hop latency. With framing
//! a message travels as packets in flits of its own, so it carries [`Packing::carried`] bytes, and the credits of a receive buffer
//! bound the rate. [`crate::fabric`] models a routed fabric of that shape flit by flit.

use designs::{Design, Framing, Grid, Interconnect};

use crate::engine::ClockDomain;

/// Shape and speed of the links.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Grid of chips.
    pub grid: Grid,
    /// Byte clock of a link.
    pub domain: ClockDomain,
    /// Bytes per second per direction, framing included.
    pub bytes_per_second: u64,
    /// Hop latency in cycles of the chip clock.
    pub hop: u64,
    /// What a message carries besides its payload.
    pub packing: Packing,
}

/// Bytes that a message of a given payload puts on a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// The payload alone.
    Payload,
    /// Packets in flits.
    Flits {
        /// Bytes of a flit.
        flit: u64,
        /// Bytes of packets in a flit.
        flit_payload: u64,
        /// Most bytes of payload in a packet.
        packet: u64,
        /// Bytes of a packet's header.
        header: u64,
    },
}

impl Packing {
    /// The packing of links with these settings.
    #[must_use]
    pub fn new(links: &Interconnect) -> Self {
        match links.framing {
            Framing::None => Self::Payload,
            Framing::Flits => Self::Flits {
                flit: links.flit_bytes.into(),
                flit_payload: links.flit_payload.into(),
                packet: links.packet_payload.into(),
                header: links.packet_header.into(),
            },
        }
    }

    /// Bytes on the link of a message of `payload` bytes. The last packet has the payload that is left, and the last flit is sent
    /// as soon as the message ends.
    #[inline]
    #[must_use]
    pub fn carried(self, payload: u64) -> u64 {
        match self {
            Self::Payload => payload,
            Self::Flits { flit, flit_payload, packet, header } => {
                let bytes = payload + payload.div_ceil(packet) * header;
                bytes.div_ceil(flit_payload) * flit
            }
        }
    }
}

/// Bytes per second that the credits of a receive buffer allow: the buffer's bytes in a round trip, which is two hops and the
/// transfer of a flit. A message that fits in the buffer is not slowed on an idle link; it is charged this rate nevertheless.
fn sustained(links: &Interconnect) -> u64 {
    let full = links.link_bandwidth.get();
    if links.framing == Framing::None {
        return full;
    }
    let round_trip = 2.0 * links.hop_latency.s() + f64::from(links.flit_bytes) / full as f64;
    full.min((links.receive_buffer.get() as f64 / round_trip) as u64).max(1)
}

impl Spec {
    /// The links of `design` on `grid`.
    #[must_use]
    pub fn new(design: &Design, grid: Grid) -> Self {
        let bytes_per_second = sustained(&design.interconnect);
        Self {
            grid,
            domain: ClockDomain::new(bytes_per_second, design.clock.hz()),
            bytes_per_second,
            hop: design.interconnect.hop_latency.cycles_at(design.clock).get(),
            packing: Packing::new(&design.interconnect),
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
            let packing = Packing::Payload;
            let spec = Spec { grid, domain: ClockDomain::REFERENCE, bytes_per_second: 1, hop: 0, packing };
            for link in 0..spec.links() {
                let (from, to) = spec.ends(link);
                assert_eq!(super::link(grid, from, to), link);
            }
        }
    }
}
