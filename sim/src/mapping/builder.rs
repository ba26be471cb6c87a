//! Builds a [`LayerPlan`], step by step.

use super::plan::{AttentionCost, LayerPlan, Op, OpId, Owner, RoutedExperts, Step, Tensor, TensorId, Work};
use super::rule::Rule;

/// The tensor that a new operation writes.
#[derive(Debug, Clone, Copy)]
pub struct NewTensor {
    /// Name, unique within the layer.
    pub name: &'static str,
    /// Elements on one chip.
    pub elements: u64,
    /// Chips that hold it.
    pub owner: Owner,
}

/// The tensor `name` of `elements` elements on every chip that holds it.
pub fn tensor(name: &'static str, elements: u64, owner: Owner) -> NewTensor {
    NewTensor { name, elements, owner }
}

/// A plan under construction. Operations carry the rule that was applied last.
pub struct PlanBuilder {
    plan: LayerPlan,
    element_bytes: u64,
    rule: Option<Rule>,
}

impl PlanBuilder {
    /// A plan without stages; tensors have `element_bytes` bytes per element.
    pub fn new(name: String, element_bytes: u32) -> Self {
        let plan = LayerPlan {
            name,
            stages: Vec::new(),
            attention: None,
            experts: RoutedExperts::default(),
            ops: Vec::new(),
            steps: Vec::new(),
            rules: Vec::new(),
        };
        Self { plan, element_bytes: u64::from(element_bytes), rule: None }
    }

    /// Begins a stage.
    pub fn stage(&mut self, name: &'static str) {
        self.plan.stages.push(name);
    }

    /// Applies `rule`: operations added from now on are placed by it.
    pub fn apply(&mut self, rule: Rule) {
        if !self.plan.rules.contains(&rule) {
            self.plan.rules.push(rule);
        }
        self.rule = Some(rule);
    }

    /// Adds a step of one operation.
    pub fn op(&mut self, name: &'static str, work: Work, reads: &[TensorId], writes: NewTensor) -> TensorId {
        self.step(|step| step.op(name, work, reads, writes))
    }

    /// Adds a step of operations that start together: those that `add` adds.
    ///
    /// # Panics
    /// Without a stage, or when `add` adds nothing.
    pub fn step<T>(&mut self, add: impl FnOnce(&mut StepBuilder) -> T) -> T {
        let stage = self.plan.stages.len().checked_sub(1).expect("a stage comes before its steps");
        let first = self.plan.ops.len();
        let tensors = add(&mut StepBuilder { builder: self, stage, first });
        let ops: Vec<OpId> = (first..self.plan.ops.len()).map(OpId::new).collect();
        assert!(!ops.is_empty(), "a step of {} has an operation", self.plan.name);
        self.plan.steps.push(Step { stage, ops });
        tensors
    }

    /// The finished plan.
    pub fn finish(mut self, attention: Option<AttentionCost>, experts: RoutedExperts) -> LayerPlan {
        self.plan.attention = attention;
        self.plan.experts = experts;
        self.plan
    }
}

/// A step under construction.
pub struct StepBuilder<'a> {
    builder: &'a mut PlanBuilder,
    stage: usize,
    /// Operations before this step.
    first: usize,
}

impl StepBuilder<'_> {
    /// As [`PlanBuilder::apply`].
    pub fn apply(&mut self, rule: Rule) {
        self.builder.apply(rule);
    }

    /// Adds an operation and returns the tensor that it writes.
    ///
    /// # Panics
    /// When no rule was applied, or when it reads a tensor that no earlier step of this plan writes.
    pub fn op(&mut self, name: &'static str, work: Work, reads: &[TensorId], writes: NewTensor) -> TensorId {
        let rule = self.builder.rule.expect("a rule places every operation");
        let plan = &mut self.builder.plan;
        for read in reads {
            assert!(read.producer().index() < self.first, "{name} of {} reads a tensor of its own step", plan.name);
        }
        let NewTensor { name: tensor, elements, owner } = writes;
        let writes = Tensor { name: tensor, elements, bytes: elements * self.builder.element_bytes, owner };
        plan.ops.push(Op { name, stage: self.stage, rule, work, reads: reads.to_vec(), writes });
        TensorId::written_by(OpId::new(plan.ops.len() - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::plan::Elements;

    fn work() -> Work {
        Work::Nonlinear(Elements::Fixed(1))
    }

    fn builder() -> PlanBuilder {
        let mut plan = PlanBuilder::new("test".to_owned(), 2);
        plan.stage("first");
        plan.apply(Rule::Qkv);
        plan
    }

    #[test]
    fn a_tensor_connects_its_producer_with_every_reader() {
        let mut plan = builder();
        let x = plan.op("x", work(), &[], tensor("x", 8, Owner::Every));
        let y = plan.op("y", work(), &[x], tensor("y", 8, Owner::Every));
        plan.op("z", work(), &[x, y], tensor("z", 8, Owner::Every));
        let plan = plan.finish(None, RoutedExperts::default());
        let names = |(from, to)| (plan.op(from).name, plan.op(to).name);
        let dependences: Vec<_> = plan.dependences().into_iter().map(names).collect();
        assert_eq!(dependences, [("x", "y"), ("x", "z"), ("y", "z")]);
        assert_eq!(plan.op(x.producer()).writes.bytes, 16);
    }

    #[test]
    #[should_panic(expected = "b of test reads a tensor of its own step")]
    fn operations_of_one_step_do_not_read_each_other() {
        builder().step(|step| {
            let a = step.op("a", work(), &[], tensor("a", 1, Owner::Every));
            step.op("b", work(), &[a], tensor("b", 1, Owner::Every));
        });
    }
}
