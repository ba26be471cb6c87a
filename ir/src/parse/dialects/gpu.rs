//! `gpu`: launches of kernels.

use crate::lexer::TokenKind;
use crate::parse::draft::{Argument, Draft};
use crate::parse::{Parse, Parser};
use crate::tree::{AttributeValue, Type, TypeId};

/// Names of ids and sizes in three dimensions, and the sizes' values.
struct Dimensions {
    ids: Vec<Argument>,
    sizes: Vec<Argument>,
}

impl<'a> Parser<'a> {
    /// `!gpu.async.token`.
    pub(in crate::parse) fn async_token(&mut self) -> TypeId {
        self.tree.types.intern(Type::Dialect("!gpu.async.token".to_owned()))
    }

    /// `async [%a, %b]`, each part if it is ahead; the number of operands.
    fn async_dependencies(&mut self, draft: &mut Draft) -> Parse<usize> {
        if self.take_word("async") {
            draft.result_types.push(self.async_token());
        }
        let from = draft.operands.len();
        if self.take_if(TokenKind::LeftBracket) {
            self.list(TokenKind::RightBracket, "`,` or `]`", |p| {
                draft.operands.push(p.value_use()?);
                Ok(())
            })?;
        }
        Ok(draft.operands.len() - from)
    }

    /// `(%x, %y, %z) in (%sx = %a, %sy = %b, %sz = %c)`.
    fn launch_dimensions(&mut self, draft: &mut Draft) -> Parse<Dimensions> {
        let ids = self.index_names()?;
        self.expect_word("in")?;
        self.expect(TokenKind::LeftParen, "`(` and sizes")?;
        let mut sizes = Vec::new();
        self.assignments(draft, &mut sizes)?;
        let index = self.index;
        for size in &mut sizes {
            size.ty = index;
        }
        Ok(Dimensions { ids, sizes })
    }

    /// `gpu.launch async [%t] clusters(..) in (..) blocks(..) in (..) threads(..) in (..) workgroup(%w : type) {...}`.
    pub(super) fn gpu_launch(&mut self, draft: &mut Draft) -> Parse<()> {
        let dependencies = self.async_dependencies(draft)?;
        // Operands of clusters come behind those of blocks and threads in the generic form.
        let mut clustered = Draft::default();
        let clusters = match self.take_word("clusters") {
            true => Some(self.launch_dimensions(&mut clustered)?),
            false => None,
        };
        self.expect_word("blocks")?;
        let blocks = self.launch_dimensions(draft)?;
        self.expect_word("threads")?;
        let threads = self.launch_dimensions(draft)?;
        let cluster_sizes = clustered.operands.len();
        draft.operands.extend(clustered.operands);
        let shared = self.take_word("dynamic_shared_memory_size");
        if shared {
            let size = self.value_use()?;
            draft.operands.push(size);
        }
        let mut arguments = [blocks.ids, threads.ids, blocks.sizes, threads.sizes].concat();
        if let Some(clusters) = clusters {
            arguments.extend(clusters.ids);
            arguments.extend(clusters.sizes);
        }
        while self.at(TokenKind::BareId) {
            let word = self.take().text(self.text);
            match word {
                "workgroup" | "private" => arguments.extend(self.arguments()?),
                _ => {
                    self.expect(TokenKind::LeftParen, "`(`")?;
                    let symbol = self.symbol()?;
                    self.set(draft, word, AttributeValue::Symbol(symbol));
                    self.expect(TokenKind::RightParen, "`)`")?;
                }
            }
        }
        let single = usize::from(cluster_sizes > 0);
        self.set_segments(draft, &[dependencies, 1, 1, 1, 1, 1, 1, single, single, single, usize::from(shared)]);
        let region = self.region(&arguments, false)?;
        draft.regions.push(region);
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `gpu.launch_func async [%t] @m::@f blocks in (..) threads in (..) args(%a : type) {...}`.
    pub(super) fn gpu_launch_function(&mut self, draft: &mut Draft) -> Parse<()> {
        self.async_dependencies(draft)?;
        if self.take_if(TokenKind::Less) {
            self.typed_values(draft)?;
            self.expect(TokenKind::Greater, "`>`")?;
        }
        let kernel = self.symbol()?;
        self.set(draft, "kernel", AttributeValue::Symbol(kernel));
        for word in ["clusters", "blocks", "threads"] {
            if word != "clusters" || self.at_word(word) {
                self.expect_word(word)?;
                self.expect_word("in")?;
                self.parenthesised_values(draft, None)?;
            }
        }
        if self.take_if(TokenKind::Colon) {
            self.parse_type()?;
        }
        if self.take_word("dynamic_shared_memory_size") {
            let size = self.value_use()?;
            draft.operands.push(size);
        }
        if self.take_word("args") {
            self.expect(TokenKind::LeftParen, "`(`")?;
            self.list(TokenKind::RightParen, "`,` or `)`", |p| {
                let value = p.value_use()?;
                p.expect(TokenKind::Colon, "`:` and a type")?;
                let ty = p.parse_type()?;
                p.expect_type(value, ty);
                draft.operands.push(value);
                Ok(())
            })?;
        }
        self.optional_dictionary(&mut draft.attributes)
    }

    /// `gpu.warp_execute_on_lane_0(%lane)[32] args(%a : type) -> (type) {...}`.
    pub(super) fn gpu_warp(&mut self, draft: &mut Draft) -> Parse<()> {
        self.parenthesised_values(draft, None)?;
        let (_, size) = self.index_list(TokenKind::LeftBracket, TokenKind::RightBracket)?;
        if let Some(&size) = size.first() {
            let size = self.integer_attribute(i128::from(size), 64);
            self.set(draft, "warp_size", size);
        }
        if self.take_word("args") {
            self.expect(TokenKind::LeftParen, "`(`")?;
            self.typed_values(draft)?;
            self.expect(TokenKind::RightParen, "`)`")?;
        }
        if self.take_if(TokenKind::Arrow) {
            draft.result_types = self.result_types()?;
        }
        self.body(None, draft)?;
        self.optional_dictionary(&mut draft.attributes)
    }
}
