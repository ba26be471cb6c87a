//! Registers of the targets: which class a name belongs to and which physical registers it covers.
//!
//! Names are LLVM's. Stack pointers, zero registers, flags and status registers belong to no class: they hold
//! no value of the program or cannot be allocated.

use crate::labels::{PerClass, Target};

/// A class of registers that compete for the same physical registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// General-purpose registers.
    General,
    /// Vector registers.
    Vector,
    /// Scalar floating-point registers where they are apart.
    Float,
    /// Mask or predicate registers.
    Mask,
}

/// Physical registers of one class, from `first` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Physical {
    /// The class.
    pub class: Class,
    /// Number of the first.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// Arranges counts by class; classes the target lacks are `None`.
#[must_use]
pub fn per_class(target: Target, count: impl Fn(Class) -> u32) -> PerClass {
    let x86_or_arm = target != Target::SifiveX280;
    PerClass {
        general: count(Class::General),
        vector: count(Class::Vector),
        float: (!x86_or_arm).then(|| count(Class::Float)),
        mask: x86_or_arm.then(|| count(Class::Mask)),
    }
}

/// Class of a virtual register by its register class, and how many physical registers it takes; `None` for
/// classes that hold no value that labels count, an error for a name that is not known.
///
/// # Errors
/// The unknown name.
pub fn virtual_class(target: Target, name: &str) -> Result<Option<(Class, u32)>, String> {
    let known = match target {
        Target::SkylakeAvx512 | Target::Znver4 => x86_class(name),
        Target::NeoverseV1 => arm_class(name),
        Target::SifiveX280 => riscv_class(name),
    };
    match known {
        Some(class) => Ok(Some(class)),
        // Flags and status words.
        None if ["ccr", "fpccr", "dfccr", "vcsr", "segment_reg"].contains(&name) => Ok(None),
        None => Err(name.to_owned()),
    }
}

fn x86_class(name: &str) -> Option<(Class, u32)> {
    if name.starts_with("gr") || name.starts_with("low32_addr_access") {
        Some((Class::General, 1))
    } else if name.starts_with("vk") {
        Some((Class::Mask, if name.contains("pair") { 2 } else { 1 }))
    } else if name.starts_with("fr") || name.starts_with("vr") {
        Some((Class::Vector, 1))
    } else {
        None
    }
}

fn arm_class(name: &str) -> Option<(Class, u32)> {
    let sequence = |prefix: &str| {
        let rest = name.strip_prefix(prefix)?;
        let digit = rest.chars().next().and_then(|c| c.to_digit(10));
        Some(digit.unwrap_or(1))
    };
    if name.starts_with("xseqpairs") || name.starts_with("wseqpairs") {
        return Some((Class::General, 2));
    }
    if name.contains("gpr") {
        return Some((Class::General, 1));
    }
    if let Some(count) = sequence("zpr") {
        return Some((Class::Vector, count));
    }
    if let Some(count) = sequence("ppr").or_else(|| sequence("pnr")) {
        return Some((Class::Mask, count));
    }
    if name.starts_with("fpr") {
        return Some((Class::Vector, 1));
    }
    // Lists of two to four registers: dd, ddd, dddd, qq, qqq, qqqq, perhaps restricted further.
    let list = name.split('_').next().unwrap_or(name);
    let letter = list.chars().next()?;
    let uniform = "dq".contains(letter) && list.len() <= 4 && list.chars().all(|c| c == letter);
    uniform.then_some((Class::Vector, list.len() as u32))
}

fn riscv_class(name: &str) -> Option<(Class, u32)> {
    if name.starts_with("gprpair") {
        Some((Class::General, 2))
    } else if name.starts_with("gpr") || name.starts_with("sr07") {
        Some((Class::General, 1))
    } else if name.starts_with("fpr") {
        Some((Class::Float, 1))
    } else if name == "vm" || name.starts_with("vmv0") {
        Some((Class::Vector, 1))
    } else {
        // `vr`, `vrm4`, `vrn3m2`: registers of a tuple times registers of a group; `nov0` leaves out the first.
        let rest = name.strip_prefix("vr")?.trim_end_matches("nov0");
        let digit = |text: &str| text.chars().next().and_then(|c| c.to_digit(10));
        let registers = rest.strip_prefix('n').map_or(Some(1), digit);
        let group = rest.find('m').map_or(Some(1), |at| digit(&rest[at + 1..]));
        let fields = registers.zip(group);
        fields.map(|(registers, group)| (Class::Vector, registers * group))
    }
}

/// The physical registers that a name covers; none for registers that labels do not count.
#[must_use]
pub fn physical(target: Target, name: &str) -> Vec<Physical> {
    match target {
        Target::SkylakeAvx512 | Target::Znver4 => name.split('_').filter_map(x86_register).collect(),
        Target::NeoverseV1 => name.split('_').filter_map(arm_register).collect(),
        Target::SifiveX280 => name.split('_').filter_map(riscv_register).collect(),
    }
}

fn one(class: Class, first: u32) -> Option<Physical> {
    Some(Physical { class, first, count: 1 })
}

fn x86_register(name: &str) -> Option<Physical> {
    const NAMES: [[&str; 5]; 7] = [
        ["rax", "eax", "ax", "al", "ah"],
        ["rbx", "ebx", "bx", "bl", "bh"],
        ["rcx", "ecx", "cx", "cl", "ch"],
        ["rdx", "edx", "dx", "dl", "dh"],
        ["rsi", "esi", "si", "sil", "sih"],
        ["rdi", "edi", "di", "dil", "dih"],
        ["rbp", "ebp", "bp", "bpl", "bph"],
    ];
    if let Some(index) = NAMES.iter().position(|names| names.contains(&name)) {
        return one(Class::General, index as u32);
    }
    let number = |prefix: &str| name.strip_prefix(prefix)?.parse().ok();
    if let Some(number) = number("xmm").or_else(|| number("ymm")).or_else(|| number("zmm")) {
        return one(Class::Vector, number);
    }
    if let Some(number) = number("k") {
        return one(Class::Mask, number);
    }
    let number = name.strip_prefix('r')?.trim_end_matches(['b', 'w', 'd']).parse().ok()?;
    one(Class::General, number)
}

fn arm_register(name: &str) -> Option<Physical> {
    match name {
        "fp" => return one(Class::General, 29),
        "lr" => return one(Class::General, 30),
        _ => {}
    }
    let (letters, digits) = name.split_at(name.find(|c: char| c.is_ascii_digit())?);
    let number = digits.trim_end_matches("_hi").parse().ok()?;
    match letters {
        "x" | "w" => one(Class::General, number),
        "b" | "h" | "s" | "d" | "q" | "z" => one(Class::Vector, number),
        "p" | "pn" => one(Class::Mask, number),
        _ => None,
    }
}

fn riscv_register(name: &str) -> Option<Physical> {
    let letter = name.chars().next()?;
    let rest = &name[1..];
    match letter {
        'x' => {
            let number = rest.parse().ok()?;
            // Zero, stack, global and thread pointer.
            if [0, 2, 3, 4].contains(&number) { None } else { one(Class::General, number) }
        }
        'f' => one(Class::Float, rest.parse().ok()?),
        'v' => {
            let (first, group) = rest.split_once('m').unwrap_or((rest, "1"));
            Some(Physical { class: Class::Vector, first: first.parse().ok()?, count: group.parse().ok()? })
        }
        _ => None,
    }
}
