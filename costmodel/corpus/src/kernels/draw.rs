//! Seeded draws for the generator: sizes, coefficients and choices.

use rand_core::RngCore;
use rand_pcg::Pcg64;

/// Sizes as programs have them: powers of two, multiples of tiles, and odd ones that leave remainders.
const SIZES: [u64; 36] = [
    8, 12, 16, 20, 24, 30, 32, 40, 48, 50, 56, 60, 63, 64, 72, 80, 96, 100, 112, 120, 127, 128, 144, 160, 192, 197,
    224, 240, 255, 256, 300, 320, 384, 500, 512, 768,
];

/// Sizes of long vectors.
const LENGTHS: [u64; 16] =
    [100, 128, 256, 500, 512, 1000, 1024, 1536, 2000, 2048, 3072, 4000, 4096, 8192, 10_000, 16_384];

/// A seeded stream of draws.
#[derive(Debug, Clone)]
pub struct Draw(Pcg64);

impl Draw {
    /// The stream that `seed` and `stream` name; different pairs give independent streams.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(Pcg64::new(u128::from(seed) << 64 | 0x9e37_79b9_7f4a_7c15, u128::from(stream)))
    }

    /// A number below `count`, which is at least 1.
    pub fn below(&mut self, count: usize) -> usize {
        // Multiply and shift: the bias is below 2^-32 for the small counts drawn here.
        ((u128::from(self.0.next_u64()) * count as u128) >> 64) as usize
    }

    /// A number in `low..=high`.
    pub fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.below((high - low + 1) as usize) as u64
    }

    /// True in `percent` of 100 draws.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the choices.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A size of one dimension.
    pub fn size(&mut self) -> u64 {
        self.pick(&SIZES)
    }

    /// A size of one dimension among the smaller ones, for arrays of rank three and more.
    pub fn small_size(&mut self) -> u64 {
        self.pick(&SIZES[..20])
    }

    /// The length of a vector.
    pub fn length(&mut self) -> u64 {
        self.pick(&LENGTHS)
    }

    /// A coefficient that binary floating point holds exactly, never zero.
    pub fn coefficient(&mut self) -> f64 {
        let magnitude = self.within(1, 192) as f64 / 64.0;
        if self.chance(25) { -magnitude } else { magnitude }
    }

    /// A random order of `0..count`.
    pub fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}
