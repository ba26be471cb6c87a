//! Every preset loads, says where each of its values comes from, and survives its own listing.

use designs::{Grade, Override, load, presets, show};

/// Values that describe the text itself have no source beside it.
const NO_ORIGIN: [&str; 1] = ["summary"];

fn check_lines(name: &str, lines: &[show::Line]) {
    for line in lines {
        assert!(!line.doc.is_empty() && !line.value.is_empty(), "{name}: {}", line.path);
        if NO_ORIGIN.contains(&line.path.as_str()) {
            assert_eq!(line.provenance, None);
            continue;
        }
        let provenance = line.provenance.as_ref().unwrap_or_else(|| panic!("{name}: {} has no origin", line.path));
        assert_ne!(provenance.grade, Grade::User, "{name}: {} states no grade", line.path);
        assert!(!provenance.source.starts_with("preset "), "{name}: {} states no source", line.path);
        assert!(provenance.year.is_some(), "{name}: {} states no year", line.path);
    }
}

#[test]
fn designs_load_with_complete_provenance() {
    for preset in presets::designs() {
        let design = load::design(preset.name, &[], &load::no_files).unwrap_or_else(|problems| panic!("{problems}"));
        let lines = show::design(&design);
        assert_eq!(lines.len(), design.provenance.len() + NO_ORIGIN.len(), "every field was found and is shown");
        check_lines(preset.name, &lines);
        assert_eq!((design.name.as_str(), design.summary.as_str()), (preset.name, preset.summary));
    }
}

#[test]
fn nodes_load_with_complete_provenance() {
    for preset in presets::nodes() {
        let node = load::node(preset.name, &load::no_files).unwrap_or_else(|problems| panic!("{problems}"));
        check_lines(preset.name, &show::node(&node));
        assert_eq!(preset.name, format!("n{}", node.feature_nm));
    }
}

#[test]
fn economics_and_comparisons_load_with_complete_provenance() {
    for preset in presets::economics() {
        let economics =
            load::economics(preset.name, &[], &load::no_files).unwrap_or_else(|problems| panic!("{problems}"));
        check_lines(preset.name, &show::economics(&economics));
        assert!(!economics.summary.is_empty());
    }
    for preset in presets::comparisons() {
        let machine = load::comparison(preset.name, &load::no_files).unwrap_or_else(|problems| panic!("{problems}"));
        check_lines(preset.name, &show::comparison(&machine));
        assert_eq!(machine.summary, preset.summary);
    }
}

#[test]
fn memories_load_with_complete_provenance() {
    for preset in presets::memories() {
        let memory = load::memory(preset.name, &[], &load::no_files).unwrap_or_else(|problems| panic!("{problems}"));
        check_lines(preset.name, &show::memory(&memory));
        assert_eq!(memory.summary, preset.summary);
        assert!(memory.summary.ends_with(&format!("{} GiB", memory.stack_bytes() >> 30)), "{}", memory.summary);
    }
}

#[test]
fn memories_reach_the_bandwidth_of_their_pins() {
    // 1024 pins at 2.0, 3.6, 6.4 and 9.2 Gb/s.
    for (name, gb_per_s) in [("hbm2", 256.0), ("hbm2e", 460.8), ("hbm3", 819.2), ("hbm3e", 1177.6)] {
        let memory = load::memory(name, &[], &load::no_files).unwrap();
        assert_eq!(memory.peak_bytes_per_second(), gb_per_s * 1e9, "{name}");
    }
}

#[test]
fn mask_stacks_agree_with_their_nodes() {
    for preset in presets::mask_stacks() {
        let stack = load::mask_stack(preset.name, &load::no_files).unwrap_or_else(|problems| panic!("{problems}"));
        check_lines(preset.name, &show::mask_stack(&stack));
        let node = load::node(preset.name, &load::no_files).unwrap();
        let count = |euv_only: bool| -> u32 {
            let layers = stack.layers.iter().filter(|l| !euv_only || l.lithography == designs::Lithography::Euv);
            layers.map(|l| l.masks).sum()
        };
        for (known, counted) in [(node.masks, count(false)), (node.euv_masks, count(true))] {
            if let Some(known) = known {
                let high = known.high.unwrap_or(f64::INFINITY);
                assert!((known.low..=high).contains(&f64::from(counted)), "{}: {counted}", preset.name);
            }
        }
        for embedding in ["published", "one-via", "two-metal", "all"] {
            assert!(stack.select(embedding).unwrap().contains(&true), "{} {embedding}", preset.name);
        }
    }
}

#[test]
fn the_published_stack_is_m8_to_m11_with_the_via_below() {
    let stack = load::mask_stack("n5", &load::no_files).unwrap();
    assert_eq!(stack.select("m8-m11"), stack.select("published"));
    assert_ne!(stack.select("m8-m9"), stack.select("published"));
    assert!(stack.select("m9-m8").unwrap_err().to_string().contains("runs downwards"));
}

#[test]
fn designs_refer_to_presets_and_fit_their_model() {
    for preset in presets::designs() {
        let design = load::design(preset.name, &[], &load::no_files).unwrap();
        load::node(&design.node, &load::no_files).unwrap_or_else(|problems| panic!("{problems}"));
        let model = load::model(&design.model, &load::no_files).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(!show::model(&model).is_empty());
        let weights = model.hardwired_layer_weights() + u64::from(model.hidden) * u64::from(model.vocabulary);
        let capacity = design.hn_array.weight_capacity * u64::from(design.grid.chips());
        assert!((weights..=weights + weights / 200).contains(&capacity), "{capacity} for {weights}");
    }
}

#[test]
fn hnlpu_has_the_published_values() {
    let design = load::design("hnlpu", &[], &load::no_files).unwrap();
    assert_eq!(design.grid.chips(), 16);
    assert_eq!(design.clock.hz(), 1_000_000_000);
    assert_eq!(design.attention_buffer.capacity.get(), 320_000_000);
    assert_eq!(design.hbm.stack_bandwidth.get(), 819_000_000_000);
    assert_eq!(design.interconnect.link_bandwidth.get(), 128_000_000_000);
    assert_eq!(design.interconnect.hop_latency.cycles_at(design.clock).get(), 100);
    let area = &design.area;
    let blocks =
        [area.hn_array, area.vex, area.control_unit, area.attention_buffer, area.interconnect_engine, area.hbm_phy];
    let total: f64 = blocks.iter().map(|block| block.mm2()).sum();
    assert!((total - 827.08).abs() < 0.005, "Table 1 adds up to {total}");
}

/// What `show` prints can be given back as overrides and changes nothing but the provenance.
#[test]
fn shown_values_read_back() {
    let design = load::design("hnlpu", &[], &load::no_files).unwrap();
    let overrides: Vec<Override> = show::design(&design)
        .iter()
        .map(|line| Override::parse(&format!("{}={}", line.path, line.value)).unwrap())
        .collect();
    let mut again = load::design("hnlpu", &overrides, &load::no_files).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(again.provenance.values().all(|provenance| provenance.source == "--set"));
    again.provenance = design.provenance.clone();
    assert_eq!(again, design);
}

#[test]
fn summaries_of_models_state_what_show_computes() {
    for preset in presets::models() {
        let model = load::model(preset.name, &load::no_files).unwrap();
        let billions = |count: u64| format!("{:.1}", count as f64 / 1e9);
        let mut expected = format!("{} billion parameters, ", billions(model.parameters()));
        if model.layers.iter().any(|layer| matches!(layer.ffn, designs::Ffn::Moe { .. })) {
            expected += &format!("{} active, ", billions(model.active_parameters()));
        }
        assert!(preset.summary.starts_with(&expected), "{}: {expected}", preset.name);
    }
}
