//! Custom forms, by dialect: rows for the engine, and functions where a form is irregular.

use crate::tree::split_name;

mod affine;
mod arith;
mod builtin;
mod linalg;
mod linalg_body;
mod memory;
mod scf;
mod stablehlo;
mod vector;

use super::draft::Draft;
use super::format::Row;
use super::{Parse, Parser};

/// The rows of all dialects.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    [arith::ROWS, builtin::ROWS, memory::ROWS, scf::ROWS, affine::ROWS, vector::ROWS, linalg::ROWS, stablehlo::ROWS]
        .into_iter()
        .flatten()
}

impl<'a> Parser<'a> {
    /// Parse by what is known of the operation; `None` where nothing is.
    pub(super) fn known_form(&mut self, name: &str, draft: &mut Draft) -> Option<Parse<()>> {
        let (dialect, short) = split_name(name)?;
        let irregular = match dialect {
            "builtin" | "func" | "cf" => self.builtin_form(short, draft),
            "arith" => self.arith_form(short, draft),
            "linalg" => self.linalg_form(short, draft),
            "affine" => self.affine_form(short, draft),
            "scf" => self.scf_form(short, draft),
            "tensor" | "memref" | "bufferization" => self.memory_form(name, draft),
            "vector" => self.vector_form(short, draft),
            "tosa" => self.tosa_form(short, draft),
            "stablehlo" | "chlo" => self.stablehlo_form(short, draft),
            _ => None,
        };
        irregular.or_else(|| self.table_form(name, draft))
    }
}
