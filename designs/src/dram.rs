//! A stacked DRAM: organisation, commands, timings, and the controller in front of it.
//!
//! Timings are whole clock cycles (CK), as controllers are programmed. A pseudo-channel has a data bus of its own; the
//! pseudo-channels of a channel share its row and column command buses. Names follow the standards (JESD235, JESD238).

use std::collections::BTreeMap;

use names::named;
use serde::Serialize;

use crate::field::{Reader, Visitor};
use crate::provenance::Provenance;
use crate::quantity::Hertz;
use crate::slot::Limits;

named! {
    /// When a row is closed.
    pub enum PagePolicy {
        /// When a request needs another row of the bank, or for refresh.
        Open = "open",
        /// With the last queued access to it (auto-precharge).
        Closed = "closed",
    }
}

named! {
    /// Which queued request may close an open row. Ready commands are ordered by age in all of them.
    pub enum RowArbiter {
        /// Any request: the oldest ready command is issued.
        OldestReady = "oldest-ready",
        /// A request that is older than every queued request to the open row.
        OlderHitsFirst = "older-hits-first",
        /// A request to a bank whose open row no queued request wants.
        HitsFirst = "hits-first",
    }
}

named! {
    /// Digits of an address from the most to the least significant. `channel` stands for pseudo-channel, stack and
    /// channel, `bank` for stack ID and bank of a bank group.
    pub enum AddressOrder {
        /// Neighbouring bursts change channel, then bank group: best for streams.
        RowBankColumnGroupChannel = "row-bank-column-group-channel",
        /// The same with channel, bank group and bank scrambled by bits of the row, so that no stride meets one bank only.
        RowBankColumnGroupChannelXor = "row-bank-column-group-channel-xor",
        /// Neighbouring bursts of a channel stay in a row.
        RowBankGroupColumnChannel = "row-bank-group-column-channel",
        /// Neighbouring bursts change channel, bank group, then bank.
        RowColumnBankGroupChannel = "row-column-bank-group-channel",
        /// Every channel is one block of addresses, every bank a block within it.
        ChannelBankGroupRowColumn = "channel-bank-group-row-column",
    }
}

named! {
    /// Which queued requests wait while a refresh is due.
    pub enum RefreshStops {
        /// Those of the pseudo-channel.
        PseudoChannel = "pseudo-channel",
        /// All of the channel.
        Channel = "channel",
    }
}

crate::slot::choice_slots!(RefreshStops, PagePolicy, RowArbiter, AddressOrder);

/// What a stack is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DramOrganization {
    /// Channels of a stack.
    pub channels: u32,
    /// Pseudo-channels of a channel.
    pub pseudo_channels: u32,
    /// Groups of dies that share a channel (stack IDs).
    pub stack_ids: u32,
    /// Bank groups of a stack ID.
    pub bank_groups: u32,
    /// Banks of a bank group.
    pub banks_per_group: u32,
    /// Rows of a bank.
    pub rows: u32,
    /// Bytes of a row of one pseudo-channel.
    pub row_bytes: u32,
    /// Bytes that one read or write moves.
    pub burst_bytes: u32,
}

/// How long commands occupy their bus, in ticks. Only precharges may start between two clock edges.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DramCommands {
    /// Ticks of a clock cycle: 2 where commands start at half cycles.
    pub ticks_per_clock: u32,
    /// Ticks of an activation.
    pub activate_ticks: u32,
    /// Ticks of a precharge.
    pub precharge_ticks: u32,
    /// Ticks of a refresh.
    pub refresh_ticks: u32,
    /// Ticks of a read or write.
    pub column_ticks: u32,
}

/// Times between commands, clock cycles.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[allow(missing_docs, reason = "the names of the standards; `walk` documents them")]
pub struct DramTiming {
    pub burst: u32,
    pub t_cl: u32,
    pub t_cwl: u32,
    pub t_rcd_read: u32,
    pub t_rcd_write: u32,
    pub t_rp: u32,
    pub t_ras: u32,
    pub t_rc: u32,
    pub t_rtp: u32,
    pub t_wr: u32,
    pub t_ccd_s: u32,
    pub t_ccd_l: u32,
    pub t_ccd_r: u32,
    pub t_rrd_s: u32,
    pub t_rrd_l: u32,
    pub t_faw: u32,
    pub t_wtr_s: u32,
    pub t_wtr_l: u32,
    pub t_rtw: u32,
    pub t_ppd: u32,
    pub t_rfc: u32,
    pub t_refi: u32,
}

/// The controller of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DramController {
    /// Reads that wait.
    pub read_queue: u32,
    /// Writes that wait.
    pub write_queue: u32,
    /// Writes in the queue from which on they are drained.
    pub write_high: u32,
    /// Writes in the queue down to which they are drained.
    pub write_low: u32,
    /// Which request may close a row.
    pub arbiter: RowArbiter,
    /// Clock cycles after which a waiting request takes its bank from younger ones; 0 for never.
    pub age_cap: u32,
    /// When rows are closed.
    pub page: PagePolicy,
    /// Digits of an address.
    pub address: AddressOrder,
    /// Whether rows are refreshed.
    pub refresh: bool,
    /// Which requests wait while a refresh is due.
    pub refresh_stops: RefreshStops,
}

/// A kind of stacked DRAM with its controller.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dram {
    /// Name of the preset, or the path of the file.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// Command clock (CK).
    pub clock: Hertz,
    /// What a stack is made of.
    pub organization: DramOrganization,
    /// Bus occupation of commands.
    pub commands: DramCommands,
    /// Times between commands.
    pub timing: DramTiming,
    /// The controller of a channel.
    pub controller: DramController,
    /// Where every value comes from, by key.
    pub provenance: BTreeMap<String, Provenance>,
}

impl Dram {
    pub(crate) fn blank(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            summary: String::new(),
            clock: Hertz::from_hz(0),
            organization: DramOrganization::default(),
            commands: DramCommands::default(),
            timing: DramTiming::default(),
            controller: DramController {
                read_queue: 0,
                write_queue: 0,
                write_high: 0,
                write_low: 0,
                arbiter: RowArbiter::OlderHitsFirst,
                age_cap: 0,
                page: PagePolicy::Open,
                address: AddressOrder::RowBankColumnGroupChannel,
                refresh: true,
                refresh_stops: RefreshStops::PseudoChannel,
            },
            provenance: BTreeMap::new(),
        }
    }

    /// Peak bandwidth of a stack, bytes per second.
    #[must_use]
    pub fn peak_bytes_per_second(&self) -> f64 {
        let o = &self.organization;
        let buses = f64::from(o.channels) * f64::from(o.pseudo_channels);
        buses * f64::from(o.burst_bytes) * self.clock.hz() as f64 / f64::from(self.timing.burst)
    }

    /// Bytes that a stack holds.
    #[must_use]
    pub fn stack_bytes(&self) -> u64 {
        let o = &self.organization;
        let banks = [o.channels, o.pseudo_channels, o.stack_ids, o.bank_groups, o.banks_per_group];
        banks.into_iter().map(u64::from).product::<u64>() * u64::from(o.rows) * u64::from(o.row_bytes)
    }
}

/// Visits every field of a memory file.
pub(crate) fn walk(m: &mut Dram, v: &mut dyn Visitor) {
    v.field("summary", &mut m.summary, Limits::NONE, "One line for people");
    v.field("clock", &mut m.clock, Limits::between(1e6, 1e11), "Command clock (CK)");
    organization(&mut m.organization, v);
    commands(&mut m.commands, v);
    timing(&mut m.timing, v);
    controller(&mut m.controller, v);
}

fn organization(o: &mut DramOrganization, v: &mut dyn Visitor) {
    let few = Limits::between(1.0, 64.0);
    v.field("organization.channels", &mut o.channels, few, "Channels of a stack");
    v.field(
        "organization.pseudo_channels",
        &mut o.pseudo_channels,
        Limits::between(1.0, 4.0),
        "Pseudo-channels of a channel; each has a data bus",
    );
    v.field(
        "organization.stack_ids",
        &mut o.stack_ids,
        Limits::between(1.0, 8.0),
        "Groups of dies that share a channel (stack IDs)",
    );
    v.field("organization.bank_groups", &mut o.bank_groups, Limits::between(1.0, 16.0), "Bank groups of a stack ID");
    v.field(
        "organization.banks_per_group",
        &mut o.banks_per_group,
        Limits::between(1.0, 16.0),
        "Banks of a bank group",
    );
    v.field("organization.rows", &mut o.rows, Limits::between(1.0, 1e7), "Rows of a bank");
    v.field(
        "organization.row_bytes",
        &mut o.row_bytes,
        Limits::between(1.0, 65536.0),
        "Bytes of a row of one pseudo-channel",
    );
    v.field(
        "organization.burst_bytes",
        &mut o.burst_bytes,
        Limits::between(1.0, 1024.0),
        "Bytes that a read or write moves",
    );
}

fn commands(c: &mut DramCommands, v: &mut dyn Visitor) {
    let ticks = Limits::between(1.0, 16.0);
    let doc = "Ticks of a clock cycle: 2 where precharges start at half cycles";
    v.field("commands.ticks_per_clock", &mut c.ticks_per_clock, Limits::between(1.0, 2.0), doc);
    v.field("commands.activate_ticks", &mut c.activate_ticks, ticks, "Ticks of an activation on the row bus");
    v.field("commands.precharge_ticks", &mut c.precharge_ticks, ticks, "Ticks of a precharge on the row bus");
    v.field("commands.refresh_ticks", &mut c.refresh_ticks, ticks, "Ticks of a refresh on the row bus");
    v.field("commands.column_ticks", &mut c.column_ticks, ticks, "Ticks of a read or write on the column bus");
}

fn timing(t: &mut DramTiming, v: &mut dyn Visitor) {
    let some = Limits::between(1.0, 10_000.0);
    let any = Limits::between(0.0, 10_000.0);
    v.field("timing.burst", &mut t.burst, Limits::between(1.0, 64.0), "Data bus cycles of a read or write");
    v.field("timing.t_cl", &mut t.t_cl, some, "Read to its data");
    v.field("timing.t_cwl", &mut t.t_cwl, some, "Write to its data");
    v.field("timing.t_rcd_read", &mut t.t_rcd_read, some, "Activation to read of the row");
    v.field("timing.t_rcd_write", &mut t.t_rcd_write, some, "Activation to write of the row");
    v.field("timing.t_rp", &mut t.t_rp, some, "Precharge to activation of the bank");
    v.field("timing.t_ras", &mut t.t_ras, some, "Activation to precharge of the bank");
    v.field("timing.t_rc", &mut t.t_rc, some, "Activation to activation of the bank");
    v.field("timing.t_rtp", &mut t.t_rtp, some, "Read to precharge of the bank");
    v.field("timing.t_wr", &mut t.t_wr, some, "End of written data to precharge of the bank");
    v.field("timing.t_ccd_s", &mut t.t_ccd_s, some, "Column command to one of another bank group");
    v.field("timing.t_ccd_l", &mut t.t_ccd_l, some, "Column command to one of the same bank group");
    v.field("timing.t_ccd_r", &mut t.t_ccd_r, some, "Read to read of another stack ID");
    v.field("timing.t_rrd_s", &mut t.t_rrd_s, some, "Activation to one of another bank group");
    v.field("timing.t_rrd_l", &mut t.t_rrd_l, some, "Activation to one of the same bank group");
    v.field("timing.t_faw", &mut t.t_faw, some, "Window with four activations at most");
    v.field("timing.t_wtr_s", &mut t.t_wtr_s, some, "End of written data to read of another bank group");
    v.field("timing.t_wtr_l", &mut t.t_wtr_l, some, "End of written data to read of the same bank group");
    v.field("timing.t_rtw", &mut t.t_rtw, some, "Read to write");
    v.field(
        "timing.t_ppd",
        &mut t.t_ppd,
        any,
        "Precharge to precharge of the pseudo-channel; 0 where there is no limit",
    );
    v.field("timing.t_rfc", &mut t.t_rfc, some, "Refresh of all banks to activation");
    v.field("timing.t_refi", &mut t.t_refi, Limits::between(1.0, 1e6), "Time between two refreshes of all banks");
}

fn controller(c: &mut DramController, v: &mut dyn Visitor) {
    let queue = Limits::between(1.0, 1024.0);
    v.field("controller.read_queue", &mut c.read_queue, queue, "Reads that wait in a channel");
    v.field("controller.write_queue", &mut c.write_queue, queue, "Writes that wait in a channel");
    v.field("controller.write_high", &mut c.write_high, queue, "Waiting writes from which on they are drained");
    v.field(
        "controller.write_low",
        &mut c.write_low,
        Limits::between(0.0, 1024.0),
        "Waiting writes down to which they are drained",
    );
    v.field("controller.arbiter", &mut c.arbiter, Limits::NONE, "Which request may close a row that others still hit");
    let doc = "Clock cycles after which a waiting request takes its bank from younger ones; 0 for never";
    v.field("controller.age_cap", &mut c.age_cap, Limits::between(0.0, 1e6), doc);
    v.field("controller.page", &mut c.page, Limits::NONE, "When rows are closed");
    v.field("controller.address", &mut c.address, Limits::NONE, "Digits of an address, the most significant first");
    v.field("controller.refresh", &mut c.refresh, Limits::NONE, "Whether rows are refreshed");
    v.field(
        "controller.refresh_stops",
        &mut c.refresh_stops,
        Limits::NONE,
        "Which queued requests wait while a refresh is due",
    );
}

/// Rules that concern several fields.
pub(crate) fn check(m: &Dram, r: &mut Reader<'_>) {
    if !r.clean() {
        return;
    }
    let o = &m.organization;
    for (key, count) in [
        ("channels", o.channels),
        ("pseudo_channels", o.pseudo_channels),
        ("bank_groups", o.bank_groups),
        ("banks_per_group", o.banks_per_group),
        ("row_bytes", o.row_bytes),
        ("burst_bytes", o.burst_bytes),
    ] {
        if !count.is_power_of_two() {
            let path = format!("organization.{key}");
            r.problem(&path, format!("`{path}` is {count}; it must be a power of two"), None);
        }
    }
    if o.burst_bytes > o.row_bytes {
        let path = "organization.row_bytes";
        r.problem(
            path,
            format!("`{path}` is {}; it must be at least burst_bytes, {}", o.row_bytes, o.burst_bytes),
            None,
        );
    }
    times(m, r);
    queues(&m.controller, r);
}

/// A bound between times: the path at fault, its value, the least value allowed, and why.
type Bound = (&'static str, u32, u32, &'static str);

fn times(m: &Dram, r: &mut Reader<'_>) {
    let t = &m.timing;
    let bounds: [Bound; 13] = [
        ("timing.t_ras", t.t_ras, t.t_rcd_read + t.t_rtp, "t_rcd_read + t_rtp, or a row closes before it is read"),
        ("timing.t_ras", t.t_ras, t.t_rcd_write, "t_rcd_write"),
        ("timing.t_rc", t.t_rc, t.t_ras + t.t_rp, "t_ras + t_rp"),
        ("timing.t_ccd_s", t.t_ccd_s, t.burst, "burst, or data collide"),
        ("timing.t_ccd_l", t.t_ccd_l, t.t_ccd_s, "t_ccd_s"),
        ("timing.t_ccd_r", t.t_ccd_r, t.burst, "burst, or data collide"),
        ("timing.t_rrd_l", t.t_rrd_l, t.t_rrd_s, "t_rrd_s"),
        ("timing.t_faw", t.t_faw, t.t_rrd_s, "t_rrd_s"),
        ("timing.t_wtr_l", t.t_wtr_l, t.t_wtr_s, "t_wtr_s"),
        ("timing.t_rtw", t.t_rtw, (t.t_cl + t.burst).saturating_sub(t.t_cwl), "t_cl + burst - t_cwl, or data collide"),
        ("timing.t_refi", t.t_refi, t.t_rfc + t.t_rc + 1, "t_rfc + t_rc + 1, or nothing but refreshes issues"),
        (
            "timing.t_rrd_s",
            t.t_rrd_s,
            m.commands.activate_ticks.div_ceil(m.commands.ticks_per_clock),
            "an activation on its bus",
        ),
        (
            "timing.t_ccd_s",
            t.t_ccd_s,
            m.commands.column_ticks.div_ceil(m.commands.ticks_per_clock),
            "a column command on its bus",
        ),
    ];
    for (path, value, least, why) in bounds {
        if value < least {
            r.problem(path, format!("`{path}` is {value} clock cycles; it must be at least {least}: {why}"), None);
        }
    }
}

fn queues(c: &DramController, r: &mut Reader<'_>) {
    let problem = |r: &mut Reader<'_>, path: &str, value: u32, right: String| {
        r.problem(path, format!("`{path}` is {value}; it must be {right}"), None);
    };
    if c.write_high > c.write_queue {
        problem(r, "controller.write_high", c.write_high, format!("at most write_queue, {}", c.write_queue));
    }
    if c.write_low >= c.write_high {
        problem(r, "controller.write_low", c.write_low, format!("below write_high, {}", c.write_high));
    }
}
