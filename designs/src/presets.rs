//! Designs, process nodes and models that ship with the crate, as texts.
//!
//! Every value of a design or node states source, grade and year; models are the published
//! configuration files.

/// A text that ships with the crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Name by which commands and files refer to it.
    pub name: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// The text: TOML for designs and nodes, JSON for models.
    pub text: &'static str,
}

macro_rules! presets {
    ($folder:literal, $extension:literal: $($name:literal $summary:literal;)*) => {
        &[$(Preset {
            name: $name,
            summary: $summary,
            text: include_str!(concat!("../presets/", $folder, $name, $extension)),
        }),*]
    };
}

/// Designs.
#[must_use]
pub fn designs() -> &'static [Preset] {
    presets! { "", ".toml":
        "hnlpu" "HNLPU as published: gpt-oss-120b in the metal of 16 chips, 4 x 4, 5 nm";
    }
}

/// Process nodes, from large to small.
#[must_use]
pub fn nodes() -> &'static [Preset] {
    presets! { "nodes/", ".toml":
        "n28" "28 nm";
        "n16" "16 nm FinFET";
        "n7" "7 nm, no EUV";
        "n6" "6 nm";
        "n5" "5 nm, the node of HNLPU";
        "n3" "3 nm";
        "n2" "2 nm";
    }
}

/// Prices and rules.
#[must_use]
pub fn economics() -> &'static [Preset] {
    presets! { "economics/", ".toml":
        "hnlpu" "Prices and rules of the publication, ranges from optimistic to pessimistic";
        "published" "Prices and rules of the publication with its stated power and its rounding, for its own tables";
        "wide" "The publication's prices with ranges on what it takes as known, for Monte Carlo";
    }
}

/// Mask stacks, named as their node.
#[must_use]
pub fn mask_stacks() -> &'static [Preset] {
    presets! { "masks/", ".toml":
        "n28" "28 nm, split of layers assumed";
        "n16" "16 nm, split of layers assumed";
        "n7" "7 nm without EUV, split of layers assumed";
        "n6" "6 nm, split of layers assumed";
        "n5" "5 nm as published: 70 masks, 12 of them EUV, 10 per chip";
        "n3" "3 nm, split of layers assumed";
        "n2" "2 nm, split of layers assumed";
    }
}

/// Machines to compare with.
#[must_use]
pub fn comparisons() -> &'static [Preset] {
    presets! { "comparisons/", ".toml":
        "h100" "NVIDIA H100 SXM";
        "h800" "NVIDIA H800 SXM";
        "h20" "NVIDIA H20";
        "b200" "NVIDIA B200";
        "mi325x" "AMD MI325X";
        "tpu-v7" "Google TPU v7";
        "wse-3" "Cerebras WSE-3";
        "sn40l" "SambaNova SN40L, 16 sockets";
        "lpu-v1" "Groq LPU v1";
        "lp30" "Groq 3 LP30";
        "sohu" "Etched Sohu";
        "taalas-hc1" "Taalas HC1, Llama 3.1 8B hardwired";
        "ankhdjet" "Ankhdjet, BitNet hardwired";
        "bitrom" "BitROM";
    }
}

/// Kinds of stacked DRAM.
#[must_use]
pub fn memories() -> &'static [Preset] {
    presets! { "memory/", ".toml":
        "hbm2" "HBM2, 2.0 Gb/s a pin, 8 channels, 8 GiB";
        "hbm2e" "HBM2E, 3.6 Gb/s a pin, 8 channels, 16 GiB";
        "hbm3" "HBM3, 6.4 Gb/s a pin, 16 channels, 16 GiB";
        "hbm3e" "HBM3E, 9.2 Gb/s a pin, 16 channels, 24 GiB";
    }
}

/// Models.
#[must_use]
pub fn models() -> &'static [Preset] {
    presets! { "models/", ".json":
        "gpt-oss-120b" "116.8 billion parameters, 5.1 active, 128 experts, alternating windows of 128";
        "llama-3-1-8b" "8.0 billion parameters, dense";
        "qwen3-8b-fp8" "8.2 billion parameters, dense, released in FP8";
        "qwen3-30b-a3b" "30.5 billion parameters, 3.0 active, 128 experts";
        "qwq-32b" "32.8 billion parameters, dense";
        "deepseek-v3" "671.0 billion parameters, 36.6 active, latent attention, 256 experts";
        "kimi-k2" "1026.4 billion parameters, 31.7 active, latent attention, 384 experts";
    }
}

/// The text of the preset called `name`.
pub(crate) fn text(presets: &'static [Preset], name: &str) -> Option<&'static str> {
    presets.iter().find(|preset| preset.name == name).map(|preset| preset.text)
}
