//! Samplers: points as shares of the axes in [0, 1), each a function of seed and index alone.
//!
//! - `random`: independent, PCG seeded per point.
//! - `latin-hypercube`: every axis has as many strata as points, each used once, in seeded order (McKay,
//!   Beckman, Conover, Technometrics 21, 1979), jittered within.
//! - `sobol`: the sequence of Sobol' with the direction numbers `new-joe-kuo-6.21201` (Joe, Kuo, SIAM J. Sci. Comput. 30,
//!   2008) in Gray-code-free order, all bits shifted by the seed; up to [`SOBOL_AXES`] axes.

use names::named;
use rand_core::{RngCore, SeedableRng};
use rand_pcg::Pcg64Mcg;

named! {
    /// How points are chosen.
    pub enum Method {
        /// Every combination of values.
        Grid = "grid",
        /// Independent random points.
        Random = "random",
        /// Latin hypercube.
        LatinHypercube = "latin-hypercube",
        /// Sobol' sequence.
        Sobol = "sobol",
        /// Optimised by NSGA-II, see [`crate::nsga2`].
        Nsga2 = "nsga2",
    }
}

/// Degree, coefficients and initial direction numbers from the second dimension on.
const DIRECTIONS: [(u32, u32, &[u32]); 20] = [
    (1, 0, &[1]),
    (2, 1, &[1, 3]),
    (3, 1, &[1, 3, 1]),
    (3, 2, &[1, 1, 1]),
    (4, 1, &[1, 1, 3, 3]),
    (4, 4, &[1, 3, 5, 13]),
    (5, 2, &[1, 1, 5, 5, 17]),
    (5, 4, &[1, 1, 5, 5, 5]),
    (5, 7, &[1, 1, 7, 11, 19]),
    (5, 11, &[1, 1, 5, 1, 1]),
    (5, 13, &[1, 1, 1, 3, 11]),
    (5, 14, &[1, 3, 5, 5, 31]),
    (6, 1, &[1, 3, 3, 9, 7, 49]),
    (6, 13, &[1, 1, 1, 15, 21, 21]),
    (6, 16, &[1, 3, 1, 13, 27, 49]),
    (6, 19, &[1, 1, 1, 15, 7, 5]),
    (6, 22, &[1, 3, 1, 15, 13, 25]),
    (6, 25, &[1, 1, 5, 5, 19, 61]),
    (7, 1, &[1, 3, 7, 11, 23, 15, 103]),
    (7, 4, &[1, 3, 7, 13, 13, 15, 69]),
];

/// Maximum number of axes of the Sobol' sequence.
pub const SOBOL_AXES: usize = DIRECTIONS.len() + 1;

/// Bits of a coordinate.
const BITS: u32 = 32;

/// A number in [0, 1) from 53 random bits.
pub(crate) fn unit(random: &mut Pcg64Mcg) -> f64 {
    (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// A generator for the `index`-th use of `seed` for one `purpose`.
pub(crate) fn generator(seed: u64, purpose: u64, index: u64) -> Pcg64Mcg {
    let mut bytes = [0; 16];
    // Multiply by odd constants, so that similar inputs give distant states.
    let high = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose.rotate_left(32);
    bytes[..8].copy_from_slice(&(index.wrapping_mul(0xd134_2543_de82_ef95) ^ high.rotate_left(17)).to_le_bytes());
    bytes[8..].copy_from_slice(&high.to_le_bytes());
    let mut random = Pcg64Mcg::from_seed(bytes);
    // Drop the first outputs: those of related states are correlated.
    for _ in 0..4 {
        random.next_u64();
    }
    random
}

/// A random order of `0..n`.
fn shuffled(n: u32, random: &mut Pcg64Mcg) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n).collect();
    for i in (1..n as usize).rev() {
        order.swap(i, (unit(random) * (i + 1) as f64) as usize);
    }
    order
}

/// Orders of the strata of a Latin hypercube, one per axis.
pub(crate) fn strata(method: Method, seed: u64, points: u64, axes: usize) -> Vec<Vec<u32>> {
    if method != Method::LatinHypercube {
        return Vec::new();
    }
    (0..axes as u64).map(|axis| shuffled(points as u32, &mut generator(seed, 1, axis))).collect()
}

/// Coordinate `index` of dimension `axis` of the Sobol' sequence, before the shift.
fn sobol(axis: usize, index: u32) -> u32 {
    let mut directions = [0u32; BITS as usize];
    match axis.checked_sub(1) {
        None => (0..BITS).for_each(|bit| directions[bit as usize] = 1 << (BITS - 1 - bit)),
        Some(row) => {
            let (degree, coefficients, initial) = DIRECTIONS[row];
            let s = degree as usize;
            for bit in 0..BITS as usize {
                directions[bit] = if bit < s {
                    initial[bit] << (BITS as usize - 1 - bit)
                } else {
                    let mut v = directions[bit - s] ^ (directions[bit - s] >> s);
                    for k in 1..s {
                        if (coefficients >> (s - 1 - k)) & 1 == 1 {
                            v ^= directions[bit - k];
                        }
                    }
                    v
                };
            }
        }
    }
    (0..BITS).filter(|bit| (index >> bit) & 1 == 1).fold(0, |x, bit| x ^ directions[bit as usize])
}

/// Shares of the axes at the point `index` of `points`.
pub(crate) fn shares(method: Method, seed: u64, index: u64, points: u64, strata: &[Vec<u32>], axes: usize) -> Vec<f64> {
    match method {
        Method::LatinHypercube => {
            let mut random = generator(seed, 2, index);
            let share = |order: &Vec<u32>| (f64::from(order[index as usize]) + unit(&mut random)) / points as f64;
            strata.iter().map(share).collect()
        }
        Method::Sobol => {
            let mut random = generator(seed, 3, 0);
            (0..axes)
                .map(|axis| {
                    let shift = (random.next_u64() >> 32) as u32;
                    (f64::from(sobol(axis, index as u32) ^ shift) + 0.5) / 2f64.powi(BITS as i32)
                })
                .collect()
        }
        _ => {
            let mut random = generator(seed, 4, index);
            (0..axes).map(|_| unit(&mut random)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_of_sobol_is_the_published_one() {
        // SciPy 1.16, qmc.Sobol(21, scramble=False): the first points, there in Gray-code order, and a sum over 64 of them.
        let point = |index| (0..6).map(|axis| f64::from(sobol(axis, index)) / 2f64.powi(32)).collect::<Vec<_>>();
        assert_eq!(point(0), [0.0; 6]);
        assert_eq!(point(1), [0.5; 6]);
        assert_eq!(point(2), [0.25, 0.75, 0.75, 0.75, 0.25, 0.25]);
        assert_eq!(point(3), [0.75, 0.25, 0.25, 0.25, 0.75, 0.75]);
        let coordinate = |axis, index| f64::from(sobol(axis, index)) / 2f64.powi(32);
        assert_eq!((0..64).map(|i| coordinate(20, i) * coordinate(19, i)).sum::<f64>(), 15.523_437_5);
    }

    #[test]
    fn every_power_of_two_points_fill_every_stratum_of_every_axis_once() {
        for axis in 0..SOBOL_AXES {
            for bits in [4, 8, 10] {
                let mut seen = vec![0; 1 << bits];
                for index in 0..1u32 << bits {
                    seen[(sobol(axis, index) >> (32 - bits)) as usize] += 1;
                }
                assert!(seen.iter().all(|&n| n == 1), "axis {axis}, {bits} bits");
            }
        }
        for method in [Method::LatinHypercube, Method::Sobol] {
            let (points, axes) = (64, 5);
            let strata = strata(method, 7, points, axes);
            for axis in 0..axes {
                let mut seen = vec![0; points as usize];
                for index in 0..points {
                    let share = shares(method, 7, index, points, &strata, axes)[axis];
                    seen[(share * points as f64) as usize] += 1;
                }
                assert!(seen.iter().all(|&n| n == 1), "{method:?}, axis {axis}");
            }
        }
    }

    #[test]
    fn pairs_of_sobol_axes_are_evenly_spread() {
        // Integration error of x * y over all pairs: far below the 1/sqrt(n) of random points.
        let n = 1 << 12;
        for a in 0..SOBOL_AXES {
            for b in 0..a {
                let sum: f64 = (0..n)
                    .map(|i| f64::from(sobol(a, i)) / 2f64.powi(32) * (f64::from(sobol(b, i)) / 2f64.powi(32)))
                    .sum();
                assert!((sum / f64::from(n) - 0.25).abs() < 2e-3, "axes {a} and {b}");
            }
        }
    }

    #[test]
    fn random_points_are_uniform_and_depend_on_the_seed() {
        let mean = |seed| (0..4000).map(|i| shares(Method::Random, seed, i, 4000, &[], 2)[1]).sum::<f64>() / 4000.0;
        assert!((mean(1) - 0.5).abs() < 0.02 && (mean(2) - 0.5).abs() < 0.02);
        assert_ne!(mean(1), mean(2));
        assert_eq!(mean(1), mean(1));
    }
}
