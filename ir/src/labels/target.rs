//! The processors that functions are compiled for.

use serde::{Deserialize, Serialize};

/// A processor with an instruction set, as LLVM names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Intel Skylake server: x86-64 with AVX-512.
    #[serde(rename = "skylake-avx512")]
    SkylakeAvx512,
    /// AMD Zen 4: x86-64 with AVX-512.
    Znver4,
    /// Arm Neoverse V1: AArch64 with SVE of 256 bits.
    #[serde(rename = "neoverse-v1")]
    NeoverseV1,
    /// SiFive X280: RISC-V with vectors of 512 bits.
    #[serde(rename = "sifive-x280")]
    SifiveX280,
}

impl Target {
    /// All targets, in the order of the columns of a data set.
    pub const ALL: [Self; 4] = [Self::SkylakeAvx512, Self::Znver4, Self::NeoverseV1, Self::SifiveX280];

    /// The processor's name, as LLVM's `-mcpu` takes it.
    #[must_use]
    pub fn cpu(self) -> &'static str {
        match self {
            Self::SkylakeAvx512 => "skylake-avx512",
            Self::Znver4 => "znver4",
            Self::NeoverseV1 => "neoverse-v1",
            Self::SifiveX280 => "sifive-x280",
        }
    }

    /// The target of that name.
    #[must_use]
    pub fn from_cpu(cpu: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.cpu() == cpu)
    }

    /// LLVM's target triple.
    #[must_use]
    pub fn triple(self) -> &'static str {
        match self {
            Self::SkylakeAvx512 | Self::Znver4 => "x86_64-unknown-linux-gnu",
            Self::NeoverseV1 => "aarch64-unknown-linux-gnu",
            Self::SifiveX280 => "riscv64-unknown-linux-gnu",
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.cpu())
    }
}
