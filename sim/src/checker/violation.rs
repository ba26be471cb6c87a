//! Broken laws, with what was found and what the law expects.

use crate::schedule::trace::Place;
use crate::units::Unit;

/// The laws of a run; see [the checker](super) for what each of them states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// Servers: exclusive use, first-come first-served, no waste, exact completion.
    Server,
    /// Bytes on links are those of the collectives.
    Bytes,
    /// Weights, experts, positions, elements and streamed bytes are those of the mapping.
    Operations,
    /// A chip continues when everything it waits for is there: no cycle earlier, no cycle later.
    Causality,
    /// Accounts and counters add up.
    Accounts,
}

/// A server of the machine: unit, and index among its kind.
pub type ServerId = (Unit, usize);

/// A token of a sequence in one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenLayer {
    /// Sequence in flight.
    pub sequence: u32,
    /// Tokens that the sequence had finished before this one.
    pub token: u64,
    /// Layer, the head last.
    pub layer: u32,
}

impl std::fmt::Display for TokenLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Self { sequence, token, layer } = self;
        write!(f, "sequence {sequence}, token {token}, layer {layer}")
    }
}

/// An exchange of a token: transfers that start together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExchangeId {
    /// Token and layer.
    pub at: TokenLayer,
    /// Index among the exchanges of the layer.
    pub exchange: usize,
}

impl std::fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "exchange {} of {}", self.exchange, self.at)
    }
}

/// A counter of [`crate::schedule::machine::Activity`] that the checker adds up itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// Weights used by passes of the array.
    HnWeights,
    /// Multiply-accumulates and elements of the vector unit.
    VexOperations,
    /// Bytes read from the attention buffers.
    BufferBytes,
    /// Bytes on links.
    LinkBytes,
    /// Bytes streamed from HBM.
    HbmBytes,
    /// Cycles of all tokens by class, which add up to their latencies.
    CyclesByClass,
}

/// A broken law. Times are cycles of the chip clock unless the server's own domain is said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A request ends before its work fits in.
    #[error("{server:?} for {place:?}: {work} cycles of work end at cycle {end}")]
    MoreWorkThanTime {
        /// Server.
        server: ServerId,
        /// Requester.
        place: Place,
        /// Work, own cycles.
        work: u64,
        /// End, own cycles.
        end: u64,
    },
    /// A request is recorded after a later one.
    #[error("{server:?} for {place:?}: requested at {now}, after a request at {before}")]
    RequestOrder {
        /// Server.
        server: ServerId,
        /// Requester.
        place: Place,
        /// Time of the request.
        now: u64,
        /// Time of the request before.
        before: u64,
    },
    /// A server serves two requests at once.
    #[error("{server:?} for {place:?}: starts at own cycle {start}, occupied until {free}")]
    Overlap {
        /// Server.
        server: ServerId,
        /// Requester.
        place: Place,
        /// Start, own cycles.
        start: u64,
        /// End of the request before, own cycles.
        free: u64,
    },
    /// Flits and their waits for credits take another time than the message occupied its link for.
    #[error("{server:?} for {place:?}: occupied for {found} own cycles, not {expected}")]
    Occupied {
        /// Server.
        server: ServerId,
        /// Requester.
        place: Place,
        /// Own cycles found.
        found: u64,
        /// Own cycles expected.
        expected: u64,
    },
    /// A server starts before the request.
    #[error("{server:?} for {place:?}: starts at own cycle {start}, requested at {earliest}")]
    StartsEarly {
        /// Server.
        server: ServerId,
        /// Requester.
        place: Place,
        /// Start, own cycles.
        start: u64,
        /// First own cycle at or after the request.
        earliest: u64,
    },
    /// A server idles while a request waits.
    #[error("{server:?} for {place:?}: idles until own cycle {start}, could start at {possible}")]
    Idles {
        /// Server.
        server: ServerId,
        /// Requester.
        place: Place,
        /// Start, own cycles.
        start: u64,
        /// First own cycle at which the server was free and the request made.
        possible: u64,
    },
    /// A result is there at another cycle than the end of service plus the unit's latency.
    #[error("{server:?} for {place:?}: result at {done}, expected at {expected}")]
    Completion {
        /// Server.
        server: ServerId,
        /// Requester.
        place: Place,
        /// Time of the result.
        done: u64,
        /// Time by the law.
        expected: u64,
    },
    /// A pass of the array has no depth.
    #[error("{server:?} for {place:?}: result at {done}, not after the end of service at {end}")]
    NoDepth {
        /// Server.
        server: ServerId,
        /// Requester.
        place: Place,
        /// Time of the result.
        done: u64,
        /// End of service.
        end: u64,
    },
    /// A chip uses a link of another chip.
    #[error("{place:?} sends on link {link}, which starts at chip {sender}")]
    ForeignLink {
        /// Sender.
        place: Place,
        /// Link.
        link: usize,
        /// Chip at which the link starts.
        sender: u32,
    },
    /// A chip sends during an instruction that exchanges nothing.
    #[error("{place:?} sends, but its instruction exchanges nothing")]
    SendsOutsideExchange {
        /// Sender.
        place: Place,
    },
    /// Messages and link transfers of an exchange differ.
    #[error("{exchange}: messages take {messages} bytes in all, links carry {links}, or their pairs of chips differ")]
    MessagesDifferFromLinks {
        /// Exchange.
        exchange: ExchangeId,
        /// Bytes of all messages.
        messages: u64,
        /// Bytes on all links.
        links: u64,
    },
    /// Fewer bytes go to the owner of the new cache entry than the entry has.
    #[error("{exchange}: {carried} bytes from chip {from} to chip {to}, {entry} expected for the cache alone")]
    CacheEntry {
        /// Exchange.
        exchange: ExchangeId,
        /// Sending chip.
        from: u32,
        /// Receiving chip.
        to: u32,
        /// Bytes carried.
        carried: u64,
        /// Bytes of the cache entry.
        entry: u64,
    },
    /// The bytes of an exchange along rows or columns are not those of its collectives.
    #[error("{exchange}: {found} bytes in one direction of the grid, expected {expected}")]
    ExchangeBytes {
        /// Exchange.
        exchange: ExchangeId,
        /// Bytes on links.
        found: u64,
        /// Bytes of the collectives.
        expected: u64,
    },
    /// A link carries more or less than any member's link in its collectives.
    #[error("{exchange}: link {rank} by load of chip {chip} carries {load} bytes, expected {low} to {high}")]
    LinkLoad {
        /// Exchange.
        exchange: ExchangeId,
        /// Sending chip.
        chip: u32,
        /// Rank among the chip's links of this direction, the fullest first.
        rank: usize,
        /// Bytes carried.
        load: u64,
        /// Fewest bytes expected.
        low: u64,
        /// Most bytes expected.
        high: u64,
    },
    /// An instruction uses a unit that it has no use for.
    #[error("{place:?} uses {unit:?}")]
    UnexpectedUnit {
        /// Requester.
        place: Place,
        /// Unit.
        unit: Unit,
    },
    /// An instruction requests other work from a unit than the mapping says.
    #[error("{place:?}: requests of {found:?} own cycles to {unit:?}, expected one of {expected}")]
    UnitWork {
        /// Requester.
        place: Place,
        /// Unit.
        unit: Unit,
        /// Work of every request, own cycles.
        found: Vec<u64>,
        /// Work of the only request expected, own cycles.
        expected: u64,
    },
    /// The program has no pass of the array where the mapping has one.
    #[error("{place:?}: the program has no array pass here")]
    NoPass {
        /// Place.
        place: Place,
    },
    /// A pass has other cycles than its matrix, or belongs to no matrix of the instruction.
    #[error("{place:?}: pass of {found:?} (serial, depth) cycles, expected {expected:?}")]
    PassCycles {
        /// Place.
        place: Place,
        /// Serial cycles and depth.
        found: (u64, u64),
        /// Those of the matrix; `None` for an instance that the instruction does not own.
        expected: Option<(u64, u64)>,
    },
    /// A matrix that every token uses was not passed exactly once.
    #[error("{place:?}: {found} passes of the fixed matrix, expected {expected}")]
    PassCount {
        /// Place.
        place: Place,
        /// Passes.
        found: u32,
        /// Passes expected, 0 or 1.
        expected: u32,
    },
    /// An expert was used twice by one instruction.
    #[error("{place:?}: {used} expert passes on {distinct} experts")]
    RepeatedExpert {
        /// Place.
        place: Place,
        /// Passes.
        used: usize,
        /// Different experts.
        distinct: usize,
    },
    /// An instruction without elements uses the vector unit.
    #[error("{place:?}: {requests} requests without elements")]
    RequestsWithoutElements {
        /// Place.
        place: Place,
        /// Requests.
        requests: usize,
    },
    /// A token uses more or fewer experts than the model says.
    #[error("{at}: {found} experts, expected {expected}")]
    ExpertCount {
        /// Token and layer.
        at: TokenLayer,
        /// Experts used.
        found: u32,
        /// Experts per token.
        expected: u32,
    },
    /// Two passes of a layer use different experts.
    #[error("{at}: experts {found:?} (chip, slot) after {before:?}")]
    ExpertsDiffer {
        /// Token and layer.
        at: TokenLayer,
        /// Chips and slots of this pass.
        found: Vec<(u32, usize)>,
        /// Chips and slots of the pass before.
        before: Vec<(u32, usize)>,
    },
    /// A token does not read every visible position once.
    #[error("{at}: {found} positions read, expected {expected}")]
    PositionsRead {
        /// Token and layer.
        at: TokenLayer,
        /// Positions read by all chips.
        found: u64,
        /// Visible positions times the chips that hold a part of each.
        expected: u64,
    },
    /// Something streams although the cache fits the attention buffers.
    #[error("sequence {sequence}, token {token}: {streams} streams though nothing is spilled")]
    StreamsWithoutSpill {
        /// Sequence.
        sequence: u32,
        /// Token.
        token: u64,
        /// Streams.
        streams: usize,
    },
    /// A stream has another size, or was requested elsewhere, than the layer that it is for needs.
    #[error("{at}: chip {chip} streams {found:?} (bytes, token and layer at the request), expected {expected:?}")]
    Stream {
        /// Token and layer that the stream is for.
        at: TokenLayer,
        /// Chip.
        chip: u32,
        /// Bytes; token and layer during which it was requested.
        found: (u64, (u64, u32)),
        /// The same by the law.
        expected: (u64, (u64, u32)),
    },
    /// Streams that no layer needs.
    #[error("sequence {sequence}: {streams} streams of chip {chip} for no layer")]
    ExtraStreams {
        /// Sequence.
        sequence: u32,
        /// Chip.
        chip: u32,
        /// Streams.
        streams: usize,
    },
    /// An instruction is reached again at an earlier time.
    #[error("{place:?}: reached at {now}, after {before}")]
    ReachedEarlier {
        /// Place.
        place: Place,
        /// Time.
        now: u64,
        /// Last time before.
        before: u64,
    },
    /// An instruction is reached that the layer does not have.
    #[error("{place:?}: no such instruction")]
    NoInstruction {
        /// Place.
        place: Place,
    },
    /// An instruction is reached without the one before.
    #[error("{place:?}: reached without the instruction before")]
    Skipped {
        /// Place.
        place: Place,
    },
    /// An instruction that does not wait for the cache is reached twice.
    #[error("{place:?}: reached at {first} and again at {again}")]
    ReachedAgain {
        /// Place.
        place: Place,
        /// First time.
        first: u64,
        /// Last time.
        again: u64,
    },
    /// A chip continues before or after what it waits for.
    #[error("{place:?}: continues at {next}, everything it waits for is there at {}", cycle(*expected))]
    Continues {
        /// Place.
        place: Place,
        /// Time at which the next instruction is reached.
        next: u64,
        /// Time by the law; `None` when something never comes.
        expected: Option<u64>,
    },
    /// An instruction is issued twice.
    #[error("{place:?}: issued once more at {now}")]
    IssuedAgain {
        /// Place.
        place: Place,
        /// Time of the second issue.
        now: u64,
    },
    /// A control unit issues two instructions at once.
    #[error("chip {chip}: instructions are issued at {} and {}", turns[0], turns[1])]
    IssuedTogether {
        /// Chip.
        chip: u32,
        /// The two times.
        turns: [u64; 2],
    },
    /// An instruction is issued before it is reached, or waits while the control unit is free.
    #[error("{place:?}: reached at {}, issued at {issued}", cycle(*reached))]
    IssuedLate {
        /// Place.
        place: Place,
        /// When it was reached; `None` if it never was.
        reached: Option<u64>,
        /// When it was issued.
        issued: u64,
    },
    /// A chip passes the wait for its cache, which was never streamed.
    #[error("{place:?}: continues without its streamed cache")]
    CacheNeverCame {
        /// Place.
        place: Place,
    },
    /// A chip continues with more or fewer messages than its collectives send.
    #[error("{place:?}: {found} messages received, expected {expected}")]
    MessageCount {
        /// Place.
        place: Place,
        /// Messages received.
        found: u32,
        /// Messages by the collectives.
        expected: u32,
    },
    /// In prefill a token overtakes its predecessor, or waits longer than for it.
    #[error(
        "chip {chip}, layer {layer}: position {position} passes the wait for the cache at {passed}, expected at {}",
        cycle(*expected)
    )]
    Predecessor {
        /// Chip.
        chip: u32,
        /// Layer.
        layer: u32,
        /// Position of the token.
        position: u64,
        /// Time.
        passed: u64,
        /// Time by the law; `None` when the predecessor never passes.
        expected: Option<u64>,
    },
    /// The busy cycles of an account are not the recorded work.
    #[error("{unit:?}{}: {found} busy cycles in the account, {expected} recorded", numbered(*link))]
    BusyCycles {
        /// Unit.
        unit: Unit,
        /// Index of a link; `None` for all servers of the unit together.
        link: Option<usize>,
        /// Cycles of the account, own domain.
        found: u64,
        /// Cycles recorded.
        expected: u64,
    },
    /// Busy and idle cycles do not add up to the elapsed time.
    #[error("{unit:?}{}: {found} busy and idle cycles in the account, {expected} elapsed", numbered(*link))]
    ElapsedCycles {
        /// Unit.
        unit: Unit,
        /// Index of a link; `None` for all servers of the unit together.
        link: Option<usize>,
        /// Cycles of the account, own domain.
        found: u64,
        /// Cycles elapsed.
        expected: u64,
    },
    /// There are not as many link accounts as links.
    #[error("{found} accounts of links, expected {expected}")]
    LinkCount {
        /// Accounts.
        found: u64,
        /// Links of the grid.
        expected: u64,
    },
    /// The machine's count of finished tokens is outside the bounds of the checker's own count.
    #[error("{counted} tokens counted, {least} to {most} ended")]
    TokenCount {
        /// Tokens counted.
        counted: u64,
        /// Tokens that ended before the last cycle.
        least: u64,
        /// Tokens that ended in the last cycle at the latest.
        most: u64,
    },
    /// The machine added up other latencies than the tokens had.
    #[error("latencies of {counted} cycles counted, {least} to {most} passed")]
    LatencySum {
        /// Cycles counted.
        counted: u64,
        /// Cycles of the tokens that ended before the last cycle.
        least: u64,
        /// Cycles of the tokens that ended in the last cycle at the latest.
        most: u64,
    },
    /// A counter of the machine is not what the recording adds up to.
    #[error("{counter:?}: {found} counted, {expected} recorded")]
    Counted {
        /// Counter.
        counter: Counter,
        /// The machine's.
        found: u64,
        /// The recording's.
        expected: u64,
    },
}

fn cycle(at: Option<u64>) -> String {
    at.map_or("no cycle".to_owned(), |at| format!("cycle {at}"))
}

fn numbered(link: Option<usize>) -> String {
    link.map_or(String::new(), |link| format!(" {link}"))
}

impl Violation {
    /// The law that is broken.
    #[must_use]
    pub fn law(&self) -> Law {
        match self {
            Self::MoreWorkThanTime { .. }
            | Self::RequestOrder { .. }
            | Self::Overlap { .. }
            | Self::Occupied { .. }
            | Self::StartsEarly { .. }
            | Self::Idles { .. }
            | Self::Completion { .. }
            | Self::NoDepth { .. } => Law::Server,
            Self::ForeignLink { .. }
            | Self::SendsOutsideExchange { .. }
            | Self::MessagesDifferFromLinks { .. }
            | Self::CacheEntry { .. }
            | Self::ExchangeBytes { .. }
            | Self::LinkLoad { .. } => Law::Bytes,
            Self::UnexpectedUnit { .. }
            | Self::UnitWork { .. }
            | Self::NoPass { .. }
            | Self::PassCycles { .. }
            | Self::PassCount { .. }
            | Self::RepeatedExpert { .. }
            | Self::RequestsWithoutElements { .. }
            | Self::ExpertCount { .. }
            | Self::ExpertsDiffer { .. }
            | Self::PositionsRead { .. }
            | Self::StreamsWithoutSpill { .. }
            | Self::Stream { .. }
            | Self::ExtraStreams { .. } => Law::Operations,
            Self::ReachedEarlier { .. }
            | Self::NoInstruction { .. }
            | Self::Skipped { .. }
            | Self::ReachedAgain { .. }
            | Self::Continues { .. }
            | Self::IssuedAgain { .. }
            | Self::IssuedTogether { .. }
            | Self::IssuedLate { .. }
            | Self::CacheNeverCame { .. }
            | Self::MessageCount { .. }
            | Self::Predecessor { .. } => Law::Causality,
            Self::BusyCycles { .. }
            | Self::ElapsedCycles { .. }
            | Self::LinkCount { .. }
            | Self::TokenCount { .. }
            | Self::LatencySum { .. }
            | Self::Counted { .. } => Law::Accounts,
        }
    }
}

/// Violations found so far, the first [`Findings::LIMIT`].
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub violations: Vec<Violation>,
}

impl Findings {
    const LIMIT: usize = 64;

    /// Adds `violation` unless the law `holds`.
    pub(super) fn expect(&mut self, holds: bool, violation: impl FnOnce() -> Violation) {
        if !holds && self.violations.len() < Self::LIMIT {
            self.violations.push(violation());
        }
    }
}
