//! LLVM's machine IR (the MIR text format): functions, blocks, and the operands of each instruction.
//!
//! Only what labels need is kept: registers by name, accesses to stack slots, successors with probabilities in
//! units of 2^-31. An operand marked `undef` is not a read. A definition of a subregister that is not marked `undef`
//! also reads the register, because the rest of its value is kept.

use std::collections::BTreeMap;

/// A function of machine code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineFunction {
    /// Symbol name, without quotes.
    pub name: String,
    /// LLVM's name of the register class of each virtual register.
    pub classes: BTreeMap<u32, String>,
    /// Bytes of the frame, without scalable objects.
    pub stack_bytes: u64,
    /// Objects in the frame by number.
    pub stack: BTreeMap<u32, StackObject>,
    /// The blocks in the order of the code.
    pub blocks: Vec<MachineBlock>,
}

impl MachineFunction {
    /// For each block in the order of the code, the positions of its successors in that order.
    #[must_use]
    pub fn successors(&self) -> Vec<Vec<usize>> {
        let positions = self.positions();
        let of = |block: &MachineBlock| {
            block.successors.iter().filter_map(|(number, _)| positions.get(number).copied()).collect()
        };
        self.blocks.iter().map(of).collect()
    }

    /// Position in the order of the code of each block's number.
    #[must_use]
    pub fn positions(&self) -> BTreeMap<usize, usize> {
        self.blocks.iter().enumerate().map(|(position, block)| (block.number, position)).collect()
    }
}

/// An object in the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackObject {
    /// Bytes; per unit of the vector scale if scalable.
    pub size: u64,
    /// Whether the size grows with the vector length.
    pub scalable: bool,
    /// Whether it is a spill slot of the register allocator; slots for callee-saved registers are not.
    pub spill: bool,
}

/// A basic block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineBlock {
    /// LLVM's number of the block, which is also in the labels of the assembly.
    pub number: usize,
    /// Name of the LLVM IR block that it was generated from; empty if there is none.
    pub origin: String,
    /// Successors by number, with probabilities in units of 2^-31.
    pub successors: Vec<(usize, u64)>,
    /// Physical registers that are live on entry.
    pub live_in: Vec<String>,
    /// The instructions.
    pub instructions: Vec<MachineInstruction>,
}

/// A register as an operand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Register {
    /// Before allocation, by number.
    Virtual(u32),
    /// A register of the processor, by LLVM's name.
    Physical(String),
}

/// An instruction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineInstruction {
    /// LLVM's name of the opcode.
    pub opcode: String,
    /// Registers read.
    pub reads: Vec<Register>,
    /// Registers written.
    pub writes: Vec<Register>,
    /// Stack slots read.
    pub slots_read: Vec<u32>,
    /// Stack slots written.
    pub slots_written: Vec<u32>,
    /// Integer constants among the operands, in order.
    pub constants: Vec<i64>,
}

/// The functions of a text, in order. Lines that do not have the expected form are skipped.
#[must_use]
pub fn parse(text: &str) -> Vec<MachineFunction> {
    let mut functions = Vec::new();
    let mut lines = text.lines().peekable();
    // The first document is LLVM IR in a literal block; machine functions start at a `name:` in column 0.
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("name:") else { continue };
        let mut function = MachineFunction { name: unquote(name.trim()).to_owned(), ..MachineFunction::default() };
        let mut section = "";
        while let Some(line) = lines.next() {
            if line == "..." || line == "---" {
                break;
            }
            if !line.starts_with(' ') {
                section = line.split(':').next().unwrap_or("");
                continue;
            }
            match section {
                "registers" => {
                    if let (Some(id), Some(class)) = (field(line, "id: "), field(line, "class: "))
                        && let Ok(id) = id.parse()
                    {
                        function.classes.insert(id, class.to_owned());
                    }
                }
                "frameInfo" => {
                    if let Some(size) = line.trim().strip_prefix("stackSize:") {
                        function.stack_bytes = size.trim().parse().unwrap_or(0);
                    }
                }
                "stack" => {
                    let mut entry = line.to_owned();
                    while !entry.contains('}') {
                        let Some(more) = lines.next() else { break };
                        entry.push_str(more);
                    }
                    read_stack_object(&entry, &mut function);
                }
                "body" => read_body_line(line, &mut function),
                _ => {}
            }
        }
        functions.push(function);
    }
    functions
}

fn unquote(text: &str) -> &str {
    text.trim_matches(|c| c == '\'' || c == '"')
}

/// The value after a key in a flow mapping, up to the next comma or brace.
fn field<'t>(entry: &'t str, key: &str) -> Option<&'t str> {
    let start = entry.match_indices(key).find(|&(at, _)| at == 0 || entry.as_bytes()[at - 1] == b' ')?.0 + key.len();
    let rest = &entry[start..];
    Some(unquote(rest[..rest.find([',', '}']).unwrap_or(rest.len())].trim()))
}

fn read_stack_object(entry: &str, function: &mut MachineFunction) {
    let Some(id) = field(entry, "id: ").and_then(|id| id.parse().ok()) else { return };
    let callee_saved = field(entry, "callee-saved-register: ").is_some_and(|register| !register.is_empty());
    let object = StackObject {
        size: field(entry, "size: ").and_then(|size| size.parse().ok()).unwrap_or(0),
        scalable: field(entry, "stack-id: ").is_some_and(|kind| kind.starts_with("scalable")),
        spill: field(entry, "type: ") == Some("spill-slot") && !callee_saved,
    };
    function.stack.insert(id, object);
}

fn read_body_line(line: &str, function: &mut MachineFunction) {
    let content = line.trim();
    if let Some(header) = line.strip_prefix("  bb.") {
        let digits = header.find(|c: char| !c.is_ascii_digit()).unwrap_or(header.len());
        let number = header[..digits].parse().unwrap_or(0);
        let rest = &header[digits..];
        let origin = rest.strip_prefix('.').map_or("", |name| name.split([' ', ':']).next().unwrap_or(""));
        function.blocks.push(MachineBlock { number, origin: origin.to_owned(), ..MachineBlock::default() });
        return;
    }
    let Some(block) = function.blocks.last_mut() else { return };
    if let Some(list) = content.strip_prefix("successors:") {
        block.successors = list.split(", ").filter_map(successor).collect();
    } else if let Some(list) = content.strip_prefix("liveins:") {
        let names = list.split(',').filter_map(|name| name.trim().strip_prefix('$'));
        block.live_in = names.map(|name| name.split(':').next().unwrap_or(name).to_owned()).collect();
    } else if !content.is_empty() && !content.starts_with([';', '}']) {
        block.instructions.push(instruction(content));
    }
}

/// `%bb.3(0x40000000)`
fn successor(text: &str) -> Option<(usize, u64)> {
    let (block, probability) = text.trim().strip_prefix("%bb.")?.split_once("(0x")?;
    let block = block.split('.').next()?.parse().ok()?;
    Some((block, u64::from_str_radix(probability.trim_end_matches(')'), 16).ok()?))
}

fn instruction(text: &str) -> MachineInstruction {
    let mut result = MachineInstruction::default();
    let (operands, memory) = text.split_once(" :: ").unwrap_or((text, ""));
    for (position, _) in memory.match_indices("%stack.") {
        let slot = &memory[position + 7..];
        let digits = slot.find(|c: char| !c.is_ascii_digit()).unwrap_or(slot.len());
        let Ok(slot) = slot[..digits].parse() else { continue };
        let written = memory[..position].ends_with("into ");
        if written { result.slots_written.push(slot) } else { result.slots_read.push(slot) }
    }
    let mut explicit_writes = text.starts_with(['%', '$', 'd', 'u', 'e', 'r']) && operands.contains(" = ");
    let (mut undefined, mut implicit_write, mut in_comment) = (false, false, false);
    for word in operands.split([' ', ',', '(', ')', '{']).filter(|word| !word.is_empty()) {
        match word {
            "/*" => in_comment = true,
            "*/" => in_comment = false,
            _ if in_comment => {}
            "=" => explicit_writes = false,
            "undef" => undefined = true,
            "implicit-def" => implicit_write = true,
            _ => {
                if let Some((register, partial)) = register(word) {
                    if explicit_writes || implicit_write {
                        if partial && !undefined {
                            result.reads.push(register.clone());
                        }
                        result.writes.push(register);
                    } else if !undefined {
                        result.reads.push(register);
                    }
                    (undefined, implicit_write) = (false, false);
                } else if result.opcode.is_empty() && word.starts_with(|c: char| c.is_ascii_uppercase()) {
                    word.clone_into(&mut result.opcode);
                } else if let Ok(constant) = word.parse() {
                    result.constants.push(constant);
                }
            }
        }
    }
    result
}

/// A register operand, and whether it is a subregister of a virtual register.
fn register(word: &str) -> Option<(Register, bool)> {
    if let Some(name) = word.strip_prefix('$') {
        let name = name.split([':', '.']).next().unwrap_or(name);
        return (name != "noreg").then(|| (Register::Physical(name.to_owned()), false));
    }
    let rest = word.strip_prefix('%')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let number = rest[..digits].parse().ok()?;
    Some((Register::Virtual(number), rest[digits..].starts_with('.')))
}
