//! The blocks of a chip, each with an area and a power, and the events that take energy in them.

use crate::keyed;

keyed! {
    /// A block of a chip, in the order of Table 1 of the paper.
    enum Block;
    /// One value for each block of a chip.
    struct PerBlock;
    /// Hardwired-neuron array.
    HnArray => hn_array, "hardwired-neuron array";
    /// Vector unit.
    Vex => vex, "vector unit";
    /// Control unit.
    ControlUnit => control_unit, "control unit";
    /// Attention buffer.
    AttentionBuffer => attention_buffer, "attention buffer";
    /// Interconnect engine: controllers and physical layers of the links.
    InterconnectEngine => interconnect_engine, "interconnect engine";
    /// HBM physical layer.
    HbmPhy => hbm_phy, "HBM physical layer";
}

keyed! {
    /// An event that takes energy in one block.
    enum Event;
    /// One value for each kind of event, e.g. a count.
    struct Events;
    /// Weights times whole activations in the arrays.
    HnWeights => hn_weights, "weights times activations";
    /// Multiply-accumulates of attention plus elements of non-linear functions.
    VexOperations => vex_operations, "vector operations";
    /// Bytes read from the attention buffers.
    BufferBytes => buffer_bytes, "bytes read from attention buffers";
    /// Bytes sent on links.
    LinkBytes => link_bytes, "bytes sent on links";
    /// Bytes read from HBM.
    HbmBytes => hbm_bytes, "bytes read from HBM";
    /// Instructions issued.
    Steps => steps, "instructions issued";
}

/// How the area of a block changes from one process node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeScaling {
    /// With transistor density.
    Logic,
    /// With the area of an SRAM cell.
    Sram,
    /// Constant: analogue circuits of a physical layer. Energy per event and static power do not depend on node or clock
    /// either.
    Fixed,
}

impl Block {
    /// How its area changes between nodes.
    #[must_use]
    pub const fn scaling(self) -> NodeScaling {
        match self {
            Self::HnArray | Self::Vex | Self::ControlUnit => NodeScaling::Logic,
            Self::AttentionBuffer => NodeScaling::Sram,
            Self::InterconnectEngine | Self::HbmPhy => NodeScaling::Fixed,
        }
    }

    /// The event whose count times `energy.<block>.per_event` is its dynamic energy.
    #[must_use]
    pub const fn event(self) -> Event {
        match self {
            Self::HnArray => Event::HnWeights,
            Self::Vex => Event::VexOperations,
            Self::ControlUnit => Event::Steps,
            Self::AttentionBuffer => Event::BufferBytes,
            Self::InterconnectEngine => Event::LinkBytes,
            Self::HbmPhy => Event::HbmBytes,
        }
    }

    /// Documentation of `area.<block>`.
    pub(crate) const fn area_doc(self) -> &'static str {
        match self {
            Self::HnArray => "Hardwired-neuron array",
            Self::Vex => "Vector unit",
            Self::ControlUnit => "Control unit",
            Self::AttentionBuffer => "Attention buffer",
            Self::InterconnectEngine => "Interconnect engine",
            Self::HbmPhy => "HBM physical layer",
        }
    }

    /// Documentation of `energy.<block>.per_event`.
    pub(crate) const fn energy_doc(self) -> &'static str {
        match self {
            Self::HnArray => "Energy of one weight times one whole activation",
            Self::Vex => "Energy of one cached element times one query element, or one non-linear element",
            Self::ControlUnit => "Energy of one token-layer step issued",
            Self::AttentionBuffer => "Energy of one byte read or written",
            Self::InterconnectEngine => "Energy of one byte sent",
            Self::HbmPhy => "Energy of one byte read from HBM",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_belongs_to_one_block() {
        for event in Event::ALL {
            assert_eq!(Block::ALL.into_iter().filter(|block| block.event() == event).count(), 1, "{event:?}");
        }
    }

    #[test]
    fn keys_survive_serialization() {
        for block in Block::ALL {
            let text = serde_json::to_string(&block).unwrap();
            assert_eq!(text, format!("\"{}\"", block.name()));
            assert_eq!(serde_json::from_str::<Block>(&text).unwrap(), block);
        }
        assert!(serde_json::from_str::<Block>("\"hn_arrray\"").is_err());
        let values = PerBlock::from_fn(|block| block as u32);
        let text = serde_json::to_string(&values).unwrap();
        assert!(text.starts_with("{\"hn_array\":0,\"vex\":1,"), "{text}");
        assert_eq!(serde_json::from_str::<PerBlock<u32>>(&text).unwrap(), values);
    }
}
