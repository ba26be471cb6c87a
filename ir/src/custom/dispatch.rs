//! Which operations are rewritten, and by which form.

use super::format;
use super::generic::{Generic, Tokens};
use super::writer::Writer;
use crate::registry::syntax::ShortNamePrinted::InOwnDialect;
use crate::registry::syntax::{Reader, Syntax};

/// Operations nested deeper than this stay in generic form.
const MAX_DEPTH: usize = 256;

impl<'a> Writer<'a> {
    /// Copies tokens, with operations in generic form rewritten.
    pub fn copy(&mut self, (start, end): Tokens) {
        let mut from = start;
        let mut at = start;
        while at < end {
            if self.source.starts_generic(at)
                && !self.left.contains(&at)
                && let Some(operation) = self.source.generic(at)
                && operation.end <= end
            {
                self.verbatim((from, at));
                let mark = (self.out.len(), self.pieces.len(), self.rewritten);
                self.blanks_before(at);
                self.piece(at);
                self.depth += 1;
                let known = self.depth <= MAX_DEPTH && !self.is_full() && self.operation(&operation).is_some();
                self.depth -= 1;
                if known {
                    self.rewritten = true;
                    (from, at) = (operation.end, operation.end);
                    continue;
                }
                self.out.truncate(mark.0);
                self.pieces.truncate(mark.1);
                self.rewritten = mark.2;
                self.left.insert(at);
                from = at;
            }
            at += 1;
        }
        self.verbatim((from, end));
    }

    fn operation(&mut self, op: &Generic<'a>) -> Option<()> {
        // A short name that the tokenizer does not spell out is a word of its own.
        let short = op.record.short_name.filter(|short| !short.tokenized && short.printed == InOwnDialect);
        self.out.push_str(short.map_or(op.record.name, |short| short.name));
        match op.record.syntax {
            Syntax::Guessed => None,
            Syntax::Format(_) => format::write(self, op),
            Syntax::Reader(reader) => self.irregular(reader, op),
        }
    }

    fn irregular(&mut self, reader: Reader, op: &Generic<'a>) -> Option<()> {
        match reader {
            Reader::Module => self.module(op),
            Reader::Function => self.function(op),
            Reader::ConversionCast => self.conversion_cast(op),
            Reader::CallIndirect => self.call_indirect(op),
            Reader::Branch => self.branch(op),
            Reader::ConditionalBranch => self.conditional_branch(op),
            Reader::Switch => self.switch(op),
            Reader::Constant | Reader::HloConstant => self.constant(op),
            Reader::Select => self.select(op),
            Reader::AffineFor => self.affine_for(op),
            Reader::AffineIf => self.affine_if(op),
            Reader::AffineLoad { vector } => self.affine_load(op, vector),
            Reader::AffineStore { vector } => self.affine_store(op, vector),
            Reader::AffineApply => self.affine_apply(op),
            Reader::AffineParallel => self.affine_parallel(op),
            Reader::ScfFor => self.scf_for(op),
            Reader::ScfIf => self.scf_if(op),
            Reader::ScfWhile => self.scf_while(op),
            Reader::ScfParallel => self.scf_parallel(op),
            Reader::ScfReduce => self.scf_reduce(op),
            Reader::ScfForall => self.scf_forall(op),
            Reader::ScfInParallel => self.only_region(op),
            Reader::ScfExecuteRegion => self.execute_region(op),
            Reader::ScfIndexSwitch => self.index_switch(op),
            Reader::TensorGenerate => self.tensor_generate(op),
            Reader::TensorPad => self.tensor_pad(op),
            Reader::MemRefGlobal => self.memref_global(op),
            Reader::MemRefTranspose => self.memref_transpose(op),
            Reader::MemRefAllocaScope => self.alloca_scope(op),
            Reader::MemRefGenericAtomic => self.generic_atomic(op),
            Reader::AllocTensor => self.alloc_tensor(op),
            Reader::MemRefPrefetch | Reader::AffinePrefetch => self.prefetch(op),
            Reader::LinalgGeneric => self.linalg_generic(op),
            Reader::LinalgShort { attribute, accumulates, .. } => self.linalg_short(op, attribute, accumulates),
            Reader::LinalgNamed(_) => self.linalg_named(op),
            Reader::LinalgWithoutBody => self.linalg_without_body(op),
            Reader::VectorContract => self.vector_contract(op),
            Reader::VectorOuterProduct => self.vector_outer_product(op),
            Reader::VectorTransferRead => self.transfer_read(op),
            Reader::VectorTransferWrite => self.transfer_write(op),
            Reader::VectorMask => self.vector_mask(op),
            Reader::VectorShuffle => self.vector_shuffle(op),
            Reader::VectorToElements => self.vector_to_elements(op),
            Reader::ValuesAndFunction => self.values_and_function(op),
            Reader::Hlo { names, types } => self.hlo(op, names, types),
            Reader::HloCompare => self.hlo_compare(op),
            Reader::HloReduce => self.hlo_reduce(op),
            Reader::HloWhile => self.hlo_while(op),
            Reader::HloConvolution => self.hlo_convolution(op),
            Reader::HloSlice => self.hlo_slice(op),
            Reader::HloCustomCall => self.hlo_custom_call(op),
            // Functions and calls of other dialects, and transfers.
            Reader::AnyFunction
            | Reader::AffineDmaStart
            | Reader::AffineDmaWait
            | Reader::HloComposite
            | Reader::HloTupleElement
            | Reader::GpuLaunch
            | Reader::GpuLaunchFunction
            | Reader::GpuWarp
            | Reader::LlvmCall
            | Reader::LlvmCallIntrinsic
            | Reader::LlvmInvoke
            | Reader::LlvmLandingpad
            | Reader::LlvmSwitch
            | Reader::LlvmIndirectBranch
            | Reader::LlvmGlobal
            | Reader::LlvmIfunc => None,
        }
    }
}
