//! Reads the control flow of a function in LLVM IR, and writes counts back as branch weights.
//!
//! Only the values that branches depend on are read. Loads, calls, floating point, vectors and integer arguments are
//! unknown, except the intrinsics that loop control uses. Pointers are addresses of buffers that do not overlap, so
//! that a vectoriser's overlap checks have the result that they have in a run. `llvm.vscale` is the target's;
//! `llvm.experimental.get.vector.length` is the smaller of the remaining elements and the elements of a register
//! group, as on the targets here.

use std::collections::BTreeMap;

use llvm_sys::core::*;
use llvm_sys::prelude::*;
use llvm_sys::target::{LLVMABISizeOfType, LLVMGetModuleDataLayout};
use llvm_sys::{LLVMIntPredicate, LLVMOpcode, LLVMTypeKind};

use super::control::{Assignment, Block, Comparison, ControlFlow, Counts, Exit, Operand, Operation, Phi};
use super::llvm::{Code, blocks, name_of};
use crate::labels::Target;

/// The name that [`name_blocks`] gives to a block.
#[must_use]
pub fn block_name(index: usize) -> String {
    format!("b{index}")
}

/// The index in a name that [`name_blocks`] gave.
#[must_use]
pub fn block_index(name: &str) -> Option<usize> {
    name.strip_prefix('b')?.parse().ok()
}

/// Names all blocks by their position, so that machine blocks can be mapped to them.
pub fn name_blocks(code: &Code) {
    for (_, function) in code.definitions() {
        for round in 0..2 {
            for (index, block) in blocks(function).into_iter().enumerate() {
                // The first round frees the names that the second one gives.
                let name = if round == 0 { format!("moved.{index}") } else { block_name(index) };
                // SAFETY: a block of this module; LLVM copies the name.
                unsafe { LLVMSetValueName2(LLVMBasicBlockAsValue(block), name.as_ptr().cast(), name.len()) };
            }
        }
    }
}

/// The control flow of every function with a body, by name.
#[must_use]
pub fn read(code: &Code, known: &Known) -> Vec<(String, ControlFlow)> {
    code.definitions().into_iter().map(|(name, function)| (name, Reader::read(function, known))).collect()
}

/// Values that intrinsics have where the code runs.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// `llvm.vscale`, at least 1.
    pub vscale: u64,
    /// Other intrinsics without operands, by their whole name: numbers of threads and blocks on a GPU.
    pub intrinsics: BTreeMap<String, u64>,
    /// Integer arguments of the function, by their position.
    pub arguments: BTreeMap<u32, u64>,
}

impl Known {
    /// What is known on a processor.
    #[must_use]
    pub fn on(target: Target) -> Self {
        Self { vscale: target.vscale(), ..Self::default() }
    }
}

struct Reader<'k> {
    known: &'k Known,
    positions: BTreeMap<usize, usize>,
    values: BTreeMap<usize, usize>,
    /// Buffers by the value that stands for them.
    buffers: BTreeMap<usize, u64>,
    /// Instructions whose value is needed, in the order found.
    pending: Vec<LLVMValueRef>,
}

impl<'k> Reader<'k> {
    fn read(function: LLVMValueRef, known: &'k Known) -> ControlFlow {
        let blocks = blocks(function);
        let positions = blocks.iter().enumerate().map(|(index, block)| (*block as usize, index)).collect();
        let mut reader =
            Self { known, positions, values: BTreeMap::new(), buffers: BTreeMap::new(), pending: Vec::new() };
        let mut flow = ControlFlow { blocks: vec![Block::default(); blocks.len()], ..ControlFlow::default() };
        for (index, &block) in blocks.iter().enumerate() {
            flow.blocks[index].exit = reader.exit(block);
        }
        let mut assignments: BTreeMap<usize, Assignment> = BTreeMap::new();
        while let Some(instruction) = reader.pending.pop() {
            let result = reader.values[&(instruction as usize)];
            // SAFETY: an instruction of this function.
            let (block, is_phi) = unsafe {
                (LLVMGetInstructionParent(instruction), LLVMGetInstructionOpcode(instruction) == LLVMOpcode::LLVMPHI)
            };
            if is_phi {
                let incoming = reader.incoming(instruction);
                flow.blocks[reader.positions[&(block as usize)]].phis.push(Phi { result, incoming });
            } else {
                let (operation, operands) = reader.operation(instruction);
                let width = width_of(instruction).unwrap_or(64);
                assignments.insert(instruction as usize, Assignment { result, width, operation, operands });
            }
        }
        flow.values = reader.values.len();
        flow.widths = vec![64; flow.values];
        for (&value, &id) in &reader.values {
            flow.widths[id] = width_of(value as LLVMValueRef).unwrap_or(64);
        }
        // Operations in the order of the block; they were found in the order of their uses.
        for (index, &block) in blocks.iter().enumerate() {
            // SAFETY: walks the block's own list.
            unsafe {
                let mut instruction = LLVMGetFirstInstruction(block);
                while !instruction.is_null() {
                    if let Some(assignment) = assignments.remove(&(instruction as usize)) {
                        flow.blocks[index].operations.push(assignment);
                    }
                    instruction = LLVMGetNextInstruction(instruction);
                }
            }
        }
        flow
    }

    fn position(&self, block: LLVMBasicBlockRef) -> usize {
        self.positions[&(block as usize)]
    }

    fn exit(&mut self, block: LLVMBasicBlockRef) -> Exit {
        // SAFETY: the terminator of a block of a verified function.
        unsafe {
            let terminator = LLVMGetBasicBlockTerminator(block);
            let successor = |index| LLVMGetSuccessor(terminator, index);
            match LLVMGetInstructionOpcode(terminator) {
                LLVMOpcode::LLVMBr if LLVMIsConditional(terminator) == 0 => Exit::Jump(self.position(successor(0))),
                LLVMOpcode::LLVMBr => {
                    let targets = [self.position(successor(0)), self.position(successor(1))];
                    Exit::Branch(self.operand(LLVMGetCondition(terminator)), targets)
                }
                LLVMOpcode::LLVMSwitch => {
                    let default = self.position(LLVMGetSwitchDefaultDest(terminator));
                    let cases = (1..LLVMGetNumSuccessors(terminator))
                        .map(|way| {
                            let bits = LLVMConstIntGetZExtValue(LLVMGetOperand(terminator, 2 * way));
                            (bits, self.position(successor(way)))
                        })
                        .collect();
                    Exit::Switch(self.operand(LLVMGetOperand(terminator, 0)), default, cases)
                }
                _ => Exit::End,
            }
        }
    }

    fn incoming(&mut self, phi: LLVMValueRef) -> Vec<(usize, Operand)> {
        // SAFETY: indices below the count.
        unsafe {
            (0..LLVMCountIncoming(phi))
                .map(|index| {
                    let from = self.position(LLVMGetIncomingBlock(phi, index));
                    (from, self.operand(LLVMGetIncomingValue(phi, index)))
                })
                .collect()
        }
    }

    /// A constant, a buffer's address, or an integer or pointer that an instruction computes; unknown otherwise.
    fn operand(&mut self, value: LLVMValueRef) -> Operand {
        // SAFETY: a value of this function.
        unsafe {
            if width_of(value).is_none() {
                return Operand::Unknown;
            }
            if !LLVMIsAConstantInt(value).is_null() {
                return Operand::Constant(LLVMConstIntGetZExtValue(value));
            }
            if LLVMGetTypeKind(LLVMTypeOf(value)) == LLVMTypeKind::LLVMPointerTypeKind {
                if LLVMIsNull(value) != 0 {
                    return Operand::Constant(0);
                }
                if !LLVMIsAArgument(value).is_null() || !LLVMIsAGlobalVariable(value).is_null() {
                    return self.buffer(value);
                }
            }
            if !LLVMIsAArgument(value).is_null() {
                let parent = LLVMGetParamParent(value);
                let known = self.known.arguments.iter().find(|(at, _)| LLVMGetParam(parent, **at) == value);
                return known.map_or(Operand::Unknown, |(_, &bits)| Operand::Constant(bits));
            }
            if LLVMIsAInstruction(value).is_null() {
                return Operand::Unknown;
            }
        }
        let next = self.values.len();
        let id = *self.values.entry(value as usize).or_insert(next);
        if id == next {
            self.pending.push(value);
        }
        Operand::Value(id)
    }

    fn operation(&mut self, instruction: LLVMValueRef) -> (Operation, Vec<Operand>) {
        let unknown = (Operation::Copy, vec![Operand::Unknown]);
        let width = width_of(instruction).unwrap_or(64);
        // SAFETY: an instruction of this function; operand indices below their count.
        unsafe {
            let operation = match LLVMGetInstructionOpcode(instruction) {
                LLVMOpcode::LLVMAdd => Operation::Add,
                LLVMOpcode::LLVMSub => Operation::Subtract,
                LLVMOpcode::LLVMMul => Operation::Multiply,
                LLVMOpcode::LLVMUDiv => Operation::DivideUnsigned,
                LLVMOpcode::LLVMSDiv => Operation::DivideSigned { width },
                LLVMOpcode::LLVMURem => Operation::RemainderUnsigned,
                LLVMOpcode::LLVMSRem => Operation::RemainderSigned { width },
                LLVMOpcode::LLVMShl => Operation::ShiftLeft,
                LLVMOpcode::LLVMLShr => Operation::ShiftRightLogical,
                LLVMOpcode::LLVMAShr => Operation::ShiftRightArithmetic { width },
                LLVMOpcode::LLVMAnd => Operation::And,
                LLVMOpcode::LLVMOr => Operation::Or,
                LLVMOpcode::LLVMXor => Operation::Xor,
                LLVMOpcode::LLVMZExt
                | LLVMOpcode::LLVMTrunc
                | LLVMOpcode::LLVMFreeze
                | LLVMOpcode::LLVMPtrToInt
                | LLVMOpcode::LLVMIntToPtr => Operation::Copy,
                LLVMOpcode::LLVMSExt => {
                    Operation::SignExtend { width: width_of(LLVMGetOperand(instruction, 0)).unwrap_or(64) }
                }
                LLVMOpcode::LLVMSelect => Operation::Select,
                LLVMOpcode::LLVMICmp => {
                    let width = width_of(LLVMGetOperand(instruction, 0)).unwrap_or(64);
                    Operation::Compare(comparison(LLVMGetICmpPredicate(instruction)), width)
                }
                LLVMOpcode::LLVMGetElementPtr => return self.address(instruction).unwrap_or(unknown),
                LLVMOpcode::LLVMExtractElement => return self.first_lane(instruction).unwrap_or(unknown),
                LLVMOpcode::LLVMAlloca => return (Operation::Copy, vec![self.buffer(instruction)]),
                LLVMOpcode::LLVMCall => return self.call(instruction, width).unwrap_or(unknown),
                _ => return unknown,
            };
            let operands = (0..LLVMGetNumOperands(instruction) as u32)
                .map(|index| self.operand(LLVMGetOperand(instruction, index)));
            (operation, operands.collect())
        }
    }

    /// The address of a buffer: a multiple of 2^40 that no other buffer of the function has.
    fn buffer(&mut self, value: LLVMValueRef) -> Operand {
        const APART: u64 = 1 << 40;
        let next = self.buffers.len() as u64 + 1;
        Operand::Constant(*self.buffers.entry(value as usize).or_insert(next) * APART)
    }

    /// A `getelementptr` as a base and pairs of an index and its stride in bytes.
    fn address(&mut self, instruction: LLVMValueRef) -> Option<(Operation, Vec<Operand>)> {
        // SAFETY: a `getelementptr` of this function; array types have an element type.
        unsafe {
            let layout = LLVMGetModuleDataLayout(LLVMGetGlobalParent(LLVMGetBasicBlockParent(
                LLVMGetInstructionParent(instruction),
            )));
            let mut element = LLVMGetGEPSourceElementType(instruction);
            let mut operands = vec![self.operand(LLVMGetOperand(instruction, 0))];
            for index in 1..LLVMGetNumOperands(instruction) as u32 {
                if index > 1 {
                    if LLVMGetTypeKind(element) != LLVMTypeKind::LLVMArrayTypeKind {
                        return None;
                    }
                    element = LLVMGetElementType(element);
                }
                let value = LLVMGetOperand(instruction, index);
                if width_of(value) != Some(64) || LLVMTypeIsSized(element) == 0 || is_scalable(element) {
                    return None;
                }
                operands.push(self.operand(value));
                operands.push(Operand::Constant(LLVMABISizeOfType(layout, element)));
            }
            Some((Operation::Address, operands))
        }
    }

    /// Lane 0 of the mask of a predicated loop: whether the loop's index is below its bound.
    fn first_lane(&mut self, instruction: LLVMValueRef) -> Option<(Operation, Vec<Operand>)> {
        // SAFETY: an `extractelement` of this function; a call has its arguments as first operands.
        unsafe {
            let (mask, lane) = (LLVMGetOperand(instruction, 0), LLVMGetOperand(instruction, 1));
            let first = !LLVMIsAConstantInt(lane).is_null() && LLVMConstIntGetZExtValue(lane) == 0;
            if !first || LLVMIsACallInst(mask).is_null() || !callee(mask)?.starts_with("llvm.get.active.lane.mask.") {
                return None;
            }
            let (index, bound) = (LLVMGetOperand(mask, 0), LLVMGetOperand(mask, 1));
            let width = width_of(index)?;
            Some((Operation::Compare(Comparison::LessUnsigned, width), vec![self.operand(index), self.operand(bound)]))
        }
    }

    /// A call of an intrinsic of loop control or of an allocation function; `None` for others.
    fn call(&mut self, call: LLVMValueRef, width: u32) -> Option<(Operation, Vec<Operand>)> {
        let scale = self.known.vscale;
        let name = callee(call)?;
        if let Some(&value) = self.known.intrinsics.get(&name) {
            return Some((Operation::Copy, vec![Operand::Constant(value)]));
        }
        if ["malloc", "aligned_alloc"].contains(&name.as_str()) {
            return Some((Operation::Copy, vec![self.buffer(call)]));
        }
        // SAFETY: a call of an intrinsic with the operands that its name implies.
        unsafe {
            let operation = match name.strip_prefix("llvm.")?.rsplit_once('.')?.0 {
                "vscale" => return Some((Operation::Copy, vec![Operand::Constant(scale)])),
                "experimental.get.vector.length" => {
                    let constant = |index| LLVMConstIntGetZExtValue(LLVMGetOperand(call, index));
                    let most = constant(1) * if constant(2) == 1 { scale } else { 1 };
                    let left = self.operand(LLVMGetOperand(call, 0));
                    return Some((Operation::MinimumUnsigned, vec![left, Operand::Constant(most)]));
                }
                "smin" => Operation::MinimumSigned { width },
                "smax" => Operation::MaximumSigned { width },
                "umin" => Operation::MinimumUnsigned,
                "umax" => Operation::MaximumUnsigned,
                "usub.sat" => Operation::SubtractSaturating,
                _ => return None,
            };
            let operands = (0..2).map(|index| self.operand(LLVMGetOperand(call, index))).collect();
            Some((operation, operands))
        }
    }
}

/// Name of the called function; `None` for an indirect call.
pub(in crate::mlir) fn callee(call: LLVMValueRef) -> Option<String> {
    // SAFETY: a call.
    let name = name_of(unsafe { LLVMGetCalledValue(call) });
    (!name.is_empty()).then_some(name)
}

/// Whether the size of a type grows with the vector length.
fn is_scalable(kind: LLVMTypeRef) -> bool {
    // SAFETY: any type has a kind.
    unsafe { LLVMGetTypeKind(kind) == LLVMTypeKind::LLVMScalableVectorTypeKind }
}

/// Bits of a pointer, or of an integer of at most 64 bits; `None` for other types.
fn width_of(value: LLVMValueRef) -> Option<u32> {
    // SAFETY: any value has a type.
    unsafe {
        let kind = LLVMTypeOf(value);
        if LLVMGetTypeKind(kind) == LLVMTypeKind::LLVMPointerTypeKind {
            return Some(64);
        }
        if LLVMGetTypeKind(kind) != LLVMTypeKind::LLVMIntegerTypeKind {
            return None;
        }
        let width = LLVMGetIntTypeWidth(kind);
        (width <= 64).then_some(width)
    }
}

fn comparison(predicate: LLVMIntPredicate) -> Comparison {
    match predicate {
        LLVMIntPredicate::LLVMIntEQ => Comparison::Equal,
        LLVMIntPredicate::LLVMIntNE => Comparison::NotEqual,
        LLVMIntPredicate::LLVMIntULT => Comparison::LessUnsigned,
        LLVMIntPredicate::LLVMIntULE => Comparison::LessEqualUnsigned,
        LLVMIntPredicate::LLVMIntUGT => Comparison::GreaterUnsigned,
        LLVMIntPredicate::LLVMIntUGE => Comparison::GreaterEqualUnsigned,
        LLVMIntPredicate::LLVMIntSLT => Comparison::LessSigned,
        LLVMIntPredicate::LLVMIntSLE => Comparison::LessEqualSigned,
        LLVMIntPredicate::LLVMIntSGT => Comparison::GreaterSigned,
        LLVMIntPredicate::LLVMIntSGE => Comparison::GreaterEqualSigned,
    }
}

/// Writes the counts of every executed branch of a function as branch weights, from which the code generator computes
/// block probabilities.
pub fn write_weights(code: &Code, function: &str, counts: &Counts) {
    let Some((_, function)) = code.definitions().into_iter().find(|(name, _)| name == function) else { return };
    for (index, block) in blocks(function).into_iter().enumerate() {
        let edges = &counts.edges[index];
        let largest = edges.iter().copied().fold(0.0, f64::max);
        if edges.len() < 2 || largest == 0.0 {
            continue;
        }
        // Weights are integers below 2^32. The factor 2 keeps halves exact; an edge that is taken has at least 1.
        let scale = (f64::from(1_u32 << 30) / largest).min(2.0);
        let weights: Vec<u64> =
            edges.iter().map(|&edge| if edge == 0.0 { 0 } else { ((edge * scale).round() as u64).max(1) }).collect();
        // SAFETY: the metadata is created in the context of the module, and the terminator belongs to the module.
        unsafe {
            let context = code.raw_context();
            let text = c"branch_weights".to_bytes();
            let mut operands = vec![LLVMMDStringInContext2(context, text.as_ptr().cast(), text.len())];
            let integer = LLVMInt32TypeInContext(context);
            operands.extend(weights.iter().map(|&weight| LLVMValueAsMetadata(LLVMConstInt(integer, weight, 0))));
            let node = LLVMMDNodeInContext2(context, operands.as_mut_ptr(), operands.len());
            let kind = LLVMGetMDKindIDInContext(context, c"prof".as_ptr(), 4);
            LLVMSetMetadata(LLVMGetBasicBlockTerminator(block), kind, LLVMMetadataAsValue(context, node));
        }
    }
}
