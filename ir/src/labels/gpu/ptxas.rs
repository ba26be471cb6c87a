//! What NVIDIA's ptxas writes about kernels with `-v`, and the number of machine instructions in its object file.

use std::collections::BTreeMap;

/// Resources of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PtxasResources {
    /// Registers of a thread.
    pub registers: u32,
    /// Bytes that a thread stores to spill registers, in the code.
    pub spill_store_bytes: u32,
    /// Bytes that a thread loads of spilled registers, in the code.
    pub spill_load_bytes: u32,
    /// Bytes of the stack frame of a thread, in local memory.
    pub stack_bytes: u32,
    /// Bytes of shared memory of a block.
    pub shared_bytes: u32,
}

/// The resources of every kernel in what `ptxas -v` writes, by name.
///
/// # Errors
/// A kernel has no line with its registers, or a number is not understood.
pub fn resources(messages: &str) -> Result<BTreeMap<String, PtxasResources>, String> {
    let mut all = BTreeMap::new();
    // The kernel whose section is read. Functions that it calls have lines of frame and spills in the same section.
    let mut current: Option<(String, PtxasResources)> = None;
    // Whether the next line of frame and spills is the kernel's own.
    let mut own_frame = false;
    for line in messages.lines() {
        let text = line.split_once("ptxas info").map_or(line, |(_, rest)| rest.trim_start_matches([' ', ':']));
        if let Some(rest) = text.strip_prefix("Compiling entry function '") {
            if let Some((name, _)) = &current {
                return Err(format!("ptxas states no registers of {name}"));
            }
            let name = rest.split('\'').next().unwrap_or("").to_owned();
            current = Some((name, PtxasResources::default()));
        } else if let Some(rest) = text.strip_prefix("Function properties for ") {
            own_frame = current.as_ref().is_some_and(|(name, _)| name == rest.trim());
        } else if text.contains("bytes stack frame")
            && let Some((_, resources)) = current.as_mut().filter(|_| own_frame)
        {
            resources.stack_bytes = before(text, " bytes stack frame")?;
            resources.spill_store_bytes = before(text, " bytes spill stores")?;
            resources.spill_load_bytes = before(text, " bytes spill loads")?;
        } else if text.starts_with("Used ")
            && text.contains(" registers")
            && let Some((name, mut resources)) = current.take()
        {
            resources.registers = before(text, " registers")?;
            resources.shared_bytes = if text.contains(" bytes smem") { before(text, " bytes smem")? } else { 0 };
            all.insert(name, resources);
        }
    }
    match current {
        Some((name, _)) => Err(format!("ptxas states no registers of {name}")),
        None => Ok(all),
    }
}

/// The number before a phrase.
fn before(text: &str, phrase: &str) -> Result<u32, String> {
    let misread = || format!("a line of ptxas is not understood: {}", text.trim());
    let words = text.split_once(phrase).ok_or_else(misread)?.0;
    words.rsplit([' ', ',']).next().unwrap_or("").parse().map_err(|_| misread())
}

/// Bytes of a machine instruction since compute capability 7.0.
const INSTRUCTION_BYTES: usize = 16;

/// The low 12 bits of an instruction that does nothing.
const NO_OPERATION: u16 = 0x918;

/// Machine instructions of a kernel in an object file of ptxas (ELF, 64 bits, little endian), without the padding at the end: the
/// instructions that do nothing, and the branch to itself before them.
///
/// # Errors
/// The file is damaged or has no code of that kernel.
pub fn instructions(object: &[u8], kernel: &str) -> Result<u64, String> {
    let code = section(object, &format!(".text.{kernel}"))?;
    if code.len() % INSTRUCTION_BYTES != 0 {
        return Err(format!("the code of {kernel} has {} bytes, no multiple of {INSTRUCTION_BYTES}", code.len()));
    }
    let opcodes: Vec<u16> = code.chunks(INSTRUCTION_BYTES).map(|i| u16::from_le_bytes([i[0], i[1]]) & 0xfff).collect();
    let padding = opcodes.iter().rev().take_while(|&&opcode| opcode == NO_OPERATION).count();
    let used = opcodes.len() - padding;
    // ptxas ends code with a branch to itself, which is never reached.
    const BRANCH: u16 = 0x947;
    let trap = usize::from(opcodes[..used].last() == Some(&BRANCH));
    Ok((used - trap) as u64)
}

/// The bytes of a section of an ELF file.
fn section<'f>(file: &'f [u8], wanted: &str) -> Result<&'f [u8], String> {
    let damaged = || "the object file of ptxas is damaged".to_owned();
    if file.get(..6) != Some(&[0x7f, b'E', b'L', b'F', 2, 1]) {
        return Err(damaged());
    }
    let number = |at: usize, bytes: usize| -> Option<usize> {
        let field = file.get(at..at.checked_add(bytes)?)?;
        usize::try_from(field.iter().rev().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte))).ok()
    };
    let table = number(0x28, 8).ok_or_else(damaged)?;
    let (size, count, names) = (
        number(0x3a, 2).ok_or_else(damaged)?,
        number(0x3c, 2).ok_or_else(damaged)?,
        number(0x3e, 2).ok_or_else(damaged)?,
    );
    let header = |index: usize| table.checked_add(index.checked_mul(size)?);
    let content = |index: usize| -> Option<(usize, &'f [u8])> {
        let at = header(index)?;
        let (name, start, length) = (number(at, 4)?, number(at + 0x18, 8)?, number(at + 0x20, 8)?);
        Some((name, file.get(start..start.checked_add(length)?)?))
    };
    let (_, names) = content(names).ok_or_else(damaged)?;
    for index in 0..count {
        // Sections without bytes in the file, such as shared memory, may point anywhere.
        let Some((name, bytes)) = content(index) else { continue };
        let name = names.get(name..).and_then(|rest| rest.split(|&byte| byte == 0).next());
        if name == Some(wanted.as_bytes()) {
            return Ok(bytes);
        }
    }
    Err(format!("the object file of ptxas has no section {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: &str = "\
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'mm' for 'sm_90'
ptxas info    : Function properties for helper
    8 bytes stack frame, 4 bytes spill stores, 4 bytes spill loads
ptxas info    : Function properties for mm
    240 bytes stack frame, 536 bytes spill stores, 540 bytes spill loads
ptxas info    : Used 32 registers, used 1 barriers, 240 bytes cumulative stack size, 4096 bytes smem
ptxas info    : Compile time = 156.846 ms
ptxas info    : Compiling entry function 'other' for 'sm_90'
ptxas info    : Function properties for other
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 8 registers, used 0 barriers
";

    #[test]
    fn messages_of_ptxas_are_read() {
        let all = resources(MESSAGES).unwrap();
        let mm = PtxasResources {
            registers: 32,
            spill_store_bytes: 536,
            spill_load_bytes: 540,
            stack_bytes: 240,
            shared_bytes: 4096,
        };
        assert_eq!(all["mm"], mm);
        assert_eq!(all["other"], PtxasResources { registers: 8, ..PtxasResources::default() });
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn incomplete_messages_are_refused() {
        let without = MESSAGES.replace("ptxas info    : Used 8 registers, used 0 barriers\n", "");
        assert_eq!(resources(&without).unwrap_err(), "ptxas states no registers of other");
        let wrong = MESSAGES.replace("Used 8 registers", "Used some registers");
        assert!(resources(&wrong).unwrap_err().contains("not understood: Used some registers"));
    }

    /// An ELF file with one section of code and one of names.
    fn object(code: &[u8]) -> Vec<u8> {
        let names = b"\0.text.k\0.shstrtab\0";
        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1];
        file.resize(0x40, 0);
        let (code_at, names_at) = (file.len(), file.len() + code.len());
        file.extend(code);
        file.extend(names);
        let table = file.len();
        for (name, start, length) in [(0, 0, 0), (1, code_at, code.len()), (9, names_at, names.len())] {
            let mut header = vec![0; 0x40];
            header[..4].copy_from_slice(&(name as u32).to_le_bytes());
            header[0x18..0x20].copy_from_slice(&(start as u64).to_le_bytes());
            header[0x20..0x28].copy_from_slice(&(length as u64).to_le_bytes());
            file.extend(header);
        }
        file[0x28..0x30].copy_from_slice(&(table as u64).to_le_bytes());
        file[0x3a..0x3c].copy_from_slice(&0x40_u16.to_le_bytes());
        file[0x3c..0x3e].copy_from_slice(&3_u16.to_le_bytes());
        file[0x3e..0x40].copy_from_slice(&2_u16.to_le_bytes());
        file
    }

    #[test]
    fn instructions_are_counted_without_padding() {
        let instruction = |opcode: u16| {
            let mut bytes = [0_u8; 16];
            bytes[..2].copy_from_slice(&(opcode | 0x7000).to_le_bytes());
            bytes
        };
        // A load, one that does nothing, an exit; then the branch to itself and padding.
        let code: Vec<u8> = [0xb82, 0x918, 0x94d, 0x947, 0x918, 0x918].into_iter().flat_map(instruction).collect();
        let file = object(&code);
        assert_eq!(instructions(&file, "k"), Ok(3));
        assert!(instructions(&file, "other").unwrap_err().contains(".text.other"));
        for length in 0..file.len() {
            // A file that is cut is refused, or only unread fields at its end are gone.
            let cut = instructions(&file[..length], "k");
            assert!(cut.is_err() || cut == Ok(3) && length + 0x18 >= file.len(), "{length} bytes: {cut:?}");
        }
    }
}
