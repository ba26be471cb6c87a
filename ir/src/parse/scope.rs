//! Name resolution of values and blocks.
//!
//! A name is visible in the region that defines it and in nested regions, but not inside an operation that is isolated
//! from above. A use before the definition (blocks out of order, graph regions) gets a placeholder value, which the
//! definition replaces.

use indexmap::IndexMap;

use super::names::{Binding, Forward, Isolation, NamedBlock, Scope, Use};
use super::{Parse, Parser};
use crate::lexer::TokenKind;
use crate::span::Span;
use crate::tree::{Block, BlockId, Definition, RegionId, TypeId, Types, Value, ValueId};

impl<'a> Parser<'a> {
    pub(super) fn new_value(&mut self, ty: TypeId, definition: Definition, name: Span) -> ValueId {
        let id = ValueId(self.tree.values.len() as u32);
        self.tree.values.push(Value { ty, assumed: false, definition, name });
        id
    }

    pub(super) fn new_block(&mut self, region: RegionId) -> BlockId {
        let id = BlockId(self.tree.blocks.len() as u32);
        self.tree.blocks.push(Block { region, arguments: Vec::new(), operations: Vec::new() });
        id
    }

    pub(super) fn open_scope(&mut self, region: RegionId, isolation: Isolation) {
        let scopes = &mut self.scopes;
        let isolated = isolation == Isolation::Full;
        let outer_barrier = scopes.barrier;
        if isolation != Isolation::None {
            scopes.barrier = scopes.regions.len() as u32 + 1;
        }
        let outer_isolation = isolated.then_some(scopes.isolation);
        if isolated {
            scopes.isolations += 1;
            scopes.isolation = scopes.isolations;
        }
        scopes.regions.push(Scope {
            region,
            undo: scopes.undo.len(),
            outer_isolation,
            outer_barrier,
            bare_names: false,
            blocks: IndexMap::default(),
        });
    }

    pub(super) fn close_scope(&mut self) {
        let scope = self.scopes.regions.pop().expect("scopes open and close in pairs");
        for (name, block) in &scope.blocks {
            if !block.defined {
                let message = format!("use of undefined block `{name}`");
                self.report(block.span, message, Some(format!("label a block of this region `{name}:`")));
            }
        }
        let depth = self.scopes.regions.len() as u32;
        let isolated = scope.outer_isolation.is_some() || self.scopes.regions.is_empty();
        let mut kept = self.scopes.unresolved.len();
        let mut lost = Vec::new();
        while kept > 0 && self.scopes.forwards[self.scopes.unresolved[kept - 1] as usize].depth > depth {
            kept -= 1;
            let forward = &mut self.scopes.forwards[self.scopes.unresolved[kept] as usize];
            if isolated {
                if !forward.resolved {
                    lost.push(*forward);
                    self.scopes.pending[forward.symbol as usize].pop();
                }
            } else {
                forward.depth = depth;
            }
        }
        if isolated {
            self.scopes.unresolved.truncate(kept);
        }
        self.resolve_opaque(&mut lost);
        for forward in lost.into_iter().rev() {
            let name = forward.span.text(self.text);
            self.report(
                forward.span,
                format!("use of undefined value `{name}`"),
                Some("a value must be defined in this region or in one around it, within the same function".to_owned()),
            );
        }
        let scopes = &mut self.scopes;
        for (symbol, binding) in scopes.undo.drain(scope.undo..).rev() {
            scopes.bindings[symbol as usize] = binding;
        }
        if let Some(outer) = scope.outer_isolation {
            scopes.isolation = outer;
        }
        scopes.barrier = scope.outer_barrier;
    }

    /// Remove the names that opaque operations may define from those that are defined nowhere.
    fn resolve_opaque(&mut self, lost: &mut Vec<Forward>) {
        if !lost.iter().any(|forward| forward.opaque) {
            return;
        }
        let mut symbols: Vec<u32> =
            lost.iter().filter(|forward| forward.opaque).map(|forward| forward.symbol).collect();
        symbols.sort_unstable();
        for forward in lost.iter() {
            if let Some(argument) = forward.argument {
                self.scopes.replaced.push((forward.stand_in, argument));
            }
        }
        lost.retain(|forward| symbols.binary_search(&forward.symbol).is_err());
    }

    /// Bind `%name` (its span) to `count` values from `first` on.
    pub(super) fn define(&mut self, name: Span, first: ValueId, count: u32) {
        let symbol = self.scopes.symbol(name.text(self.text));
        let isolation = self.scopes.isolation;
        let before = self.scopes.bindings[symbol as usize];
        if let Some(binding) = before
            && binding.isolation == isolation
            && binding.depth >= self.scopes.barrier
            && !self.is_assumed_argument(binding.first)
        {
            let earlier = self.tree.values[binding.first.index()].name;
            let (line, column) = earlier.line_column(self.text);
            self.report(
                name,
                format!("redefinition of value `{}`", name.text(self.text)),
                Some(format!("it is defined at line {line}, column {column} already; names are defined once")),
            );
        }
        self.scopes.undo.push((symbol, before));
        let depth = self.scopes.regions.len() as u32;
        self.scopes.bindings[symbol as usize] = Some(Binding { first, count, isolation, depth });
        let mut pending = std::mem::take(&mut self.scopes.pending[symbol as usize]);
        pending.retain(|&at| {
            let forward = self.scopes.forwards[at as usize];
            if forward.depth != depth {
                return true;
            }
            self.scopes.forwards[at as usize].resolved = true;
            if forward.index >= count {
                self.report_result_number(forward.span, count);
                return false;
            }
            let value = ValueId(first.0 + forward.index);
            let expected = self.tree.values[forward.stand_in.index()].ty;
            self.expect_type(Use { value, span: forward.span }, expected);
            self.scopes.replaced.push((forward.stand_in, value));
            if let Some(argument) = forward.argument {
                self.scopes.replaced.push((argument, value));
            }
            false
        });
        self.scopes.pending[symbol as usize] = pending;
    }

    /// Whether a value is an argument that an opaque operation may have.
    fn is_assumed_argument(&self, value: ValueId) -> bool {
        let value = &self.tree.values[value.index()];
        value.assumed && matches!(value.definition, Definition::Argument { .. })
    }

    fn report_result_number(&mut self, span: Span, count: u32) {
        let name = span.text(self.text);
        self.report(span, format!("`{name}` does not exist: the operation has {count} result(s)"), None);
    }

    /// A use of a value: `%name` or `%name#2`.
    pub(super) fn value_use(&mut self) -> Parse<Use> {
        Ok(self.value_or_name(false)?.0)
    }

    /// A use of a value, or a name that is not defined so far: the latter's index among the uses before definitions.
    pub(super) fn value_or_name(&mut self, opaque: bool) -> Parse<(Use, Option<u32>)> {
        let name = self.expect(TokenKind::ValueId, "a value (`%name`)")?;
        let mut span = name;
        let (mut index, mut unbound) = (0, None);
        if self.at(TokenKind::HashId) && self.spelling()[1..].bytes().all(|b| b.is_ascii_digit()) {
            index = match self.spelling()[1..].parse::<u32>() {
                Ok(index) => index,
                Err(_) => return Err(self.expected("a result number")),
            };
            span.end = self.take().end;
        }
        let symbol = self.scopes.symbol(name.text(self.text));
        let binding = self.scopes.bindings[symbol as usize].filter(|b| b.isolation == self.scopes.isolation);
        let value = match binding {
            Some(binding) if index < binding.count => ValueId(binding.first.0 + index),
            Some(binding) => {
                if !self.tree.values[binding.first.index()].assumed {
                    self.report_result_number(span, binding.count);
                }
                self.new_value(Types::UNKNOWN, Definition::Missing, span)
            }
            None => {
                let stand_in = self.new_value(Types::UNKNOWN, Definition::Missing, span);
                let at = self.scopes.forwards.len() as u32;
                let depth = self.scopes.regions.len() as u32;
                let argument = None;
                let forward = Forward { symbol, index, stand_in, span, depth, resolved: false, opaque, argument };
                self.scopes.forwards.push(forward);
                self.scopes.pending[symbol as usize].push(at);
                self.scopes.unresolved.push(at);
                unbound = Some(at);
                stand_in
            }
        };
        self.marks.value(span, value, false);
        Ok((Use { value, span }, unbound))
    }

    /// Check the type at a use against the type of the value; sets the type if it is not known yet, or assumed.
    pub(super) fn expect_type(&mut self, used: Use, ty: TypeId) {
        let value = &mut self.tree.values[used.value.index()];
        if ty == Types::UNKNOWN || (value.ty == ty && !value.assumed) {
            return;
        }
        if value.ty == Types::UNKNOWN || value.assumed {
            self.changed_types.push((used.value, value.ty, value.assumed));
            (value.ty, value.assumed) = (ty, false);
            return;
        }
        if self.tree.types.can_agree(value.ty, ty) {
            return;
        }
        let defined = value.name;
        let (is, expected) = (self.tree.types.to_text(value.ty), self.tree.types.to_text(ty));
        let name = used.span.text(self.text);
        let help = (!defined.text(self.text).is_empty()).then(|| {
            let (line, column) = defined.line_column(self.text);
            format!("`{name}` gets its type at line {line}, column {column}")
        });
        self.report(used.span, format!("type mismatch: `{name}` is used as `{expected}` but is `{is}`"), help);
    }

    /// The block of a `^name` ahead, as a successor.
    pub(super) fn block_use(&mut self) -> Parse<BlockId> {
        let span = self.expect(TokenKind::BlockId, "a block (`^name`)")?;
        Ok(self.named_block(span, false))
    }

    /// The block named by a label or a use of it.
    pub(super) fn named_block(&mut self, span: Span, label: bool) -> BlockId {
        let name = span.text(self.text);
        let region = self.scopes.regions.last().expect("blocks stand in regions").region;
        let known = self.scopes.regions.last().and_then(|s| s.blocks.get(name)).copied();
        let defined = known.is_some_and(|b| b.defined);
        let block = match known {
            Some(known) if !(label && defined) => known.block,
            _ => self.new_block(region),
        };
        if label && defined {
            self.report(span, format!("redefinition of block `{name}`"), Some("label it differently".to_owned()));
        }
        let entry = NamedBlock { block, defined: defined || label, span: known.map_or(span, |b| b.span) };
        self.scopes.regions.last_mut().expect("blocks stand in regions").blocks.insert(name, entry);
        self.marks.block(span, block, label);
        block
    }

    /// Replace placeholders by their definitions.
    pub(super) fn replace_stand_ins(&mut self) {
        if self.scopes.replaced.is_empty() {
            return;
        }
        let mut stands_for: Vec<ValueId> = (0..self.tree.values.len() as u32).map(ValueId).collect();
        for &(stand_in, value) in &self.scopes.replaced {
            stands_for[stand_in.index()] = value;
        }
        for operation in &mut self.tree.operations {
            for value in &mut operation.operands {
                *value = stands_for[value.index()];
            }
            for (_, passed) in &mut operation.successors {
                for value in passed {
                    *value = stands_for[value.index()];
                }
            }
        }
        self.marks.replace_values(&stands_for);
    }
}
