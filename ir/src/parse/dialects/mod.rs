//! Custom forms by dialect: functions for forms that no format string describes.

mod affine;
mod arith;
mod builtin;
mod function;
mod gpu;
mod linalg;
mod linalg_body;
mod llvm;
mod memory;
mod scf;
mod stablehlo;
mod vector;

use super::draft::Draft;
use super::names::Isolation;
use super::{Parse, Parser};
use crate::registry::Record;
use crate::registry::syntax::{Reader, Syntax};

impl<'a> Parser<'a> {
    /// Parse the custom form; `None` where it is not known.
    pub(super) fn known_form(&mut self, record: &'static Record, draft: &mut Draft) -> Option<Parse<()>> {
        match record.syntax {
            Syntax::Guessed => None,
            Syntax::Format(_) => Some(self.formatted(record, draft)),
            Syntax::Reader(reader) => Some(self.irregular_form(record, reader, draft)),
        }
    }

    fn irregular_form(&mut self, record: &'static Record, reader: Reader, draft: &mut Draft) -> Parse<()> {
        match reader {
            Reader::Module => self.module(draft),
            Reader::Function => self.function(draft),
            Reader::AnyFunction => self.any_function(Isolation::Full, draft),
            Reader::ConversionCast => self.conversion_cast(draft),
            Reader::CallIndirect => self.call_indirect(draft),
            Reader::Branch => self.branch(draft),
            Reader::ConditionalBranch => self.conditional_branch(draft),
            Reader::Switch => self.switch(draft),
            Reader::Constant => self.arith_constant(draft),
            Reader::Select => self.arith_select(draft),
            Reader::AffineFor => self.affine_for(draft),
            Reader::AffineParallel => self.affine_parallel(draft),
            Reader::AffineIf => self.affine_if(draft),
            Reader::AffineLoad { vector } => self.affine_load(draft, vector),
            Reader::AffineStore { vector } => self.affine_store(draft, vector),
            Reader::AffineApply => self.affine_apply(draft),
            Reader::AffinePrefetch => self.affine_prefetch(draft),
            Reader::AffineDmaStart => self.affine_dma_start(draft),
            Reader::AffineDmaWait => self.affine_dma_wait(draft),
            Reader::ScfFor => self.scf_for(draft),
            Reader::ScfIf => self.scf_if(draft),
            Reader::ScfWhile => self.scf_while(draft),
            Reader::ScfParallel => self.scf_parallel(draft),
            Reader::ScfReduce => self.scf_reduce(draft),
            Reader::ScfForall => self.scf_forall(draft),
            Reader::ScfInParallel => self.body(None, draft).map(|_| ()),
            Reader::ScfExecuteRegion => self.scf_execute_region(draft),
            Reader::ScfIndexSwitch => self.scf_index_switch(draft),
            Reader::TensorGenerate => self.tensor_generate(draft),
            Reader::TensorPad => self.tensor_pad(draft),
            Reader::MemRefGlobal => self.memref_global(draft),
            Reader::MemRefTranspose => self.memref_transpose(draft),
            Reader::MemRefPrefetch => self.memref_prefetch(draft),
            Reader::MemRefAllocaScope => self.memref_scope(draft),
            Reader::MemRefGenericAtomic => self.memref_atomic(draft),
            Reader::AllocTensor => self.alloc_tensor(draft),
            Reader::LinalgGeneric => self.linalg_generic(draft),
            Reader::LinalgShort { attribute, accumulates, body } => {
                self.linalg_short(attribute, accumulates, body, draft)
            }
            Reader::LinalgNamed(body) => self.linalg_named(record, body, draft),
            Reader::LinalgWithoutBody => self.linalg_without_body(draft).map(|_| ()),
            Reader::VectorContract => self.vector_contract(draft),
            Reader::VectorOuterProduct => self.vector_outer_product(draft),
            Reader::VectorTransferRead => self.vector_transfer_read(draft),
            Reader::VectorTransferWrite => self.vector_transfer_write(draft),
            Reader::VectorMask => self.vector_mask(draft),
            Reader::VectorShuffle => self.vector_shuffle(draft),
            Reader::VectorToElements => self.vector_to_elements(draft),
            Reader::ValuesAndFunction => self.values_and_function(draft),
            Reader::Hlo { names, types } => self.stablehlo_common(names, types, draft),
            Reader::HloConstant => self.stablehlo_constant(draft),
            Reader::HloCompare => self.stablehlo_compare(draft),
            Reader::HloReduce => self.stablehlo_reduce(draft),
            Reader::HloWhile => self.stablehlo_while(draft),
            Reader::HloConvolution => self.stablehlo_convolution(draft),
            Reader::HloSlice => self.stablehlo_slice(draft),
            Reader::HloCustomCall => self.stablehlo_call(draft),
            Reader::HloComposite => self.stablehlo_composite(draft),
            Reader::HloTupleElement => self.stablehlo_element(draft),
            Reader::GpuLaunch => self.gpu_launch(draft),
            Reader::GpuLaunchFunction => self.gpu_launch_function(draft),
            Reader::GpuWarp => self.gpu_warp(draft),
            Reader::LlvmCall => self.llvm_call(draft),
            Reader::LlvmCallIntrinsic => self.llvm_call_intrinsic(draft),
            Reader::LlvmInvoke => self.llvm_invoke(draft),
            Reader::LlvmLandingpad => self.llvm_landingpad(draft),
            Reader::LlvmSwitch => self.llvm_switch(draft),
            Reader::LlvmIndirectBranch => self.llvm_indirect_branch(draft),
            Reader::LlvmGlobal => self.llvm_global(draft),
            Reader::LlvmIfunc => self.llvm_ifunc(draft),
        }
    }
}
