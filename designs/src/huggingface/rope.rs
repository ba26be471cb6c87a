//! Scaling of rotary positions: the context that it extends a model to.

use super::json::Object;
use super::limits::MAX_CONTEXT;
use crate::problem::shorten;

/// The largest context of a model whose `max_position_embeddings` is `stated`, and a note where scaling extends it.
///
/// `yarn` reaches `factor` times the original context (`original_max_position_embeddings`, or else the stated one), `linear`
/// and `dynamic` `factor` times the stated one. `llama3`, `longrope`, `mrope` and `default` do not change it: their files state the
/// extended context. These are the rules by which vLLM derives the context. In families of which `stated_extended` holds,
/// published files state the extended context whatever the method.
pub(super) fn context(o: &mut Object<'_>, stated: u64, stated_extended: bool) -> (u64, Option<String>) {
    let key = ["rope_scaling", "rope_parameters"].into_iter().find(|key| o.get(key).is_some());
    let Some(key) = key else { return (stated, None) };
    let Some(mut scaling) = o.nested(key) else { return (stated, None) };
    // Files may state one for each kind of layer.
    if let Some(full) = scaling.nested("full_attention") {
        scaling = full;
    }
    let method = scaling.text("rope_type").or_else(|| scaling.text("type")).unwrap_or_else(|| "default".into());
    let factor = scaling.number("factor").unwrap_or(1.0);
    let original = scaling.count("original_max_position_embeddings", 1, MAX_CONTEXT);
    let original = original.or_else(|| o.count("original_max_position_embeddings", 1, MAX_CONTEXT));
    o.problems.append(&mut scaling.problems);
    let base = match method.as_str() {
        _ if stated_extended => return (stated, None),
        "yarn" | "deepseek_yarn" => original.unwrap_or(stated),
        "linear" | "dynamic" => stated,
        "default" | "llama3" | "longrope" | "su" | "mrope" => return (stated, None),
        other => {
            let note = format!(
                "rope scaling \"{}\" is not known: the context stays at max_position_embeddings",
                shorten(other)
            );
            return (stated, Some(note));
        }
    };
    // Bounded before it is narrowed; a factor below 1 shortens nothing.
    let extended = (base as f64 * factor).round().clamp(1.0, MAX_CONTEXT as f64) as u64;
    if extended <= stated {
        return (stated, None);
    }
    (extended, Some(format!("{method} scaling by {factor} extends the context from {stated} positions")))
}
