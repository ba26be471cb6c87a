//! Which input appears on which accumulator port in which turn, and the bit planes packed in that order.
//!
//! The inputs are split into groups (the whole vector, or blocks of 32). Within a group, port `p` serves the `turns`
//! inputs `p * turns ..`, one per cycle. All inputs of one group and turn are packed side by side into 64-bit words,
//! so that a cycle of a region is a masked population count.

/// Placement of the inputs on ports and turns.
#[derive(Debug, Clone)]
pub(super) struct PortLayout {
    inputs: usize,
    group_inputs: usize,
    /// Groups of inputs, each with its own regions.
    pub(super) groups: usize,
    /// Cycles per bit plane.
    pub(super) turns: usize,
    words_per_group: usize,
}

impl PortLayout {
    /// `inputs` (not 0) in groups of `group_inputs`, up to `inputs_per_port` of them on one port.
    pub(super) fn new(inputs: usize, group_inputs: usize, inputs_per_port: u32) -> Self {
        let group_inputs = group_inputs.min(inputs);
        let turns = group_inputs.min(inputs_per_port as usize);
        let ports = group_inputs.div_ceil(turns);
        Self {
            inputs,
            group_inputs,
            groups: inputs.div_ceil(group_inputs),
            turns,
            words_per_group: ports.div_ceil(u64::BITS as usize),
        }
    }

    /// Ports of a group's widest region.
    pub(super) fn ports(&self) -> usize {
        self.group_inputs.div_ceil(self.turns)
    }

    /// Words of one bit plane.
    pub(super) fn words(&self) -> usize {
        self.turns * self.groups * self.words_per_group
    }

    /// Words that `group` sees in `turn`.
    pub(super) fn word_range(&self, turn: usize, group: usize) -> std::ops::Range<usize> {
        let first = (turn * self.groups + group) * self.words_per_group;
        first..first + self.words_per_group
    }

    /// Word and bit of an input.
    pub(super) fn place(&self, input: usize) -> (usize, u32) {
        let (group, within) = (input / self.group_inputs, input % self.group_inputs);
        let (port, turn) = (within / self.turns, within % self.turns);
        (self.word_range(turn, group).start + port / 64, (port % 64) as u32)
    }

    /// Inputs on the ports in each turn, shape `[turns]`.
    pub(super) fn inputs_per_turn(&self) -> Vec<u64> {
        let mut counts = vec![0; self.turns];
        for input in 0..self.inputs {
            counts[input % self.group_inputs % self.turns] += 1;
        }
        counts
    }
}

/// The bits of an input vector, one plane per bit, LSB first.
pub(super) struct BitPlanes {
    words: usize,
    data: Vec<u64>,
}

impl BitPlanes {
    /// Packs `inputs` of `bits` bits of two's complement.
    pub(super) fn pack(inputs: &[i32], bits: u32, layout: &PortLayout) -> Self {
        let words = layout.words();
        let mut data = vec![0u64; words * bits as usize];
        for (index, &input) in inputs.iter().enumerate() {
            let (word, position) = layout.place(index);
            for bit in 0..bits as usize {
                data[bit * words + word] |= u64::from(input as u32 >> bit & 1) << position;
            }
        }
        Self { words, data }
    }

    /// Plane `bit` of the inputs tapped `delay` bit times late, in effect of the inputs times `2^delay`: zeros come
    /// before the LSB (no plane), and the sign repeats after the MSB.
    pub(super) fn delayed(&self, bit: u32, delay: u32) -> Option<&[u64]> {
        let planes = self.data.len() / self.words;
        let plane = (bit.checked_sub(delay)? as usize).min(planes - 1);
        Some(&self.data[plane * self.words..][..self.words])
    }
}
