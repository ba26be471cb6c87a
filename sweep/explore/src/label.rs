//! Labels of results and axes on plots: words and unit.

use designs::Measure;
use sweep::Axis;

/// Suffixes of names and their units; longer suffixes first.
const UNITS: [(&str, &str); 18] = [
    ("_usd_per_million_tokens", "USD per million tokens"),
    ("_tokens_per_s_per_sequence", "tokens/s"),
    ("_tokens_per_s", "tokens/s"),
    ("_tokens_per_kj", "tokens/kJ"),
    ("_bytes_per_chip", "B per chip"),
    ("_bytes_per_s", "B/s"),
    ("_bytes", "B"),
    ("_um2", "µm²"),
    ("_mm2", "mm²"),
    ("_usd", "USD"),
    ("_pct", "%"),
    ("_kw", "kW"),
    ("_mj", "mJ"),
    ("_us", "µs"),
    ("_hz", "Hz"),
    ("_w", "W"),
    ("_t", "t CO2e"),
    ("_cycles", "cycles"),
];

/// Label of a result: `throughput_tokens_per_s` gives "throughput, tokens/s". The middle of a price range has no suffix.
pub fn result(name: &str) -> String {
    let name = name.strip_prefix("estimate.").unwrap_or(name);
    let ends = [(".mid", ""), (".low", " (every input optimistic)"), (".high", " (every input pessimistic)")];
    let end = ends.iter().find_map(|(end, text)| Some((name.strip_suffix(end)?, *text)));
    let (name, end) = end.unwrap_or((name, ""));
    match name {
        "tokens_per_s_per_sequence" => return "speed of a sequence, tokens/s".to_owned(),
        "usd_per_million_tokens" => return format!("cost, USD per million tokens{end}"),
        _ => {}
    }
    // A kind may follow the unit, as in `breakdown_pct.comm`.
    let (head, kind) = name.split_once('.').map_or((name, ""), |(head, kind)| (head, kind));
    let unit = |name: &str| UNITS.iter().find_map(|(end, unit)| Some((name.strip_suffix(end)?.to_owned(), *unit)));
    let (words, unit) = match (unit(name), unit(head)) {
        (Some((words, unit)), _) => (words, Some(unit)),
        (None, Some((words, unit))) => (format!("{words} {kind}"), Some(unit)),
        (None, None) => (name.to_owned(), None),
    };
    let words = words.replace(['_', '.'], " ").replace("tco", "TCO").replace("nre", "NRE").replace("kv ", "KV ");
    unit.map_or_else(|| format!("{words}{end}"), |unit| format!("{words}, {unit}{end}"))
}

/// Abbreviations in names.
const SHORT: [(&str, &str); 6] =
    [("hbm", "HBM"), ("hn", "hardwired-neuron"), ("vex", "VEX"), ("kv", "KV"), ("tco", "TCO"), ("nre", "NRE")];

/// The path of a key as words: "HBM stack bandwidth" for `hbm.stack_bandwidth`, "node" for `build.node`.
pub fn words(path: &str) -> String {
    let path = path.strip_prefix("build.").unwrap_or(path);
    let words = path.split(['.', '_']).map(|word| {
        let known = SHORT.iter().find(|(short, _)| *short == word);
        known.map_or(word, |(_, long)| *long)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// An axis whose values are written with their units.
pub fn axis(axis: &Axis) -> String {
    words(&axis.name.path)
}

/// An axis whose values are plain numbers.
pub fn axis_with_unit(axis: &Axis) -> String {
    match axis.name.measure {
        Measure::Whole(unit) | Measure::Quantity(unit) => format!("{}, {unit}", self::axis(axis)),
        _ => self::axis(axis),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_words_and_a_unit() {
        for (name, label) in [
            ("throughput_tokens_per_s", "throughput, tokens/s"),
            ("estimate.tco_dynamic_usd.mid", "TCO dynamic, USD"),
            ("estimate.nre_usd.high", "NRE, USD (every input pessimistic)"),
            ("estimate.usd_per_million_tokens.mid", "cost, USD per million tokens"),
            ("estimate.chip_mm2", "chip, mm²"),
            ("breakdown_pct.comm", "breakdown comm, %"),
            ("estimate.area_mm2.vex", "area vex, mm²"),
            ("kv_cache.spilled_bytes_per_chip", "KV cache spilled, B per chip"),
            ("utilization.hbm", "utilization hbm"),
            ("mine", "mine"),
        ] {
            assert_eq!(result(name), label);
        }
    }

    #[test]
    fn paths_are_words() {
        assert_eq!(super::words("hbm.stack_bandwidth"), "HBM stack bandwidth");
        assert_eq!(super::words("build.node"), "node");
        assert_eq!(super::words("hn_array.inputs_per_port"), "hardwired-neuron array inputs per port");
    }

    #[test]
    fn every_result_with_a_unit_in_its_name_shows_it() {
        for metric in sweep::Metric::all() {
            let label = result(&metric.name);
            let unit = ["_usd", "_mm2", "_kw", "_mj", "_us", "_pct", "_tokens_per_s"];
            if unit.iter().any(|unit| metric.name.contains(unit)) {
                assert!(label.contains(", ") || label.contains("tokens"), "{}: {label}", metric.name);
            }
        }
    }
}
