//! Ways in which a fabric's state can contradict itself.

/// A contradiction in the state of a fabric: a damaged checkpoint, or a fault of the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorruptState {
    /// An array has another size than a new fabric gives it.
    #[error("{array} has {size} entries, not {expected}")]
    Size {
        /// Array.
        array: &'static str,
        /// Its entries.
        size: usize,
        /// Entries in a new fabric.
        expected: usize,
    },
    /// More packets than the model keeps.
    #[error("{packets} packets, at most {most}")]
    Packets {
        /// Packets.
        packets: usize,
        /// Most packets.
        most: usize,
    },
    /// A number points outside its array or range.
    #[error("{what} out of range")]
    OutOfRange {
        /// Which number.
        what: &'static str,
    },
    /// Flits appeared or disappeared.
    #[error("{injected} flits injected, but {delivered} delivered, {buffered} buffered and {travelling} on channels")]
    Flits {
        /// Flits that left their sources.
        injected: u64,
        /// Flits that reached their nodes.
        delivered: u64,
        /// Flits in input VCs.
        buffered: u64,
        /// Flits on channels.
        travelling: u64,
    },
    /// A channel carries two flits at once.
    #[error("two flits leave channel {channel} in the same cycle")]
    Channel {
        /// Channel.
        channel: usize,
    },
    /// A buffer holds more than its size.
    #[error("input VC {input} holds {flits} flits, its buffer {size}")]
    Overflow {
        /// Input VC.
        input: usize,
        /// Flits that it holds.
        flits: usize,
        /// Flits that fit.
        size: usize,
    },
    /// Credits and flits of an output VC do not add up to the buffer behind it.
    #[error("the places of output VC {vc} add up to {places}, not to {size}")]
    Credits {
        /// Output VC.
        vc: usize,
        /// Credits and flits.
        places: usize,
        /// Size of the buffer, flits.
        size: usize,
    },
    /// Two input VCs hold one output VC, or one holds an output VC of another port.
    #[error("router {router} output VC {output_vc} is held twice or wrongly")]
    HeldTwice {
        /// Router.
        router: usize,
        /// Output VC within the router.
        output_vc: u8,
    },
    /// A router's mask of free output VCs is wrong.
    #[error("router {router} counts free output VCs {counted:#x}, not {free:#x}")]
    FreeVcs {
        /// Router.
        router: usize,
        /// Its mask.
        counted: u64,
        /// Mask by the input VCs.
        free: u64,
    },
    /// An input VC is in another pipeline stage than its packets say.
    #[error("router {router} input VC {vc} is in the wrong stage")]
    Stage {
        /// Router.
        router: usize,
        /// Input VC within the router.
        vc: usize,
    },
    /// The numbers of packets in the fabric and in memory differ.
    #[error("{} packets created and not delivered, {} kept", count(*counted), count(alive.map(|n| n as u64)))]
    PacketCount {
        /// Packets created less packets delivered; `None` if more were delivered.
        counted: Option<u64>,
        /// Packets kept less free ones; `None` if more are free.
        alive: Option<usize>,
    },
    /// A source queue is a cycle, or has sent flits of no packet.
    #[error("the queue of node {node} is broken")]
    Queue {
        /// Node.
        node: usize,
    },
    /// A node's bit in the mask of waiting sources is wrong.
    #[error("node {node} has {packets} packets, its bit says otherwise")]
    BacklogBit {
        /// Node.
        node: usize,
        /// Packets in its queue.
        packets: usize,
    },
    /// The mask of waiting sources has another number of bits than there are queues with packets.
    #[error("{marked} nodes marked, {queued} queues")]
    Backlog {
        /// Bits.
        marked: usize,
        /// Queues with packets.
        queued: usize,
    },
}

fn count(packets: Option<u64>) -> String {
    packets.map_or("fewer than 0".to_owned(), |packets| packets.to_string())
}
