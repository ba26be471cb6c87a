//! The units that are occupied in time, and the classes of time that a token spends at them.

use designs::{Event, keyed};

keyed! {
    /// A unit of the machine that serves requests first come, first served.
    enum Unit;
    /// One value for each unit.
    struct PerUnit;
    /// Hardwired-neuron array: one server per matrix (or expert), layer and chip.
    HnArray => hn_array, "HN array";
    /// Attention pipelines of the vector unit: one server per lane group and chip.
    VexAttention => vex_attention, "VEX attention";
    /// Pipelines of non-linear functions of the vector unit: one server per lane group and chip.
    VexNonlinear => vex_nonlinear, "VEX non-linear";
    /// Attention buffer: one server per chip.
    AttentionBuffer => attention_buffer, "attention buffer";
    /// HBM: one server per chip.
    Hbm => hbm, "HBM";
    /// Links: one server per directed link.
    Links => links, "links";
}

keyed! {
    /// Where a token's time goes; the classes of a token add up to its latency.
    enum Spent;
    /// One value for each class of time.
    struct PerSpent;
    /// Links, hops, and waiting for peers in collectives.
    Communication => communication, "communication";
    /// Passes of the hardwired-neuron array.
    Projection => projection, "projection";
    /// Non-linear functions.
    Nonlinear => nonlinear, "non-linear";
    /// Attention, including the time in which other tokens use the buffer's bandwidth.
    Attention => attention, "attention";
    /// Stall: data have not come from HBM, a part of the KV cache or a row of the embedding table.
    Memory => hbm, "HBM";
    /// Stall: another token occupies the array instance.
    ArrayBusy => hn_array_busy, "HN array busy";
    /// Stall: another token occupies the pipeline of the vector unit.
    VexBusy => vex_busy, "VEX busy";
    /// Stall: in prefill, an earlier token has not yet written its cache entry.
    Predecessor => predecessor, "predecessor";
    /// Stall: the control unit issues instructions of other tokens.
    IssueBusy => issue_busy, "issue busy";
}

/// What the servers of a unit belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Every layer and chip has its own, which work cycles of the chip clock.
    Layer,
    /// Every chip has some, which layers share in turn, and which work cycles of the chip clock.
    LaneGroup,
    /// Every chip has one for all layers, which moves the bytes that this event counts.
    Chip(Event),
    /// Every directed link is one, which moves bytes.
    Link,
}

impl Unit {
    /// Class of the time in which a token waits because other tokens occupy the unit.
    #[must_use]
    pub const fn waiting(self) -> Spent {
        match self {
            Self::HnArray => Spent::ArrayBusy,
            Self::VexAttention | Self::VexNonlinear => Spent::VexBusy,
            Self::AttentionBuffer => Spent::Attention,
            Self::Hbm => Spent::Memory,
            Self::Links => Spent::Communication,
        }
    }

    /// Whether each layer, lane group, chip or link has its own server.
    #[must_use]
    pub const fn sharing(self) -> Sharing {
        match self {
            Self::HnArray => Sharing::Layer,
            Self::VexAttention | Self::VexNonlinear => Sharing::LaneGroup,
            Self::AttentionBuffer => Sharing::Chip(Event::BufferBytes),
            Self::Hbm => Sharing::Chip(Event::HbmBytes),
            Self::Links => Sharing::Link,
        }
    }

    /// Whether it computes; the others move or hold data.
    #[must_use]
    pub const fn computes(self) -> bool {
        matches!(self.sharing(), Sharing::Layer | Sharing::LaneGroup)
    }
}

impl Spent {
    /// Whether it is a stall: no unit works for the token.
    #[must_use]
    pub const fn is_stall(self) -> bool {
        match self {
            Self::Communication | Self::Projection | Self::Nonlinear | Self::Attention => false,
            Self::Memory | Self::ArrayBusy | Self::VexBusy | Self::Predecessor | Self::IssueBusy => true,
        }
    }
}
