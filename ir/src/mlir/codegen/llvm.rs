//! Safe wrappers over the part of LLVM's C interface that labels need.
//!
//! Values own their LLVM objects and free them when dropped; a [`Code`] keeps its context alive. Options of the code
//! generator are global to the process, so one thread at a time uses LLVM ([`turn`]).

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};

use llvm_sys::analysis::{LLVMVerifierFailureAction, LLVMVerifyModule};
use llvm_sys::bit_reader::LLVMParseBitcodeInContext2;
use llvm_sys::core::*;
use llvm_sys::error::{LLVMDisposeErrorMessage, LLVMGetErrorMessage};
use llvm_sys::linker::LLVMLinkModules2;
use llvm_sys::prelude::*;
use llvm_sys::target::*;
use llvm_sys::target_machine::*;
use llvm_sys::transforms::pass_builder::*;
use llvm_sys::{LLVMDiagnosticSeverity, LLVMLinkage};
use melior::ir::Module;
use melior::ir::operation::OperationRef;

use super::targets::backend;
use crate::labels::gpu::{GpuTarget, Vendor};
use crate::labels::{Failure, Phase, Target};

unsafe extern "C" {
    /// `llvm::cl::ResetAllOptionOccurrences()`. The C interface parses options but rejects an option that was given
    /// before, and has no function to reset them. The mangled name is that of the one LLVM version linked here.
    #[link_name = "_ZN4llvm2cl25ResetAllOptionOccurrencesEv"]
    fn reset_all_option_occurrences();
}

/// LLVM's version, `major.minor.patch`.
#[must_use]
pub fn version() -> String {
    let (mut major, mut minor, mut patch) = (0, 0, 0);
    // SAFETY: the pointers are to valid, writable integers.
    unsafe { LLVMGetVersion(&raw mut major, &raw mut minor, &raw mut patch) };
    format!("{major}.{minor}.{patch}")
}

/// Locks LLVM for this thread: its options are global to the process.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets the process-wide options of the code generator, replacing those set before.
pub fn set_options(options: &[&str]) {
    let words: Vec<CString> = std::iter::once("hardwire").chain(options.iter().copied()).map(c_string).collect();
    let pointers: Vec<*const c_char> = words.iter().map(|word| word.as_ptr()).collect();
    // SAFETY: the pointers are valid during the call, and LLVM copies the strings it keeps. The caller holds `turn`.
    unsafe {
        reset_all_option_occurrences();
        llvm_sys::support::LLVMParseCommandLineOptions(pointers.len() as i32, pointers.as_ptr(), null_mut());
    }
}

fn c_string(text: &str) -> CString {
    // Texts with NUL are rejected by the bridge, so nothing is removed in practice.
    CString::new(text.replace('\0', "")).unwrap_or_default()
}

/// Copies a message and frees it.
unsafe fn take_message(message: *mut c_char) -> String {
    if message.is_null() {
        return String::new();
    }
    // SAFETY: the caller passes ownership of a NUL-terminated message of LLVM's allocator.
    unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        LLVMDisposeMessage(message);
        text
    }
}

/// A code generator for one processor.
pub struct Machine {
    raw: LLVMTargetMachineRef,
    layout: LLVMTargetDataRef,
    triple: &'static str,
    cpu: &'static str,
}

impl Machine {
    /// A code generator for position-independent code at `llc`'s default level.
    ///
    /// # Errors
    /// LLVM was built without the target.
    pub fn new(target: Target) -> Result<Self, Failure> {
        backend(target.instruction_set()).initialise();
        Self::create(target.triple(), target.cpu(), LLVMCodeGenOptLevel::LLVMCodeGenLevelDefault)
    }

    /// A code generator at the level that compilers for GPUs use, `-O3`.
    ///
    /// # Errors
    /// LLVM was built without the target.
    pub fn for_gpu(target: GpuTarget) -> Result<Self, Failure> {
        // SAFETY: the functions take nothing, and registration may be repeated.
        unsafe {
            match target.gpu().vendor {
                Vendor::Amd => {
                    LLVMInitializeAMDGPUTargetInfo();
                    LLVMInitializeAMDGPUTarget();
                    LLVMInitializeAMDGPUTargetMC();
                    LLVMInitializeAMDGPUAsmPrinter();
                }
                Vendor::Nvidia => {
                    LLVMInitializeNVPTXTargetInfo();
                    LLVMInitializeNVPTXTarget();
                    LLVMInitializeNVPTXTargetMC();
                    LLVMInitializeNVPTXAsmPrinter();
                }
            }
        }
        Self::create(target.triple(), target.cpu(), LLVMCodeGenOptLevel::LLVMCodeGenLevelAggressive)
    }

    fn create(triple: &'static str, cpu: &'static str, level: LLVMCodeGenOptLevel) -> Result<Self, Failure> {
        let (name, processor, features) = (c_string(triple), c_string(cpu), c_string(""));
        let mut found = null_mut();
        let mut message = null_mut();
        // SAFETY: the strings and out-pointers are valid; `drop` frees the machine.
        unsafe {
            if LLVMGetTargetFromTriple(name.as_ptr(), &raw mut found, &raw mut message) != 0 {
                return Err(Failure { phase: Phase::Generate, reason: take_message(message) });
            }
            let raw = LLVMCreateTargetMachine(
                found,
                name.as_ptr(),
                processor.as_ptr(),
                features.as_ptr(),
                level,
                LLVMRelocMode::LLVMRelocPIC,
                LLVMCodeModel::LLVMCodeModelDefault,
            );
            LLVMSetTargetMachineAsmVerbosity(raw, 1);
            let layout = LLVMCreateTargetDataLayout(raw);
            Ok(Self { raw, layout, triple, cpu })
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // SAFETY: both are owned by `self` and freed once.
        unsafe {
            LLVMDisposeTargetData(self.layout);
            LLVMDisposeTargetMachine(self.raw);
        }
    }
}

/// An LLVM context that collects the errors of code generation.
struct Context {
    raw: LLVMContextRef,
    messages: Box<RefCell<Vec<String>>>,
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: owned by `self` and freed once, after all its modules, which hold an `Rc`.
        unsafe { LLVMContextDispose(self.raw) };
    }
}

extern "C" fn collect(info: LLVMDiagnosticInfoRef, sink: *mut c_void) {
    // SAFETY: `sink` is the context's own message list, which lives as long as the context.
    unsafe {
        if LLVMGetDiagInfoSeverity(info) == LLVMDiagnosticSeverity::LLVMDSError {
            let message = take_message(LLVMGetDiagInfoDescription(info));
            (*sink.cast::<RefCell<Vec<String>>>()).borrow_mut().push(message);
        }
    }
}

/// A module of LLVM IR.
pub struct Code {
    raw: LLVMModuleRef,
    context: Rc<Context>,
}

impl Drop for Code {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { LLVMDisposeModule(self.raw) };
    }
}

impl Code {
    /// Translates a module of the LLVM dialect; `None` if an operation has no translation, which is reported in the
    /// module's MLIR context.
    #[must_use]
    pub fn translate(module: &Module<'_>) -> Option<Self> {
        Self::translate_operation(module.as_operation())
    }

    /// As [`translate`](Self::translate), of an operation that holds functions as a module does, such as a module of a GPU.
    #[must_use]
    pub fn translate_operation(operation: OperationRef<'_, '_>) -> Option<Self> {
        // SAFETY: the context is new, the handler's data outlives it, and the translation does not refer to the MLIR module.
        unsafe {
            let messages = Box::new(RefCell::new(Vec::new()));
            let raw = LLVMContextCreate();
            LLVMContextSetDiagnosticHandler(raw, Some(collect), (&raw const *messages).cast_mut().cast());
            let context = Rc::new(Context { raw, messages });
            let translated = mlir_sys::mlirTranslateModuleToLLVMIR(operation.to_raw(), context.raw.cast());
            (!translated.is_null()).then(|| Self { raw: translated.cast(), context })
        }
    }

    /// The raw context.
    pub(in crate::mlir) fn raw_context(&self) -> LLVMContextRef {
        self.context.raw
    }

    /// A copy in the same context.
    #[must_use]
    pub fn copy(&self) -> Self {
        // SAFETY: a valid module.
        Self { raw: unsafe { LLVMCloneModule(self.raw) }, context: Rc::clone(&self.context) }
    }

    /// LLVM's text.
    #[must_use]
    pub fn text(&self) -> String {
        // SAFETY: a valid module; `take_message` frees the text.
        unsafe { take_message(LLVMPrintModuleToString(self.raw)) }
    }

    /// The functions with a body.
    pub(in crate::mlir) fn definitions(&self) -> Vec<(String, LLVMValueRef)> {
        // SAFETY: functions of this module.
        let is_defined = |function: &LLVMValueRef| unsafe { LLVMIsDeclaration(*function) == 0 };
        self.functions().into_iter().filter(is_defined).map(|function| (name_of(function), function)).collect()
    }

    /// All functions, with a body or without.
    fn functions(&self) -> Vec<LLVMValueRef> {
        let mut all = Vec::new();
        // SAFETY: walks the module's own list.
        unsafe {
            let mut function = LLVMGetFirstFunction(self.raw);
            while !function.is_null() {
                all.push(function);
                function = LLVMGetNextFunction(function);
            }
        }
        all
    }

    /// Gives the named functions internal linkage, so that LLVM may inline and remove them.
    pub fn internalise(&self, names: &[String]) {
        for (name, function) in self.definitions() {
            if names.contains(&name) {
                // SAFETY: a function of this module.
                unsafe { LLVMSetLinkage(function, LLVMLinkage::LLVMInternalLinkage) };
            }
        }
    }

    /// Marks the named functions `alwaysinline`, so that LLVM's inliner does not weigh their size.
    pub fn inline_always(&self, names: &[String]) {
        // SAFETY: functions of this module; `alwaysinline` is valid on functions.
        unsafe {
            let kind = LLVMGetEnumAttributeKindForName(c"alwaysinline".as_ptr(), 12);
            let attribute = LLVMCreateEnumAttribute(self.context.raw, kind, 0);
            for (name, function) in self.definitions() {
                if names.contains(&name) {
                    LLVMAddAttributeAtIndex(function, llvm_sys::LLVMAttributeFunctionIndex, attribute);
                }
            }
        }
    }

    /// Number of instructions in all functions.
    #[must_use]
    pub fn instructions(&self) -> u64 {
        self.definitions().into_iter().map(|(_, function)| instructions(function)).sum()
    }

    /// Marks every pointer parameter `noalias`: buffers passed to a function do not overlap.
    pub fn separate_arguments(&self) {
        // SAFETY: functions and parameters of this module; `noalias` is valid on pointers.
        unsafe {
            let kind = LLVMGetEnumAttributeKindForName(c"noalias".as_ptr(), 7);
            let attribute = LLVMCreateEnumAttribute(self.context.raw, kind, 0);
            for (_, function) in self.definitions() {
                for index in 0..LLVMCountParams(function) {
                    let kind = LLVMGetTypeKind(LLVMTypeOf(LLVMGetParam(function, index)));
                    if kind == llvm_sys::LLVMTypeKind::LLVMPointerTypeKind {
                        LLVMAddAttributeAtIndex(function, index + 1, attribute);
                    }
                }
            }
        }
    }

    /// Sets triple, data layout and the processor of every function.
    pub fn retarget(&self, machine: &Machine) {
        let triple = c_string(machine.triple);
        let cpu = machine.cpu;
        // SAFETY: valid strings; the attribute belongs to this context.
        unsafe {
            LLVMSetTarget(self.raw, triple.as_ptr());
            LLVMSetModuleDataLayout(self.raw, machine.layout);
            let attribute = LLVMCreateStringAttribute(
                self.context.raw,
                c"target-cpu".as_ptr(),
                10,
                cpu.as_ptr().cast(),
                cpu.len() as u32,
            );
            for (_, function) in self.definitions() {
                LLVMAddAttributeAtIndex(function, llvm_sys::LLVMAttributeFunctionIndex, attribute);
            }
        }
    }

    /// Runs LLVM's passes, such as `default<O3>`, for a processor.
    ///
    /// # Errors
    /// LLVM's message.
    pub fn optimise(&self, machine: &Machine, passes: &str, loop_unrolling: bool) -> Result<(), Failure> {
        let passes = c_string(passes);
        // SAFETY: module, machine and options are valid; the error is freed.
        unsafe {
            let options = LLVMCreatePassBuilderOptions();
            LLVMPassBuilderOptionsSetLoopUnrolling(options, i32::from(loop_unrolling));
            let error = LLVMRunPasses(self.raw, passes.as_ptr(), machine.raw, options);
            LLVMDisposePassBuilderOptions(options);
            if error.is_null() {
                return self.take_errors(Phase::Optimise);
            }
            let message = LLVMGetErrorMessage(error);
            let reason = CStr::from_ptr(message).to_string_lossy().into_owned();
            LLVMDisposeErrorMessage(message);
            Err(Failure { phase: Phase::Optimise, reason })
        }
    }

    /// Links a module of bitcode in; only what is used stays after optimisation.
    ///
    /// # Errors
    /// The bitcode is not LLVM's.
    pub fn link(&self, bitcode: &[u8]) -> Result<(), Failure> {
        let failure = |reason: &str| Failure { phase: Phase::Translate, reason: reason.to_owned() };
        let names: Vec<String> = self.definitions().into_iter().map(|(name, _)| name).collect();
        // SAFETY: the buffer copies the bytes, parsing takes it only as an argument, and linking frees the parsed module.
        unsafe {
            let buffer =
                LLVMCreateMemoryBufferWithMemoryRangeCopy(bitcode.as_ptr().cast(), bitcode.len(), c"library".as_ptr());
            let mut library = null_mut();
            let unread = LLVMParseBitcodeInContext2(self.context.raw, buffer, &raw mut library);
            LLVMDisposeMemoryBuffer(buffer);
            if unread != 0 {
                self.context.messages.take();
                return Err(failure("the device library is no bitcode that LLVM reads"));
            }
            LLVMSetTarget(library, LLVMGetTarget(self.raw));
            LLVMSetModuleDataLayout(library, LLVMGetModuleDataLayout(self.raw));
            if LLVMLinkModules2(self.raw, library) != 0 {
                return Err(failure("the device library cannot be linked"));
            }
        }
        self.take_errors(Phase::Translate)?;
        let library: Vec<String> =
            self.definitions().into_iter().map(|(name, _)| name).filter(|name| !names.contains(name)).collect();
        self.internalise(&library);
        Ok(())
    }

    /// Names of the functions without a body, intrinsics left out.
    #[must_use]
    pub fn undefined(&self) -> Vec<String> {
        // SAFETY: functions of this module.
        let is_called = |function: &LLVMValueRef| unsafe {
            let used = !LLVMGetFirstUse(*function).is_null();
            used && LLVMIsDeclaration(*function) != 0 && LLVMGetIntrinsicID(*function) == 0
        };
        self.functions().into_iter().filter(is_called).map(name_of).collect()
    }

    /// Gives named functions without a body the attributes of mathematical functions: no access of memory, always return.
    pub fn declare_pure(&self, names: &[String]) {
        for function in self.functions().into_iter().filter(|function| names.contains(&name_of(*function))) {
            for attribute in [c"memory", c"nounwind", c"willreturn"] {
                let name = attribute.to_bytes();
                // SAFETY: a function of this module; the attributes are valid on functions, and `memory(none)` has the value 0.
                unsafe {
                    let kind = LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len());
                    let attribute = LLVMCreateEnumAttribute(self.context.raw, kind, 0);
                    LLVMAddAttributeAtIndex(function, llvm_sys::LLVMAttributeFunctionIndex, attribute);
                }
            }
        }
    }

    /// Moves stack slots into the address space that the data layout says, and casts their addresses to the generic one: MLIR
    /// makes slots in the generic address space, which AMDGPU does not allow.
    pub fn move_slots(&self) {
        // SAFETY: instructions of this module; a slot is replaced before it is erased, and the builder is freed.
        unsafe {
            let builder = LLVMCreateBuilderInContext(self.context.raw);
            for (_, function) in self.definitions() {
                for block in blocks(function) {
                    let mut next = LLVMGetFirstInstruction(block);
                    while !next.is_null() {
                        let slot = next;
                        next = LLVMGetNextInstruction(slot);
                        let generic = LLVMGetPointerAddressSpace(LLVMTypeOf(slot));
                        if LLVMIsAAllocaInst(slot).is_null() || generic != 0 {
                            continue;
                        }
                        LLVMPositionBuilderBefore(builder, slot);
                        let (kind, count) = (LLVMGetAllocatedType(slot), LLVMGetOperand(slot, 0));
                        // The builder takes the address space of slots from the data layout.
                        let moved = LLVMBuildArrayAlloca(builder, kind, count, c"".as_ptr());
                        LLVMSetAlignment(moved, LLVMGetAlignment(slot));
                        let address = LLVMBuildAddrSpaceCast(builder, moved, LLVMTypeOf(slot), c"".as_ptr());
                        LLVMReplaceAllUsesWith(slot, address);
                        LLVMInstructionEraseFromParent(slot);
                    }
                }
            }
            LLVMDisposeBuilder(builder);
        }
    }

    /// Runs LLVM's verifier.
    ///
    /// # Errors
    /// The verifier's message.
    pub fn verify(&self) -> Result<(), Failure> {
        let mut message = null_mut();
        // SAFETY: a valid module; `take_message` frees the message in both cases.
        unsafe {
            let broken =
                LLVMVerifyModule(self.raw, LLVMVerifierFailureAction::LLVMReturnStatusAction, &raw mut message);
            let reason = take_message(message);
            if broken == 0 { Ok(()) } else { Err(Failure { phase: Phase::Optimise, reason }) }
        }
    }

    /// Runs the code generator on a copy of the module with the options of [`set_options`]: assembly, or machine IR if
    /// they stop it early.
    ///
    /// # Errors
    /// LLVM's message.
    pub fn emit(&self, machine: &Machine) -> Result<String, Failure> {
        let copy = self.copy();
        let mut message = null_mut();
        let mut buffer = null_mut();
        // SAFETY: module and machine are valid; message and buffer are freed.
        unsafe {
            let failed = LLVMTargetMachineEmitToMemoryBuffer(
                machine.raw,
                copy.raw,
                LLVMCodeGenFileType::LLVMAssemblyFile,
                &raw mut message,
                &raw mut buffer,
            );
            if failed != 0 {
                return Err(Failure { phase: Phase::Generate, reason: take_message(message) });
            }
            let bytes = std::slice::from_raw_parts(LLVMGetBufferStart(buffer).cast::<u8>(), LLVMGetBufferSize(buffer));
            let text = String::from_utf8_lossy(bytes).into_owned();
            LLVMDisposeMemoryBuffer(buffer);
            self.take_errors(Phase::Generate)?;
            Ok(text)
        }
    }

    fn take_errors(&self, phase: Phase) -> Result<(), Failure> {
        let messages = self.context.messages.take();
        if messages.is_empty() { Ok(()) } else { Err(Failure { phase, reason: messages.join("; ") }) }
    }
}

/// Name of a value; empty if it has none.
pub(in crate::mlir) fn name_of(value: LLVMValueRef) -> String {
    // SAFETY: any value has a name of that length, owned by it.
    unsafe {
        let mut length = 0;
        let name = LLVMGetValueName2(value, &raw mut length);
        if name.is_null() {
            return String::new();
        }
        String::from_utf8_lossy(std::slice::from_raw_parts(name.cast::<u8>(), length)).into_owned()
    }
}

/// Blocks of a function.
pub(in crate::mlir) fn blocks(function: LLVMValueRef) -> Vec<LLVMBasicBlockRef> {
    let mut all = Vec::new();
    // SAFETY: walks the function's own list.
    unsafe {
        let mut block = LLVMGetFirstBasicBlock(function);
        while !block.is_null() {
            all.push(block);
            block = LLVMGetNextBasicBlock(block);
        }
    }
    all
}

/// Number of instructions of a function.
fn instructions(function: LLVMValueRef) -> u64 {
    let mut count = 0;
    for block in blocks(function) {
        // SAFETY: walks the block's own list.
        unsafe {
            let mut instruction = LLVMGetFirstInstruction(block);
            while !instruction.is_null() {
                count += 1;
                instruction = LLVMGetNextInstruction(instruction);
            }
        }
    }
    count
}
