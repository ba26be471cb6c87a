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
    matrix: Vec<f64>,
    right: Vec<f64>,
}

impl NormalEquations {
    /// Equations for `size` coefficients, without rows.
    pub fn new(size: usize) -> Self {
        Self { size, matrix: vec![0.0; size * size], right: vec![0.0; size] }
    }

    /// Adds a row, each of its numbers divided by `unit`, with this target and weight.
    pub fn add(&mut self, row: &[(usize, f64)], unit: f64, target: f64, weight: f64) {
        for &(i, a) in row {
            self.right[i] += weight * a / unit * target;
            for &(j, b) in row {
                self.matrix[i * self.size + j] += weight * (a / unit) * (b / unit);
            }
        }
    }

    /// The non-negative solution by coordinate descent (Franc, Hlavac and Navara, "Sequential Coordinate-Wise Algorithm
    /// for the Non-negative Least Squares Problem", 2005).
    pub fn solve(&self) -> Vec<f64> {
        let size = self.size;
        // Columns are scaled to length 1, so that a pass moves all coordinates by similar amounts.
        let length: Vec<f64> = (0..size).map(|i| self.matrix[i * size + i].sqrt()).collect();
        let used: Vec<usize> = (0..size).filter(|&i| length[i] > 0.0).collect();
        let mut x = vec![0.0; size];
        let mut residual: Vec<f64> =
            (0..size).map(|i| if length[i] > 0.0 { self.right[i] / length[i] } else { 0.0 }).collect();
        for _ in 0..PASSES {
            let mut moved = 0.0;
            for &i in &used {
                let step = ((residual[i] - RIDGE * x[i]) / (1.0 + RIDGE)).max(-x[i]);
                if step == 0.0 {
                    continue;
                }
                x[i] += step;
                moved += step.abs();
                for &j in &used {
                    residual[j] -= step * self.matrix[i * size + j] / (length[i] * length[j]);
                }
            }
            if moved <= TOLERANCE * x.iter().sum::<f64>() {
                break;
            }
        }
        (0..size).map(|i| if length[i] > 0.0 { x[i] / length[i] } else { 0.0 }).collect()
    }
}
