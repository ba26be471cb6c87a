//! Banks, bank groups and buses of a channel: which command may start when, and what a command changes.
//!
//! Each part keeps the earliest tick of the commands that it limits. A command may start when all parts above its bank
//! allow it. Limits of one cause are kept apart where idle ticks are told by cause.

use serde::{Deserialize, Serialize};

use super::spec::Spec;

/// "No row is open".
pub(super) const CLOSED: u32 = u32::MAX;

designs::keyed! {
    /// Kind of a command.
    enum CommandKind;
    /// A value for each kind of command.
    struct PerCommand;
    /// Opens a row of a bank.
    Activate => activate, "ACT";
    /// Closes the row of a bank.
    Precharge => precharge, "PRE";
    /// Closes all rows of a pseudo-channel.
    PrechargeAll => precharge_all, "PREA";
    /// Reads a burst.
    Read => read, "RD";
    /// Reads a burst and closes the row.
    ReadClose => read_close, "RDA";
    /// Writes a burst.
    Write => write, "WR";
    /// Writes a burst and closes the row.
    WriteClose => write_close, "WRA";
    /// Refreshes all banks of a pseudo-channel.
    Refresh => refresh, "REF";
}

/// A command as issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Tick in which it starts.
    pub tick: u64,
    /// Kind.
    pub kind: CommandKind,
    /// Bank of the channel; any bank of the pseudo-channel where the command concerns all of them.
    pub bank: u32,
    /// Row that is opened, read or written; 0 for other commands.
    pub row: u32,
}

/// A bank.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Bank {
    /// The open row, or [`CLOSED`].
    pub row: u32,
    pub activate: u64,
    pub precharge: u64,
    pub read: u64,
    pub write: u64,
}

/// A bank group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Group {
    pub activate: u64,
    /// Limits by tCCD_L.
    pub read: u64,
    pub write: u64,
    /// Limit by tWTR_L.
    pub read_after_write: u64,
}

/// A stack ID of a pseudo-channel: limits by tCCD_S and, from the others, tCCD_R.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct StackId {
    pub read: u64,
    pub write: u64,
}

/// A pseudo-channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pseudo {
    /// Limit by tRRD_S.
    pub activate: u64,
    /// Starts of the last four activations, with the limit that each sets for the fourth after it.
    pub window: [u64; 4],
    pub oldest: usize,
    pub precharge: u64,
    pub refresh: u64,
    /// Limits by tWTR_S and tRTW.
    pub read_after_write: u64,
    pub write_after_read: u64,
    /// Banks with an open row.
    pub open: u32,
    /// Banks that an activated request owns.
    pub owned: u32,
    /// Tick of the next refresh.
    pub due: u64,
    /// The refresh is due since this tick, and has not been issued.
    pub pending: Option<u64>,
    /// The last refresh: from when it was due to when banks can be activated.
    pub refreshed: (u64, u64),
    /// End of the last data on the bus.
    pub data_end: u64,
}

/// All of a channel but its requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub banks: Vec<Bank>,
    pub groups: Vec<Group>,
    pub stack_ids: Vec<StackId>,
    pub pseudos: Vec<Pseudo>,
    /// The row and column buses are free from these ticks on.
    pub row_bus: u64,
    pub column_bus: u64,
    banks_per_group: u32,
    banks_per_id: u32,
    banks_per_pseudo: u32,
}

/// What limits an activation.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct ActivateLimits {
    /// tRP, tRC, tRFC of the bank.
    pub bank: u64,
    /// tRRD, tFAW.
    pub window: u64,
}

/// What limits a column command.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnLimits {
    /// tRCD of the bank.
    pub row: u64,
    /// tCCD.
    pub spacing: u64,
    /// tWTR, tRTW.
    pub turnaround: u64,
}

impl ColumnLimits {
    pub fn earliest(self) -> u64 {
        self.row.max(self.spacing).max(self.turnaround)
    }
}

impl State {
    pub fn new(spec: &Spec) -> Self {
        let banks_per_id = spec.bank_groups * spec.banks_per_group;
        let ids = spec.pseudo_channels * spec.stack_ids;
        let bank = Bank { row: CLOSED, activate: 0, precharge: 0, read: 0, write: 0 };
        let pseudo = Pseudo {
            activate: 0,
            window: [0; 4],
            oldest: 0,
            precharge: 0,
            refresh: 0,
            read_after_write: 0,
            write_after_read: 0,
            open: 0,
            owned: 0,
            due: spec.refresh_interval.unwrap_or(u64::MAX),
            pending: None,
            refreshed: (0, 0),
            data_end: 0,
        };
        Self {
            banks: vec![bank; (ids * banks_per_id) as usize],
            groups: vec![Group::default(); (ids * spec.bank_groups) as usize],
            stack_ids: vec![StackId::default(); ids as usize],
            pseudos: vec![pseudo; spec.pseudo_channels as usize],
            row_bus: 0,
            column_bus: 0,
            banks_per_group: spec.banks_per_group,
            banks_per_id,
            banks_per_pseudo: banks_per_id * spec.stack_ids,
        }
    }

    pub fn group_of(&self, bank: u32) -> usize {
        (bank / self.banks_per_group) as usize
    }

    pub fn id_of(&self, bank: u32) -> usize {
        (bank / self.banks_per_id) as usize
    }

    pub fn pseudo_of(&self, bank: u32) -> usize {
        (bank / self.banks_per_pseudo) as usize
    }

    pub fn first_bank(&self, pseudo: usize) -> u32 {
        pseudo as u32 * self.banks_per_pseudo
    }

    pub fn banks_of(&self, pseudo: usize) -> std::ops::Range<usize> {
        let first = self.first_bank(pseudo) as usize;
        first..first + self.banks_per_pseudo as usize
    }

    pub fn activate_limits(&self, bank: u32) -> ActivateLimits {
        let pseudo = &self.pseudos[self.pseudo_of(bank)];
        let window = pseudo.activate.max(pseudo.window[pseudo.oldest]).max(self.groups[self.group_of(bank)].activate);
        ActivateLimits { bank: self.banks[bank as usize].activate, window }
    }

    pub fn precharge_limit(&self, bank: u32) -> u64 {
        self.banks[bank as usize].precharge.max(self.pseudos[self.pseudo_of(bank)].precharge)
    }

    pub fn column_limits(&self, bank: u32, write: bool) -> ColumnLimits {
        let (b, group) = (&self.banks[bank as usize], &self.groups[self.group_of(bank)]);
        let (id, pseudo) = (&self.stack_ids[self.id_of(bank)], &self.pseudos[self.pseudo_of(bank)]);
        if write {
            ColumnLimits { row: b.write, spacing: group.write.max(id.write), turnaround: pseudo.write_after_read }
        } else {
            let turnaround = pseudo.read_after_write.max(group.read_after_write);
            ColumnLimits { row: b.read, spacing: group.read.max(id.read), turnaround }
        }
    }

    pub fn activate(&mut self, spec: &Spec, bank: u32, row: u32, now: u64) {
        let d = &spec.delays;
        let (group, pseudo) = (self.group_of(bank), self.pseudo_of(bank));
        let b = &mut self.banks[bank as usize];
        b.row = row;
        b.activate = now + d.activate_bank;
        b.precharge = now + d.activate_to_precharge;
        b.read = now + d.activate_to_read;
        b.write = now + d.activate_to_write;
        self.groups[group].activate = now + d.activate_group;
        let p = &mut self.pseudos[pseudo];
        p.activate = now + d.activate_any;
        p.window[p.oldest] = now + d.four_activates;
        p.oldest = (p.oldest + 1) % 4;
        p.refresh = p.refresh.max(now + d.activate_to_refresh);
        p.open += 1;
        self.row_bus = now + spec.activate_ticks;
    }

    pub fn precharge(&mut self, spec: &Spec, bank: u32, now: u64) {
        let pseudo = self.pseudo_of(bank);
        self.close(spec, bank as usize, now);
        self.precharged(spec, pseudo, now);
    }

    pub fn precharge_all(&mut self, spec: &Spec, pseudo: usize, now: u64) {
        for bank in self.banks_of(pseudo) {
            self.close(spec, bank, now);
        }
        self.precharged(spec, pseudo, now);
    }

    fn close(&mut self, spec: &Spec, bank: usize, now: u64) {
        let b = &mut self.banks[bank];
        b.activate = b.activate.max(now + spec.delays.precharge_to_activate);
        if b.row != CLOSED {
            b.row = CLOSED;
            let pseudo = self.pseudo_of(bank as u32);
            self.pseudos[pseudo].open -= 1;
        }
    }

    fn precharged(&mut self, spec: &Spec, pseudo: usize, now: u64) {
        let p = &mut self.pseudos[pseudo];
        p.precharge = now + spec.delays.precharge_to_precharge;
        p.refresh = p.refresh.max(now + spec.delays.precharge_to_refresh);
        self.row_bus = now + spec.precharge_ticks;
    }

    pub fn refresh(&mut self, spec: &Spec, pseudo: usize, now: u64) {
        let end = now + spec.delays.refresh_to_activate;
        for bank in self.banks_of(pseudo) {
            let b = &mut self.banks[bank];
            b.activate = b.activate.max(end);
        }
        let p = &mut self.pseudos[pseudo];
        p.refresh = p.refresh.max(now + spec.delays.refresh_to_refresh);
        p.refreshed = (p.pending.take().unwrap_or(now), end);
        self.row_bus = now + spec.refresh_ticks;
    }

    /// Issues a read or write; `close` with auto-precharge.
    pub fn column(&mut self, spec: &Spec, bank: u32, write: bool, close: bool, now: u64) {
        let d = &spec.delays;
        let (group, own, pseudo) = (self.group_of(bank), self.id_of(bank), self.pseudo_of(bank));
        let ids = pseudo * spec.stack_ids as usize..(pseudo + 1) * spec.stack_ids as usize;
        for id in ids {
            let limits = &mut self.stack_ids[id];
            if write {
                limits.write = limits.write.max(now + if id == own { d.write_stack } else { d.write_any });
            } else {
                limits.read = limits.read.max(now + if id == own { d.read_stack } else { d.read_any });
            }
        }
        let (g, p) = (&mut self.groups[group], &mut self.pseudos[pseudo]);
        let b = &mut self.banks[bank as usize];
        let (precharge, activate, refresh) = if write {
            g.write = now + d.write_group;
            g.read_after_write = now + d.write_to_read_group;
            p.read_after_write = now + d.write_to_read;
            p.data_end = now + spec.write_latency + spec.burst;
            (d.write_to_precharge, d.write_to_activate, d.write_to_refresh)
        } else {
            g.read = now + d.read_group;
            p.write_after_read = now + d.read_to_write;
            p.data_end = now + spec.read_latency + spec.burst;
            (d.read_to_precharge, d.read_to_activate, d.read_to_refresh)
        };
        b.precharge = b.precharge.max(now + precharge);
        if close {
            b.row = CLOSED;
            b.activate = b.activate.max(now + activate);
            p.refresh = p.refresh.max(now + refresh);
            p.open -= 1;
        }
        self.column_bus = now + spec.column_ticks;
    }
}
