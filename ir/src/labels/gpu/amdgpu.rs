//! What LLVM's AMDGPU back end writes about a kernel into its assembly: comments after the code, and the metadata.
//!
//! Sizes and counts are of the final code: `.vgpr_count` is what the compiler used, rounded by nothing.

use std::collections::BTreeMap;

/// Resources of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AmdResources {
    /// Vector registers of a thread, with accumulation registers where both share a file.
    pub vector_registers: u32,
    /// Accumulation registers among them; 0 where the GPU has none.
    pub accumulation_registers: u32,
    /// Scalar registers of a wave, with those that the system reserves.
    pub scalar_registers: u32,
    /// Vector registers that the allocator has spilled.
    pub vector_spills: u32,
    /// Scalar registers that the allocator has spilled.
    pub scalar_spills: u32,
    /// Bytes of scratch memory of a thread.
    pub scratch_bytes: u32,
    /// Bytes of shared memory of a block.
    pub shared_bytes: u32,
    /// LLVM's own occupancy, in waves of a SIMD; absent in assembly without comments.
    pub occupancy: Option<u32>,
    /// Whether the code calls functions that are not in the module, so that its counts are guesses.
    pub dynamic_stack: bool,
}

/// The resources of every kernel in an assembly text, by name.
///
/// # Errors
/// A count of the metadata is missing or no number: what and of which kernel.
pub fn resources(assembly: &str) -> Result<BTreeMap<String, AmdResources>, String> {
    let occupancies = occupancies(assembly);
    let mut all = BTreeMap::new();
    for fields in kernels(assembly) {
        let name = fields.get(".name").ok_or("a kernel of the metadata has no .name")?.clone();
        let count = |key: &str| -> Result<u32, String> {
            let text = fields.get(key).ok_or_else(|| format!("the metadata of {name} has no {key}"))?;
            text.parse().map_err(|_| format!("{key} of {name} is no count: {text}"))
        };
        let resources = AmdResources {
            vector_registers: count(".vgpr_count")?,
            // Only GPUs with accumulation registers have the key.
            accumulation_registers: if fields.contains_key(".agpr_count") { count(".agpr_count")? } else { 0 },
            scalar_registers: count(".sgpr_count")?,
            vector_spills: count(".vgpr_spill_count")?,
            scalar_spills: count(".sgpr_spill_count")?,
            scratch_bytes: count(".private_segment_fixed_size")?,
            shared_bytes: count(".group_segment_fixed_size")?,
            occupancy: occupancies.get(&name).copied(),
            dynamic_stack: fields.get(".uses_dynamic_stack").is_some_and(|value| value == "true"),
        };
        all.insert(name, resources);
    }
    Ok(all)
}

/// The scalar fields of each kernel in the metadata, a YAML document of LLVM's fixed layout.
fn kernels(assembly: &str) -> Vec<BTreeMap<String, String>> {
    let metadata = assembly.split_once(".amdgpu_metadata").map_or("", |(_, rest)| rest);
    let metadata = metadata.split_once(".end_amdgpu_metadata").map_or(metadata, |(document, _)| document);
    let mut kernels: Vec<BTreeMap<String, String>> = Vec::new();
    let mut inside = false;
    for line in metadata.lines() {
        if !line.starts_with(' ') {
            inside = line.starts_with("amdhsa.kernels:");
            continue;
        }
        if !inside {
            continue;
        }
        // A kernel starts with `  - `, its fields are indented by four; arguments are deeper.
        let field = match (line.strip_prefix("  - "), line.strip_prefix("    ")) {
            (Some(first), _) => {
                kernels.push(BTreeMap::new());
                first
            }
            (None, Some(field)) if !field.starts_with([' ', '-']) => field,
            _ => continue,
        };
        if let (Some((key, value)), Some(kernel)) = (field.split_once(':'), kernels.last_mut()) {
            kernel.insert(key.to_owned(), value.trim().trim_matches(['\'', '"']).to_owned());
        }
    }
    kernels
}

/// LLVM's occupancy of each kernel, from the comments after its code.
fn occupancies(assembly: &str) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    let mut kernel = None;
    for line in assembly.lines() {
        if let Some(name) = line.trim().strip_prefix(".amdhsa_kernel ") {
            kernel = Some(name.trim_matches('"').to_owned());
        } else if let Some(waves) = line.trim().strip_prefix("; Occupancy: ")
            && let (Some(name), Ok(waves)) = (kernel.take(), waves.trim().parse())
        {
            found.insert(name, waves);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
\t.amdhsa_kernel one
\t.end_amdhsa_kernel
; Kernel info:
; TotalNumSgprs: 14
; Occupancy: 8
\t.amdgpu_metadata
---
amdhsa.kernels:
  - .agpr_count:     2
    .args:
      - .address_space:  generic
        .name:           A
        .size:           8
    .group_segment_fixed_size: 1024
    .name:           one
    .private_segment_fixed_size: 28
    .sgpr_count:     14
    .sgpr_spill_count: 1
    .symbol:         one.kd
    .uses_dynamic_stack: false
    .vgpr_count:     80
    .vgpr_spill_count: 6
  - .args:           []
    .group_segment_fixed_size: 0
    .name:           two
    .private_segment_fixed_size: 0
    .sgpr_count:     6
    .sgpr_spill_count: 0
    .uses_dynamic_stack: true
    .vgpr_count:     1
    .vgpr_spill_count: 0
amdhsa.target:   amdgcn-amd-amdhsa--gfx942
amdhsa.version:
  - 1
  - 2
...
\t.end_amdgpu_metadata
";

    #[test]
    fn kernels_of_the_metadata_are_read() {
        let all = resources(TEXT).unwrap();
        assert_eq!(all.len(), 2);
        let one = AmdResources {
            vector_registers: 80,
            accumulation_registers: 2,
            scalar_registers: 14,
            vector_spills: 6,
            scalar_spills: 1,
            scratch_bytes: 28,
            shared_bytes: 1024,
            occupancy: Some(8),
            dynamic_stack: false,
        };
        assert_eq!(all["one"], one);
        let two = all["two"];
        assert_eq!((two.vector_registers, two.accumulation_registers, two.occupancy), (1, 0, None));
        assert!(two.dynamic_stack);
    }

    #[test]
    fn missing_and_wrong_counts_are_named() {
        let without = TEXT.replace("    .vgpr_count:     80\n", "");
        assert_eq!(resources(&without).unwrap_err(), "the metadata of one has no .vgpr_count");
        let wrong = TEXT.replace("size: 28", "size: many");
        assert_eq!(resources(&wrong).unwrap_err(), ".private_segment_fixed_size of one is no count: many");
        assert!(resources("").unwrap().is_empty());
    }
}
