//! The requests of a machine that keep models in their own cycles busy, for rates that the event machine takes from them.

use designs::Design;

use crate::cycle::measured::{Rates, Requests};
use crate::cycle::{self, buffer};
use crate::mapping::AttentionCost;
use crate::schedule::program::Compiled;
use crate::units::hbm::Placement;

/// Measures the models of `spec` with the requests of the layer that reads most of its cache, at `context`.
pub(super) fn measure(
    design: &Design,
    compiled: &Compiled,
    spec: &cycle::Spec,
    placement: &Placement,
    context: u64,
) -> Rates {
    let positions = |layer: &usize| {
        compiled.program(*layer).attention.map_or(0, |attention| attention.positions_on_fullest(context))
    };
    // Of equal layers the first.
    let layer = (0..compiled.layers()).rev().max_by_key(positions).unwrap_or(0);
    let mut requests = Requests {
        messages: messages(compiled, layer),
        hbm_bytes_per_cycle: compiled.specs.hbm.bytes_per_second as f64 / design.clock.hz() as f64,
        ..Requests::default()
    };
    if let Some(attention) = &compiled.program(layer).attention {
        cache(&mut requests, attention, placement, &spec.buffer, (positions(&layer), compiled.kv_element_bytes));
    }
    Rates::new(spec, &requests, design.interconnect.link_bandwidth.get() as f64)
}

/// Streams and reads of a layer with so many positions on the fullest chip, and elements of so many bytes.
fn cache(
    requests: &mut Requests,
    attention: &AttentionCost,
    placement: &Placement,
    buffer: &buffer::Spec,
    (positions, element): (u64, u64),
) {
    let entry = attention.stored_elements * element;
    requests.stream = placement.spilled_of(positions * entry);
    requests.region = requests.stream;
    requests.entry = placement.spilled_of(entry);
    requests.reads = [attention.score_elements, attention.value_elements]
        .map(|elements| buffer.words(positions * elements * element));
}

/// Messages of one layer on the link with most bytes, in the order of their phases.
fn messages(compiled: &Compiled, layer: usize) -> Vec<(u64, bool)> {
    let (bytes, _) = compiled.link_bytes(layer);
    let Some((link, _)) = bytes.iter().enumerate().rev().max_by_key(|(_, bytes)| **bytes) else { return Vec::new() };
    let (from, _) = compiled.specs.interconnect.ends(link);
    let phases = 0..compiled.program(layer).messages.phases();
    phases
        .flat_map(|phase| compiled.phase(layer, phase).from(from))
        .filter(|wire| wire.link as usize == link)
        .map(|wire| (wire.bytes, wire.adds))
        .collect()
}
