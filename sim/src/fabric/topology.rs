//! Ports, channels and minimal routes of the R x C row/column fully connected grid.
//!
//! Ports of a router: 0 to its node, then C - 1 to the other routers of its row in column order, then R - 1 to the
//! other routers of its column in row order. A port is both an input and an output; the channel out of port p of router
//! a and the channel into it join the same two routers. Routers are numbered row by row. Delays are in cycles and as
//! the module header defines them: from winning the switch to the next buffer, and back to the credit counter.

use super::spec::{ChannelLatency, LOCAL_CHANNEL_CYCLES, Spec};

/// The two channels at one port.
#[derive(Clone, Copy, Debug)]
pub struct Port {
    /// VC 0 at the other end: where flits go and where credits count. An input VC, or one of the node's behind those.
    pub other_end: u32,
    /// Cycles from winning the switch towards this output to the next buffer.
    pub flit_delay: u32,
    /// Cycles from winning the switch at this input to the credit's arrival upstream.
    pub credit_delay: u32,
}

/// Constant tables of one fabric.
#[derive(Clone, Debug)]
pub struct Topology {
    /// Routers, and nodes.
    pub nodes: usize,
    /// Ports per router.
    pub ports: usize,
    /// Virtual channels per port.
    pub vcs: usize,
    /// Input VCs per router (ports x VCs).
    pub input_vcs: usize,
    columns: usize,
    row_of: Vec<u8>,
    column_of: Vec<u8>,
    /// Router of an input VC, by global input VC index.
    pub router_of: Vec<u16>,
    /// Port of an input VC, by index within the router.
    pub port_of: Vec<u8>,
    /// By global port index (router x ports + port).
    pub channels: Vec<Port>,
    /// Output VC of port 0 that a node's VC belongs to, by node x VCs + VC.
    pub ejection_vc: Vec<u32>,
    /// Slots of the event wheels: a power of two above every delay.
    pub wheel: usize,
}

impl Topology {
    /// Builds the tables of a validated spec.
    pub fn new(spec: &Spec) -> Self {
        let (nodes, ports, vcs) = (spec.nodes() as usize, spec.ports() as usize, spec.virtual_channels as usize);
        let (columns, input_vcs) = (spec.columns as usize, ports * vcs);
        // Port 0 is right for the node; `connect` sets the others.
        let to_node = |port: usize| Port {
            other_end: (nodes * input_vcs + port / ports * vcs) as u32,
            flit_delay: 2 + LOCAL_CHANNEL_CYCLES,
            credit_delay: 1 + LOCAL_CHANNEL_CYCLES,
        };
        let mut topology = Topology {
            nodes,
            ports,
            vcs,
            input_vcs,
            columns,
            row_of: (0..nodes).map(|r| (r / columns) as u8).collect(),
            column_of: (0..nodes).map(|r| (r % columns) as u8).collect(),
            router_of: (0..nodes * input_vcs).map(|i| (i / input_vcs) as u16).collect(),
            port_of: (0..input_vcs).map(|i| (i / vcs) as u8).collect(),
            channels: (0..nodes * ports).map(to_node).collect(),
            ejection_vc: (0..nodes * vcs).map(|i| (i / vcs * input_vcs + i % vcs) as u32).collect(),
            wheel: 0,
        };
        topology.connect(spec);
        let longest = topology.channels.iter().map(|port| port.flit_delay).max().unwrap_or(0);
        topology.wheel = (longest as usize + 1).next_power_of_two();
        topology
    }

    /// Joins the ports of every two routers that share a row or a column.
    fn connect(&mut self, spec: &Spec) {
        let mut link: u64 = 0;
        for from in 0..self.nodes {
            for to in 0..self.nodes {
                if from == to || (self.row_of[from] != self.row_of[to] && self.column_of[from] != self.column_of[to]) {
                    continue;
                }
                let out = from * self.ports + self.output_port(from, to, false);
                let back = to * self.ports + self.output_port(to, from, false);
                let steps =
                    self.row_of[from].abs_diff(self.row_of[to]) + self.column_of[from].abs_diff(self.column_of[to]);
                let base = match spec.channel {
                    ChannelLatency::GridDistance => u32::from(steps),
                    ChannelLatency::Uniform(cycles) => cycles,
                };
                let share = |links: u64| links * u64::from(spec.extra_hop.num) / u64::from(spec.extra_hop.den);
                let latency = base + (share(link + 1) - share(link)) as u32;
                link += 1;
                self.channels[out].other_end = (back * self.vcs) as u32;
                self.channels[out].flit_delay = 2 + latency;
                self.channels[back].credit_delay = 1 + latency;
            }
        }
    }

    /// Output port at `router` for a packet to `destination`; the two orders differ only where both the row and the
    /// column are still to be crossed.
    pub fn output_port(&self, router: usize, destination: usize, column_first: bool) -> usize {
        let (row, to_row) = (self.row_of[router] as usize, self.row_of[destination] as usize);
        let (column, to_column) = (self.column_of[router] as usize, self.column_of[destination] as usize);
        if column != to_column && !(column_first && row != to_row) {
            1 + to_column - usize::from(to_column > column)
        } else if row != to_row {
            self.columns + to_row - usize::from(to_row > row)
        } else {
            0
        }
    }

    /// Cycles from one end of a node's channel to the other, for a flit sent or a credit returned by the node.
    pub fn local_delay(&self) -> u32 {
        1 + LOCAL_CHANNEL_CYCLES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_pair_up_and_paths_take_at_most_two_hops() {
        for (rows, columns) in [(4, 4), (2, 3), (1, 4), (16, 16)] {
            let t = Topology::new(&Spec { rows, columns, ..Spec::default() });
            let peer = |port: usize| t.channels[port].other_end as usize / t.vcs;
            for port in 0..t.nodes * t.ports {
                match port % t.ports {
                    0 => assert_eq!(peer(port), t.nodes * t.ports + port / t.ports, "port 0 leads to the node"),
                    _ => assert_eq!(peer(peer(port)), port),
                }
            }
            for (from, to, column_first) in
                (0..t.nodes).flat_map(|a| (0..t.nodes).flat_map(move |b| [(a, b, false), (a, b, true)]))
            {
                let mut at = from;
                let mut hops = 0;
                while at != to {
                    at = peer(at * t.ports + t.output_port(at, to, column_first)) / t.ports;
                    hops += 1;
                }
                let far = u32::from(t.row_of[from] != t.row_of[to]) + u32::from(t.column_of[from] != t.column_of[to]);
                assert_eq!(hops, far);
                assert_eq!(t.output_port(to, to, column_first), 0);
            }
        }
    }

    #[test]
    fn extra_cycles_spread_to_their_mean() {
        let plain = Topology::new(&Spec::default());
        let extra = Topology::new(&Spec { extra_hop: super::super::Ratio { num: 2, den: 3 }, ..Spec::default() });
        let sum = |t: &Topology| t.channels.iter().map(|port| port.flit_delay).sum::<u32>();
        // 96 channels of mean length 5/3, 16 ports to nodes.
        assert_eq!(sum(&plain), 96 * 2 + 96 * 5 / 3 + 16 * 3);
        assert_eq!(sum(&extra), sum(&plain) + 96 * 2 / 3);
    }
}
