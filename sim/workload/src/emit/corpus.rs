//! Layers and pieces of many models in many settings, for a corpus of MLIR.

use std::collections::BTreeSet;

use designs::{Grid, Model};
use sim::Phase;

use super::layer::{layer, layer_kinds};
use super::piece_writer::{Emitted, setting_name};
use super::pieces::pieces;
use super::setting::Setting;

/// Sequences and contexts of decode.
const DECODE: [(u64, &[u64]); 4] = [
    (1, &[256, 1024, 2048, 4096, 8192, 32_768]),
    (4, &[256, 1024, 4096]),
    (16, &[256, 1024, 4096]),
    (64, &[512, 2048]),
];

/// Tokens and contexts of prefill.
const PREFILL: [(u64, &[u64]); 4] = [(16, &[16, 512]), (64, &[64, 1024]), (256, &[256, 2048]), (1024, &[1024])];

/// Settings of whole layers.
const WHOLE: [(Phase, u64, u64); 6] = [
    (Phase::Decode, 1, 512),
    (Phase::Decode, 1, 4096),
    (Phase::Decode, 8, 2048),
    (Phase::Decode, 32, 1024),
    (Phase::Prefill, 64, 64),
    (Phase::Prefill, 128, 1024),
];

/// Grids whose chips' parts are emitted.
const GRIDS: [(u32, u32); 4] = [(1, 1), (1, 4), (2, 2), (4, 4)];

/// Layers and pieces of `models` over a fixed choice of phases, batches, contexts and grids, f32, in a fixed
/// order. Texts that occur twice (a projection does not depend on the context) are kept once.
#[must_use]
pub fn corpus(models: &[Model]) -> Vec<Emitted> {
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    let mut keep = |emitted: Emitted| {
        if seen.insert(emitted.text.clone()) {
            all.push(emitted);
        }
    };
    let settings = |phase: Phase, list: &'static [(u64, &[u64])]| {
        list.iter().flat_map(move |&(t, contexts)| contexts.iter().map(move |&c| Setting::new(phase, t, c)))
    };
    for model in models {
        for index in layer_kinds(model) {
            for (phase, tokens, context) in WHOLE {
                let setting = Setting::new(phase, tokens, context);
                let Ok(text) = layer(model, index, &setting) else { continue };
                let name = format!("{}/layer{index}/{}/layer", model.name, setting_name(&setting, Some(context)));
                let (family, model) = ("llm-layer", model.name.clone());
                keep(Emitted { name, family, model, piece: "layer", whole: true, text });
            }
            for setting in settings(Phase::Decode, &DECODE).chain(settings(Phase::Prefill, &PREFILL)) {
                for (rows, columns) in GRIDS {
                    // Grids whose columns do not divide the heads are skipped: the mapping refuses them too.
                    let of_grid = pieces(model, index, &setting, Grid { rows, columns });
                    of_grid.into_iter().flatten().for_each(&mut keep);
                }
            }
        }
    }
    all
}
