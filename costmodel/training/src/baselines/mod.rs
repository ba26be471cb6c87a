//! Baselines that the learned model is compared with.

mod analytical;
mod mean;
mod nearest;
mod ridge;

pub use analytical::{Liveness, Roofline};
pub use mean::{Mean, MeanModel};
pub use nearest::{Nearest, NearestModel};
pub use ridge::{Ridge, RidgeModel, RidgeParameters};
