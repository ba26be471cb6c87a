//! What a family of kernels is.

use super::draw::Draw;
use super::writer::{Form, Writer};

/// A family of kernels.
pub(super) struct Family {
    /// Its name.
    pub name: &'static str,
    /// How many kernels of it there are among a hundred of an average family.
    pub weight: usize,
    /// The forms that it can be written in.
    pub forms: &'static [Form],
    /// Writes a kernel of it: what it computes comes from the first stream, its schedule from the second.
    pub write: fn(&mut Writer, &mut Draw, &mut Draw),
    /// Passes of its own, tried in random order before those of the form: names and pipelines on the module.
    pub passes: &'static [(&'static str, &'static str)],
    /// Whether its texts are long on purpose.
    pub long: bool,
}

/// Loop nests.
pub(super) const LOOPS: &[Form] = &[Form::Affine, Form::Scf];
/// Loop nests, and `linalg` on tensors.
pub(super) const ALL: &[Form] = &[Form::Affine, Form::Scf, Form::Linalg];

/// A family without passes of its own.
pub(super) const fn family(
    name: &'static str,
    weight: usize,
    forms: &'static [Form],
    write: fn(&mut Writer, &mut Draw, &mut Draw),
) -> Family {
    Family { name, weight, forms, write, passes: &[], long: false }
}
