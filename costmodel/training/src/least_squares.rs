//! Weighted non-negative least squares by its normal equations.

/// Added to the diagonal of the equations, as a share of it: columns that always occur together share their coefficient.
const RIDGE: f64 = 1e-4;

/// Passes over all coordinates at most.
const PASSES: usize = 2000;

/// The solver stops when a pass changes the solution by less than this share of its sum.
const TOLERANCE: f64 = 1e-7;

/// Normal equations of weighted least squares, added up row by row.
pub(crate) struct NormalEquations {
    size: usize,
    /// Row by row; only elements on and above the diagonal are kept.
    matrix: Vec<f64>,
    right: Vec<f64>,
}

impl NormalEquations {
    /// Equations for `size` coefficients, without rows.
    pub fn new(size: usize) -> Self {
        Self { size, matrix: vec![0.0; size * size], right: vec![0.0; size] }
    }

    /// Adds a row, each of its numbers divided by `unit`, with this target and weight. The columns of the row ascend.
    pub fn add(&mut self, row: &[(usize, f64)], unit: f64, target: f64, weight: f64) {
        self.add_parts(row, unit, weight * target, weight);
    }

    /// As [`Self::add`], with the product of weight and target given by itself, so that several targets of one row are one row.
    pub fn add_parts(&mut self, row: &[(usize, f64)], unit: f64, weighted_target: f64, weight: f64) {
        for (at, &(i, a)) in row.iter().enumerate() {
            self.right[i] += weighted_target * (a / unit);
            let factor = weight * (a / unit) / unit;
            for &(j, b) in &row[at..] {
                self.matrix[i * self.size + j] += factor * b;
            }
        }
    }

    /// What turns rows `v` that were added with weights `w` into rows `v - mean`: `columns` has the column, the sum of `w v` and the
    /// mean; `weight` and `weighted_target` are the sums of `w` and of `w` times target. The columns ascend.
    pub fn subtract_mean(&mut self, columns: &[(usize, f64, f64)], weighted_target: f64, weight: f64) {
        for (at, &(i, sum, mean)) in columns.iter().enumerate() {
            self.right[i] -= weighted_target * mean;
            let (of_mean, of_sum) = (weight * mean - sum, -mean);
            for &(j, other_sum, other_mean) in &columns[at..] {
                self.matrix[i * self.size + j] += of_mean * other_mean + of_sum * other_sum;
            }
        }
    }

    /// The non-negative solution by coordinate descent (Franc, Hlavac and Navara, "Sequential Coordinate-Wise Algorithm
    /// for the Non-negative Least Squares Problem", 2005).
    pub fn solve(&self) -> Vec<f64> {
        // Columns are scaled to length 1, so that a pass moves all coordinates by similar amounts.
        let used: Vec<usize> = (0..self.size).filter(|&i| self.matrix[i * self.size + i] > 0.0).collect();
        let scale: Vec<f64> = used.iter().map(|&i| 1.0 / self.matrix[i * self.size + i].sqrt()).collect();
        let count = used.len();
        let mut matrix = vec![0.0; count * count];
        for (a, &i) in used.iter().enumerate() {
            for (b, &j) in used.iter().enumerate().skip(a) {
                let value = self.matrix[i * self.size + j] * scale[a] * scale[b];
                (matrix[a * count + b], matrix[b * count + a]) = (value, value);
            }
        }
        let mut x = vec![0.0; count];
        let mut residual: Vec<f64> = used.iter().zip(&scale).map(|(&i, scale)| self.right[i] * scale).collect();
        for _ in 0..PASSES {
            let mut moved = 0.0;
            for at in 0..count {
                let step = ((residual[at] - RIDGE * x[at]) / (1.0 + RIDGE)).max(-x[at]);
                if step == 0.0 {
                    continue;
                }
                x[at] += step;
                moved += step.abs();
                let row = &matrix[at * count..][..count];
                residual.iter_mut().zip(row).for_each(|(residual, value)| *residual -= step * value);
            }
            if moved <= TOLERANCE * x.iter().sum::<f64>() {
                break;
            }
        }
        let mut solution = vec![0.0; self.size];
        used.iter().zip(x).zip(scale).for_each(|((&i, x), scale)| solution[i] = x * scale);
        solution
    }
}
