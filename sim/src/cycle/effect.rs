//! What fidelity `cycle` adds to fidelity `event`.

designs::keyed! {
    /// What `cycle` models and `event` does not.
    enum Effect;
    /// One value for each effect.
    struct PerEffect;
    /// Messages travel as packets in whole flits.
    Flits => flits, "flits";
    /// A flit needs a credit: a free place in the receive buffer of its link.
    Credits => credits, "credits";
    /// Partial sums pass the adders of the receiving port before they leave its buffer.
    Adders => adders, "adders";
    /// HBM is controllers, banks and rows with refresh; new entries of the cache are written.
    Dram => dram, "DRAM";
    /// The attention buffer is banks with addresses, without a fitted efficiency.
    Banks => banks, "banks";
    /// Streamed layers of the cache take space in the attention buffer until they have been read.
    Staging => staging, "staging";
    /// The control unit of a chip issues the instructions of all its tokens one after the other.
    Issue => issue, "instruction issue";
}

impl PerEffect<bool> {
    /// All effects.
    pub const ALL: Self =
        Self { flits: true, credits: true, adders: true, dram: true, banks: true, staging: true, issue: true };
    /// None of them: the event machine.
    pub const NONE: Self =
        Self { flits: false, credits: false, adders: false, dram: false, banks: false, staging: false, issue: false };

    /// The effects up to and including `last`, in the order of [`Effect::ALL`].
    #[must_use]
    pub fn up_to(last: Effect) -> Self {
        let reached = Effect::ALL.iter().position(|effect| *effect == last).expect("a member of all");
        Self::from_fn(|effect| Effect::ALL[..=reached].contains(&effect))
    }
}
