//! Numbers that networks compute with: `f32` in use, `f64` where gradients are checked.

/// A floating-point number whose functions are the same on every machine.
pub trait Real: nalgebra::RealField + Copy {
    /// From `f64`, rounded.
    fn of(value: f64) -> Self;
    /// Exponential.
    fn exponential(self) -> Self;
    /// Hyperbolic tangent.
    fn hyperbolic_tangent(self) -> Self;

    /// `1 / (1 + exp(-x))`.
    fn sigmoid(self) -> Self {
        Self::one() / (Self::one() + (-self).exponential())
    }
}

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }

    fn exponential(self) -> Self {
        libm::expf(self)
    }

    fn hyperbolic_tangent(self) -> Self {
        libm::tanhf(self)
    }
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn exponential(self) -> Self {
        libm::exp(self)
    }

    fn hyperbolic_tangent(self) -> Self {
        libm::tanh(self)
    }
}
