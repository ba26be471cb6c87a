//! The threads of a block that the mapping of loops to kernels makes.

use super::GpuSettings;

/// Threads of a block along x, y and z for parallel loops of these iterations, outermost first; `None` where they are not constant.
///
/// The innermost loop runs along x, the next along y, all others along z. Along x are up to `block_width` threads if there are
/// several loops, else `block_threads`; along y as many as are left; along z one. Along no loop are more than the next power of two of
/// its iterations.
#[must_use]
pub fn block_shape(iterations: &[Option<u64>], settings: &GpuSettings) -> [u64; 3] {
    let threads = |count: Option<u64>, most: u64| {
        count.map_or(most, |count| most.min(count.checked_next_power_of_two().unwrap_or(u64::MAX)))
    };
    let most = u64::from(settings.block_threads);
    let mut inner = iterations.iter().rev().copied();
    let width = if iterations.len() > 1 { u64::from(settings.block_width).min(most) } else { most };
    let x = inner.next().map_or(1, |count| threads(count, width));
    let y = inner.next().map_or(1, |count| threads(count, (most / x).max(1)));
    [x, y, 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_bounded_by_loops_and_settings() {
        let settings = GpuSettings { block_threads: 256, block_width: 64, ..GpuSettings::default() };
        for (iterations, expected) in [
            (vec![], [1, 1, 1]),
            (vec![Some(1000)], [256, 1, 1]),
            (vec![Some(5)], [8, 1, 1]),
            (vec![Some(100), Some(1000)], [64, 4, 1]),
            (vec![Some(100), Some(16)], [16, 16, 1]),
            (vec![Some(7), Some(3), Some(2)], [2, 4, 1]),
            (vec![None, None], [64, 4, 1]),
            (vec![Some(0)], [1, 1, 1]),
        ] {
            assert_eq!(block_shape(&iterations, &settings), expected, "{iterations:?}");
        }
    }
}
