//! Proves the commands of a run by rules of its own: every time between two commands, buses, rows, data and refresh.
//!
//! The rules are a table over the clock cycles of the file; nothing is shared with the scheduler. A rule holds from the
//! end of one command to the end of the other.

use designs::Dram;
use designs::dram::DramTiming;
use thiserror::Error;

use super::channel::Request;
use super::state::{Command, CommandKind};

use CommandKind::{Activate, Precharge, PrechargeAll, Read, ReadClose, Refresh, Write, WriteClose};

/// What two commands share for a rule to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Bank,
    Group,
    StackId,
    OtherStackId,
    Pseudo,
}

/// The least time from one command to another.
struct Rule {
    name: &'static str,
    scope: Scope,
    first: &'static [CommandKind],
    second: &'static [CommandKind],
    clocks: fn(&DramTiming) -> u32,
}

const READS: &[CommandKind] = &[Read, ReadClose];
const WRITES: &[CommandKind] = &[Write, WriteClose];
const CLOSES: &[CommandKind] = &[Precharge, PrechargeAll];
const OPENS: &[CommandKind] = &[Activate, Refresh];

const RULES: [Rule; 23] = [
    rule("tRC", Scope::Bank, &[Activate], OPENS, |t| t.t_rc),
    rule("tRCD", Scope::Bank, &[Activate], READS, |t| t.t_rcd_read),
    rule("tRCD of writes", Scope::Bank, &[Activate], WRITES, |t| t.t_rcd_write),
    rule("tRAS", Scope::Bank, &[Activate], CLOSES, |t| t.t_ras),
    rule("tRP", Scope::Bank, CLOSES, OPENS, |t| t.t_rp),
    rule("tRTP", Scope::Bank, &[Read], CLOSES, |t| t.t_rtp),
    rule("tWR", Scope::Bank, &[Write], CLOSES, |t| t.t_cwl + t.burst + t.t_wr),
    rule("tRTP + tRP", Scope::Bank, &[ReadClose], OPENS, |t| t.t_rtp + t.t_rp),
    rule("tWR + tRP", Scope::Bank, &[WriteClose], OPENS, |t| t.t_cwl + t.burst + t.t_wr + t.t_rp),
    rule("tRFC", Scope::Bank, &[Refresh], OPENS, |t| t.t_rfc),
    rule("tRRD_L", Scope::Group, &[Activate], &[Activate], |t| t.t_rrd_l),
    rule("tRRD_S", Scope::Pseudo, &[Activate], &[Activate], |t| t.t_rrd_s),
    rule("tPPD", Scope::Pseudo, CLOSES, CLOSES, |t| t.t_ppd),
    rule("tCCD_L of reads", Scope::Group, READS, READS, |t| t.t_ccd_l),
    rule("tCCD_L of writes", Scope::Group, WRITES, WRITES, |t| t.t_ccd_l),
    rule("tCCD_S of reads", Scope::StackId, READS, READS, |t| t.t_ccd_s),
    rule("tCCD_S of writes", Scope::StackId, WRITES, WRITES, |t| t.t_ccd_s),
    rule("tCCD_R", Scope::OtherStackId, READS, READS, |t| t.t_ccd_r),
    rule("burst", Scope::OtherStackId, WRITES, WRITES, |t| t.burst),
    rule("tRTW", Scope::Pseudo, READS, WRITES, |t| t.t_rtw),
    rule("tWTR_S", Scope::Pseudo, WRITES, READS, |t| t.t_cwl + t.burst + t.t_wtr_s),
    rule("tWTR_L", Scope::Group, WRITES, READS, |t| t.t_cwl + t.burst + t.t_wtr_l),
    // Further apart than tRRD: the fourth activation before.
    rule(FOUR_ACTIVATES, Scope::Pseudo, &[Activate], &[Activate], |t| t.t_faw),
];

const FOUR_ACTIVATES: &str = "tFAW";

const fn rule(
    name: &'static str,
    scope: Scope,
    first: &'static [CommandKind],
    second: &'static [CommandKind],
    clocks: fn(&DramTiming) -> u32,
) -> Rule {
    Rule { name, scope, first, second, clocks }
}

/// What is wrong with a run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// Two commands are too close.
    #[error("{rule}: {second:?} after {first:?}, {ticks} ticks too early")]
    TooEarly {
        /// The rule.
        rule: &'static str,
        /// The earlier command.
        first: Command,
        /// The later command.
        second: Command,
        /// Ticks missing.
        ticks: u64,
    },
    /// A command does not fit the state of its bank or the clock.
    #[error("{command:?}: {why}")]
    State {
        /// The command.
        command: Command,
        /// What is wrong.
        why: &'static str,
    },
    /// Data of two commands collide.
    #[error("data of {0:?} and {1:?} collide")]
    Data(Command, Command),
    /// A row has more or fewer reads and writes than requests.
    #[error("bank {bank} row {row}: {requests} requests, {commands} column commands")]
    Requests {
        /// Bank of the channel.
        bank: u32,
        /// Row.
        row: u32,
        /// Requests, without forwarded and merged ones.
        requests: u64,
        /// Reads and writes.
        commands: u64,
    },
    /// A pseudo-channel was refreshed too early, too late or not at all.
    #[error("pseudo-channel {pseudo}: refresh {number} {problem}")]
    Refresh {
        /// Pseudo-channel.
        pseudo: u32,
        /// Number of the refresh, from 1.
        number: u64,
        /// What is wrong.
        problem: &'static str,
    },
}

struct Check<'a> {
    memory: &'a Dram,
    ticks: u64,
}

impl Check<'_> {
    fn length(&self, kind: CommandKind) -> u64 {
        let c = &self.memory.commands;
        u64::from(match kind {
            Activate => c.activate_ticks,
            Precharge | PrechargeAll => c.precharge_ticks,
            Refresh => c.refresh_ticks,
            Read | ReadClose | Write | WriteClose => c.column_ticks,
        })
    }

    fn end(&self, command: &Command) -> u64 {
        command.tick + self.length(command.kind)
    }

    fn group(&self, command: &Command) -> u32 {
        command.bank / self.memory.organization.banks_per_group
    }

    fn id(&self, command: &Command) -> u32 {
        self.group(command) / self.memory.organization.bank_groups
    }

    fn pseudo(&self, command: &Command) -> u32 {
        self.id(command) / self.memory.organization.stack_ids
    }

    fn share(&self, scope: Scope, a: &Command, b: &Command) -> bool {
        let whole = |c: &Command| matches!(c.kind, PrechargeAll | Refresh);
        match scope {
            _ if self.pseudo(a) != self.pseudo(b) => false,
            Scope::Bank => whole(a) || whole(b) || a.bank == b.bank,
            Scope::Group => self.group(a) == self.group(b),
            Scope::StackId => self.id(a) == self.id(b),
            Scope::OtherStackId => self.id(a) != self.id(b),
            Scope::Pseudo => true,
        }
    }

    /// The time between commands.
    fn times(&self, commands: &[Command]) -> Result<(), Violation> {
        let longest = RULES.iter().map(|r| (r.clocks)(&self.memory.timing)).max().unwrap_or(0);
        let horizon = u64::from(longest) * self.ticks + 64;
        for rule in &RULES {
            let nth = if rule.name == FOUR_ACTIVATES { 4 } else { 1 };
            let least = u64::from((rule.clocks)(&self.memory.timing)) * self.ticks;
            for (index, second) in commands.iter().enumerate().filter(|(_, c)| rule.second.contains(&c.kind)) {
                let recent = commands[..index].iter().rev().take_while(|c| c.tick + horizon >= second.tick);
                let mut firsts = recent.filter(|c| rule.first.contains(&c.kind) && self.share(rule.scope, c, second));
                let Some(first) = firsts.nth(nth - 1) else { continue };
                let due = self.end(first) + least;
                if self.end(second) < due {
                    let ticks = due - self.end(second);
                    return Err(Violation::TooEarly { rule: rule.name, first: *first, second: *second, ticks });
                }
            }
        }
        Ok(())
    }

    /// Command buses: one command at a time, and all but precharges at clock edges.
    fn buses(&self, commands: &[Command]) -> Result<(), Violation> {
        let mut last: [Option<Command>; 2] = [None; 2];
        for command in commands {
            let half = matches!(command.kind, Precharge | PrechargeAll);
            if !half && !command.tick.is_multiple_of(self.ticks) {
                return Err(Violation::State { command: *command, why: "starts between clock edges" });
            }
            let bus = &mut last[usize::from(READS.contains(&command.kind) || WRITES.contains(&command.kind))];
            if let Some(first) = bus.filter(|first| self.end(first) > command.tick) {
                let ticks = self.end(&first) - command.tick;
                return Err(Violation::TooEarly { rule: "command bus", first, second: *command, ticks });
            }
            *bus = Some(*command);
        }
        Ok(())
    }

    /// Rows are open when they are used and closed when they are opened or refreshed; data do not collide.
    fn rows_and_data(&self, commands: &[Command]) -> Result<(), Violation> {
        let o = &self.memory.organization;
        let banks = o.pseudo_channels * o.stack_ids * o.bank_groups * o.banks_per_group;
        let mut open: Vec<Option<u32>> = vec![None; banks as usize];
        let mut data: Vec<Option<(u64, Command)>> = vec![None; o.pseudo_channels as usize];
        for command in commands {
            let wrong = |why| Err(Violation::State { command: *command, why });
            let pseudo = self.pseudo(command);
            let all =
                (pseudo * banks / o.pseudo_channels) as usize..((pseudo + 1) * banks / o.pseudo_channels) as usize;
            if command.kind == Refresh && open[all.clone()].iter().any(Option::is_some) {
                return wrong("refreshes an open row");
            }
            let row = &mut open[command.bank as usize];
            match command.kind {
                Activate if row.replace(command.row).is_some() => return wrong("opens a row beside another"),
                Activate => {}
                Precharge if row.take().is_none() => return wrong("closes a closed bank"),
                Precharge => {}
                PrechargeAll => open[all].fill(None),
                Refresh => {}
                Read | ReadClose | Write | WriteClose => {
                    if *row != Some(command.row) {
                        return wrong("uses a row that is not open");
                    }
                    if matches!(command.kind, ReadClose | WriteClose) {
                        *row = None;
                    }
                    let t = &self.memory.timing;
                    let latency = if READS.contains(&command.kind) { t.t_cl } else { t.t_cwl };
                    let start = command.tick + u64::from(latency) * self.ticks;
                    let bus = &mut data[pseudo as usize];
                    if let Some((_, first)) = bus.filter(|(end, _)| *end > start) {
                        return Err(Violation::Data(first, *command));
                    }
                    *bus = Some((start + u64::from(t.burst) * self.ticks, *command));
                }
            }
        }
        Ok(())
    }

    /// The n-th refresh comes after n intervals and before n + 1.
    fn refreshes(&self, commands: &[Command]) -> Result<(), Violation> {
        let interval = u64::from(self.memory.timing.t_refi) * self.ticks;
        let end = commands.last().map_or(0, |c| c.tick);
        for pseudo in 0..self.memory.organization.pseudo_channels {
            let mut number = 0;
            let all = commands.iter().filter(|c| c.kind == Refresh && self.pseudo(c) == pseudo);
            for command in all {
                number += 1;
                let problem = |problem| Err(Violation::Refresh { pseudo, number, problem });
                if !self.memory.controller.refresh {
                    return problem("was not asked for");
                }
                if command.tick < number * interval {
                    return problem("is early");
                }
                if command.tick >= (number + 1) * interval {
                    return problem("is late");
                }
            }
            if self.memory.controller.refresh && end >= (number + 2) * interval {
                return Err(Violation::Refresh { pseudo, number: number + 1, problem: "is missing" });
            }
        }
        Ok(())
    }
}

/// Checks the commands of a run.
///
/// # Errors
/// The first violation of a kind.
pub fn commands(memory: &Dram, commands: &[Command]) -> Result<(), Violation> {
    let check = Check { memory, ticks: u64::from(memory.commands.ticks_per_clock) };
    check.buses(commands)?;
    check.times(commands)?;
    check.rows_and_data(commands)?;
    check.refreshes(commands)
}

/// Checks that column commands serve the requests, of which so many reads were forwarded and writes merged.
///
/// # Errors
/// When a row has more column commands than requests, or all together lack more than the forwarded and merged ones.
pub fn requests(requests: &[Request], commands: &[Command], not_issued: u64) -> Result<(), Violation> {
    let mut rows = std::collections::BTreeMap::<(u32, u32, bool), (u64, u64)>::new();
    for request in requests {
        rows.entry((request.bank, request.row, request.write)).or_default().0 += 1;
    }
    for command in commands {
        let write = WRITES.contains(&command.kind);
        if write || READS.contains(&command.kind) {
            rows.entry((command.bank, command.row, write)).or_default().1 += 1;
        }
    }
    let mut lacking = 0;
    for ((bank, row, _), (requests, commands)) in rows {
        if commands > requests {
            return Err(Violation::Requests { bank, row, requests, commands });
        }
        lacking += requests - commands;
    }
    if lacking != not_issued {
        return Err(Violation::Requests { bank: 0, row: 0, requests: lacking, commands: not_issued });
    }
    Ok(())
}
