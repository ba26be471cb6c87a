//! Which bytes lie where: addresses as mixed-radix numbers whose digits are channel, bank group, bank, row and column.

use designs::{AddressOrder, Dram};

/// Where a burst lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Channel of the device: stack x channels of a stack + channel.
    pub channel: u32,
    /// Bank of the channel: ((pseudo-channel x stack IDs + stack ID) x bank groups + group) x banks of a group + bank.
    pub bank: u32,
    /// Row of the bank.
    pub row: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digit {
    Channel,
    PseudoChannel,
    Stack,
    StackId,
    Group,
    Bank,
    Row,
    Column,
}

use Digit::{Bank, Channel, Column, Group, PseudoChannel, Row, Stack, StackId};

/// Translates addresses of a device to places.
#[derive(Clone, Debug)]
pub struct Mapper {
    /// Digits from the least to the most significant, with their radix.
    digits: [(Digit, u64); 8],
    stack_ids: u32,
    groups: u32,
    banks: u32,
    channels: u32,
    pseudo_channels: u32,
    burst_bytes: u64,
    bursts: u64,
    scramble: bool,
}

/// Digits of an order from the least to the most significant.
fn order(order: AddressOrder) -> [Digit; 8] {
    match order {
        AddressOrder::RowBankColumnGroupChannel | AddressOrder::RowBankColumnGroupChannelXor => {
            [Channel, PseudoChannel, Stack, Group, Column, Bank, StackId, Row]
        }
        AddressOrder::RowBankGroupColumnChannel => [Channel, PseudoChannel, Stack, Column, Group, Bank, StackId, Row],
        AddressOrder::RowColumnBankGroupChannel => [Channel, PseudoChannel, Stack, Group, Bank, StackId, Column, Row],
        AddressOrder::ChannelBankGroupRowColumn => [Column, Row, Group, Bank, StackId, PseudoChannel, Channel, Stack],
    }
}

impl Mapper {
    /// The mapping of a memory with so many stacks.
    #[must_use]
    pub fn new(memory: &Dram, stacks: u32) -> Self {
        let o = &memory.organization;
        let radix = |digit: Digit| match digit {
            Channel => o.channels,
            PseudoChannel => o.pseudo_channels,
            Stack => stacks,
            StackId => o.stack_ids,
            Group => o.bank_groups,
            Bank => o.banks_per_group,
            Row => o.rows,
            Column => o.row_bytes / o.burst_bytes,
        };
        let digits = order(memory.controller.address).map(|digit| (digit, u64::from(radix(digit))));
        Self {
            digits,
            stack_ids: o.stack_ids,
            groups: o.bank_groups,
            banks: o.banks_per_group,
            channels: o.channels,
            pseudo_channels: o.pseudo_channels,
            burst_bytes: u64::from(o.burst_bytes),
            bursts: digits.iter().map(|(_, radix)| radix).product(),
            scramble: memory.controller.address == AddressOrder::RowBankColumnGroupChannelXor,
        }
    }

    /// Bursts that the device holds.
    #[must_use]
    pub fn bursts(&self) -> u64 {
        self.bursts
    }

    /// Where the burst with the byte at `address` lies; addresses wrap at the end of the device.
    #[must_use]
    pub fn place(&self, address: u64) -> Place {
        let mut rest = (address / self.burst_bytes) % self.bursts;
        let [mut channel, mut pseudo, mut stack, mut id, mut group, mut bank, mut row] = [0_u32; 7];
        for (digit, radix) in self.digits {
            let value = (rest % radix) as u32;
            rest /= radix;
            match digit {
                Channel => channel = value,
                PseudoChannel => pseudo = value,
                Stack => stack = value,
                StackId => id = value,
                Group => group = value,
                Bank => bank = value,
                Row => row = value,
                Column => {}
            }
        }
        if self.scramble {
            // Each digit with bits of the row of its own; radices are powers of two, so every row permutes the banks.
            let mut bits = row;
            for (digit, radix) in [
                (&mut group, self.groups),
                (&mut bank, self.banks),
                (&mut channel, self.channels),
                (&mut pseudo, self.pseudo_channels),
            ] {
                *digit ^= bits & (radix - 1);
                bits >>= radix.trailing_zeros();
            }
        }
        Place {
            channel: stack * self.channels + channel,
            bank: ((pseudo * self.stack_ids + id) * self.groups + group) * self.banks + bank,
            row,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_order_gives_every_burst_a_place_of_its_own() {
        let sets = ["organization.rows=16", "organization.channels=2", "organization.row_bytes=128"];
        let sets: Vec<_> = sets.iter().map(|s| designs::Override::parse(s).unwrap()).collect();
        let mut memory = designs::load::memory("hbm3", &sets, &designs::load::no_files).unwrap();
        for order in AddressOrder::ALL {
            memory.controller.address = order;
            let mapper = Mapper::new(&memory, 3);
            assert_eq!(mapper.bursts(), 3 * 2 * 2 * 32 * 16 * 4);
            let mut seen = std::collections::BTreeMap::new();
            for burst in 0..mapper.bursts() {
                let place = mapper.place(burst * 32 + 31);
                *seen.entry((place.channel, place.bank, place.row)).or_insert(0) += 1;
            }
            // Four columns a row.
            assert_eq!((seen.len(), seen.values().all(|n| *n == 4)), (3 * 2 * 64 * 16, true), "{order}");
            assert_eq!(mapper.place(mapper.bursts() * 32), mapper.place(0));
        }
    }

    #[test]
    fn neighbours_differ_in_the_least_significant_digit() {
        let mut memory = designs::load::memory("hbm3", &[], &designs::load::no_files).unwrap();
        let places = |memory: &Dram, step: u64| {
            let mapper = Mapper::new(memory, 1);
            (0..16).map(|n| mapper.place(n * step)).collect::<Vec<_>>()
        };
        let channels: BTreeSet<u32> = places(&memory, 32).iter().map(|p| p.channel).collect();
        assert_eq!(channels.len(), 16);
        memory.controller.address = AddressOrder::ChannelBankGroupRowColumn;
        assert!(places(&memory, 32).iter().all(|p| (p.channel, p.bank, p.row) == (0, 0, 0)));
        // A stride of a row over all channels, groups and columns meets one bank group and bank; scrambled, many.
        let stride = 32 * 32 * 4 * 32 * 8;
        memory.controller.address = AddressOrder::RowBankColumnGroupChannel;
        let banks = |places: Vec<Place>| places.iter().map(|p| (p.channel, p.bank)).collect::<BTreeSet<_>>().len();
        assert_eq!(banks(places(&memory, stride)), 1);
        memory.controller.address = AddressOrder::RowBankColumnGroupChannelXor;
        assert_eq!(banks(places(&memory, stride)), 16);
    }
}
