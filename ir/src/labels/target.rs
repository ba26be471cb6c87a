//! The processors that functions are compiled for, one record each.
//!
//! To add a processor of a known instruction set, add its record to [`processors!`] and run the tests: they check that
//! LLVM has a scheduling model of that name, and that the table of `docs/labels.md` lists it. An instruction set is a
//! variant of [`InstructionSet`] with a module in `ir::mlir::codegen::targets`.

use serde::{Deserialize, Serialize};

/// An instruction set: what its processors share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstructionSet {
    /// 64-bit x86.
    X86,
    /// 64-bit Arm.
    Aarch64,
    /// 64-bit RISC-V.
    Riscv,
}

impl InstructionSet {
    /// All instruction sets.
    pub const ALL: [Self; 3] = [Self::X86, Self::Aarch64, Self::Riscv];

    /// Its name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86-64",
            Self::Aarch64 => "AArch64",
            Self::Riscv => "RISC-V",
        }
    }

    /// LLVM's target triple.
    #[must_use]
    pub fn triple(self) -> &'static str {
        match self {
            Self::X86 => "x86_64-unknown-linux-gnu",
            Self::Aarch64 => "aarch64-unknown-linux-gnu",
            Self::Riscv => "riscv64-unknown-linux-gnu",
        }
    }

    /// Bytes below the stack pointer that a function without calls may use: 128 in the System V ABI for x86-64.
    #[must_use]
    pub fn red_zone_bytes(self) -> u64 {
        match self {
            Self::X86 => 128,
            Self::Aarch64 | Self::Riscv => 0,
        }
    }

    /// Bits of a vector register per unit of LLVM's `vscale`; `None` if vector registers have one fixed length.
    #[must_use]
    pub fn vscale_bits(self) -> Option<u32> {
        match self {
            Self::X86 => None,
            Self::Aarch64 => Some(128),
            Self::Riscv => Some(64),
        }
    }
}

/// The record of a processor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Processor {
    /// LLVM's name of it (`-mcpu`), which is also its name in files and on the command line.
    pub cpu: &'static str,
    /// Maker and model, for documents.
    pub description: &'static str,
    /// Its instruction set.
    pub instruction_set: InstructionSet,
    /// Its vector extension, for documents.
    pub vectors: &'static str,
    /// Length of a vector register in bits.
    pub vector_bits: u32,
    /// Lower bound of the latency, in cycles, of one floating-point addition in a chain of dependent additions that
    /// may be done in order only.
    pub addition_cycles: f64,
    /// What no program can beat.
    pub limits: Limits,
}

/// What no program on a processor can beat, in its clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Most instructions that start in a cycle.
    pub issue_width: f64,
    /// Bits of floating-point results in a cycle, of all pipes; a fused multiply-add has two results.
    pub float_bits: f64,
    /// Bytes read from the first cache in a cycle.
    pub load_bytes: f64,
    /// Bytes written to the first cache in a cycle.
    pub store_bytes: f64,
    /// Vector registers that one instruction works on at most: 8 with the longest RISC-V groups.
    pub grouped_registers: f64,
}

/// Defines [`Target`] and its records: one variant a processor, in the order of the columns of a data set.
macro_rules! processors {
    ($($variant:ident {
        cpu: $cpu:literal,
        description: $description:literal,
        instruction_set: $set:ident,
        vectors: $vectors:literal,
        vector_bits: $vector_bits:literal,
        addition_cycles: $addition_cycles:literal,
        limits: $limits:expr,
    })*) => {
        /// A processor that functions are compiled for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Target {
            $(
                #[doc = concat!($description, ".")]
                #[serde(rename = $cpu)]
                $variant,
            )*
        }

        impl Target {
            /// All targets, in the order of the columns of a data set.
            pub const ALL: [Self; [$($cpu),*].len()] = [$(Self::$variant),*];

            /// The record of the processor.
            #[must_use]
            pub fn processor(self) -> &'static Processor {
                match self {
                    $(Self::$variant => &Processor {
                        cpu: $cpu,
                        description: $description,
                        instruction_set: InstructionSet::$set,
                        vectors: $vectors,
                        vector_bits: $vector_bits,
                        addition_cycles: $addition_cycles,
                        limits: $limits,
                    },)*
                }
            }
        }
    };
}

processors! {
    SkylakeAvx512 {
        cpu: "skylake-avx512",
        description: "Intel Skylake server",
        instruction_set: X86,
        vectors: "AVX-512",
        vector_bits: 512,
        // Intel 64 and IA-32 Architectures Optimization Reference Manual: 4 cycles.
        addition_cycles: 4.0,
        // The same manual: 6 micro-operations leave the decoded cache in a cycle; two 512-bit multiply-add pipes; two
        // reads and one write of 64 bytes.
        limits: Limits {
            issue_width: 6.0,
            float_bits: 2048.0,
            load_bytes: 128.0,
            store_bytes: 64.0,
            grouped_registers: 1.0,
        },
    }
    Znver4 {
        cpu: "znver4",
        description: "AMD Zen 4",
        instruction_set: X86,
        vectors: "AVX-512",
        vector_bits: 512,
        // AMD Software Optimization Guide for the Zen 4 Microarchitecture: 3 cycles.
        addition_cycles: 3.0,
        // The same guide: 6 instructions are dispatched in a cycle; two multiply-add and two addition pipes of 256 bits. LLVM's
        // scheduling model `Znver4Model` lets two 512-bit reads and one such write start in a cycle; the guide has half of that.
        limits: Limits {
            issue_width: 6.0,
            float_bits: 1536.0,
            load_bytes: 128.0,
            store_bytes: 64.0,
            grouped_registers: 1.0,
        },
    }
    NeoverseV1 {
        cpu: "neoverse-v1",
        description: "Arm Neoverse V1",
        instruction_set: Aarch64,
        vectors: "SVE",
        vector_bits: 256,
        // Arm Neoverse V1 Software Optimization Guide: 2 cycles.
        addition_cycles: 2.0,
        // The same guide: 8 instructions are dispatched in a cycle; four 128-bit multiply-add pipes; two reads of 32 bytes.
        // LLVM's scheduling model `NeoverseV1Model` has two writes of 32 bytes, the guide one.
        limits: Limits {
            issue_width: 8.0,
            float_bits: 1024.0,
            load_bytes: 64.0,
            store_bytes: 64.0,
            grouped_registers: 1.0,
        },
    }
    SifiveX280 {
        cpu: "sifive-x280",
        description: "SiFive X280",
        instruction_set: Riscv,
        vectors: "RVV",
        vector_bits: 512,
        // An ordered vector reduction takes at least one cycle an element.
        addition_cycles: 1.0,
        // LLVM's scheduling model of the X280: two instructions in a cycle; one vector pipe of 256 bits and one scalar one of 64;
        // 64 bytes of a vector register.
        limits: Limits {
            issue_width: 2.0,
            float_bits: 640.0,
            load_bytes: 64.0,
            store_bytes: 64.0,
            grouped_registers: 8.0,
        },
    }
}

impl Target {
    /// The processor's name, as LLVM's `-mcpu` takes it.
    #[must_use]
    pub fn cpu(self) -> &'static str {
        self.processor().cpu
    }

    /// The target of that name.
    #[must_use]
    pub fn from_cpu(cpu: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.cpu() == cpu)
    }

    /// The processor's instruction set.
    #[must_use]
    pub fn instruction_set(self) -> InstructionSet {
        self.processor().instruction_set
    }

    /// LLVM's target triple.
    #[must_use]
    pub fn triple(self) -> &'static str {
        self.instruction_set().triple()
    }

    /// LLVM's `vscale`: units of a scalable vector register on this processor; 1 if vector registers have one fixed
    /// length.
    #[must_use]
    pub fn vscale(self) -> u64 {
        let unit = self.instruction_set().vscale_bits();
        unit.map_or(1, |unit| u64::from(self.processor().vector_bits / unit))
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.cpu())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_complete() {
        for target in Target::ALL {
            let Processor { cpu, description, vectors, vector_bits, addition_cycles, limits, .. } = *target.processor();
            assert_eq!(Target::from_cpu(cpu), Some(target), "two processors are called {cpu}");
            assert_eq!(serde_json::to_value(target).unwrap(), cpu);
            assert_eq!(serde_json::from_value::<Target>(cpu.into()).unwrap(), target);
            assert!(!description.is_empty() && !vectors.is_empty(), "{cpu}");
            assert!(addition_cycles >= 1.0, "{cpu}");
            let Limits { issue_width, float_bits, load_bytes, store_bytes, grouped_registers } = limits;
            assert!(
                [issue_width, load_bytes, store_bytes, grouped_registers].iter().all(|&limit| limit >= 1.0),
                "{cpu}"
            );
            assert!(float_bits >= 64.0, "{cpu}");
            let unit = target.instruction_set().vscale_bits().unwrap_or(128);
            assert!(vector_bits >= unit && vector_bits % unit == 0, "{cpu}: {vector_bits} is no multiple of {unit}");
        }
    }

    #[test]
    fn the_documentation_lists_every_record() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/labels.md");
        let document = std::fs::read_to_string(path).unwrap();
        let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| `")).take(Target::ALL.len()).collect();
        let expected = Target::ALL.map(|target| {
            let Processor { cpu, description, instruction_set, vectors, vector_bits, .. } = *target.processor();
            format!("| `{cpu}` | {description} | {} | {vectors}, {vector_bits} bits |", instruction_set.name())
        });
        assert_eq!(rows, expected, "the table of {path} differs from the records");
    }
}
