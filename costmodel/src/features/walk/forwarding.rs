//! Loads of a block whose value is known, and stores whose value is overwritten before it is read.

use std::collections::{BTreeMap, BTreeSet};

use ir::registry::features::InstructionClass as Class;
use ir::tree::{BlockId, OpId, Tree, Type, TypeId, ValueId};

use super::access::{buffer, crosses_rows, is_masked};
use super::lanes::{is_shaped, lanes};
use super::values::Values;
use crate::linear::{Linear, subscripts};

/// Most elements that are known at once: each access is compared with all of its buffer.
const MOST_KNOWN: usize = 64;

/// What the loads and stores of a block make known.
#[derive(Debug, Default)]
pub struct Forwarding {
    /// Loads, and the value that each gives: one loaded or stored before.
    pub known: BTreeMap<OpId, ValueId>,
    /// Stores to elements that a later store of the block overwrites, and that nothing reads between.
    pub overwritten: BTreeSet<OpId>,
    /// The elements of the accesses of buffers that the block touches more than once, where they are known.
    pub places: BTreeMap<OpId, Place>,
}

/// The elements of a load or store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The memref of the access.
    memref: ValueId,
    subscripts: Vec<Linear>,
    /// Type of the value.
    ty: TypeId,
    /// Adjacent elements along the last dimension.
    elements: i64,
}

impl Place {
    /// The place of an access; `None` if it is not a fixed number of adjacent elements at affine subscripts.
    pub fn of(tree: &Tree, operation: OpId) -> Option<Self> {
        let node = tree.operation(operation);
        let class = tree.record(operation).features.class;
        let at = node.operands.iter().rposition(|&v| is_shaped(tree, v))?;
        let memref = node.operands[at];
        let data = if class == Class::Store { node.operands.first() } else { node.results.first() };
        let ty = tree.value(*data?).ty;
        if !matches!(tree.value_type(memref), Type::MemRef { .. })
            || crosses_rows(tree, operation)
            || is_masked(tree, operation)
        {
            return None;
        }
        let subscripts: Option<Vec<Linear>> = subscripts(tree, operation, at).into_iter().collect();
        Some(Self { memref, subscripts: subscripts?, ty, elements: lanes(tree, *data?).unwrap_or(1.0) as i64 })
    }

    /// The memref that is accessed.
    pub fn memref(&self) -> ValueId {
        self.memref
    }

    /// The subscripts.
    pub fn index(&self) -> &[Linear] {
        &self.subscripts
    }

    /// The values that the subscripts are made of.
    pub fn values(&self) -> impl Iterator<Item = &ValueId> {
        self.subscripts.iter().flat_map(|subscript| subscript.terms.keys())
    }

    /// Whether nothing is added to the last subscript.
    pub fn is_unshifted(&self) -> bool {
        self.subscripts.last().is_some_and(|last| last.constant == 0)
    }

    /// The place this many elements further along the last dimension.
    pub fn shifted(&self, elements: i64) -> Option<Self> {
        let mut shifted = self.clone();
        let last = shifted.subscripts.last_mut()?;
        last.constant = last.constant.checked_add(elements)?;
        Some(shifted)
    }

    /// Whether the distance between two places of one buffer is the same wherever they are accessed.
    pub fn is_fixed_from(&self, other: &Self) -> bool {
        self.memref == other.memref
            && self.subscripts.len() == other.subscripts.len()
            && self.subscripts.iter().zip(&other.subscripts).all(|(own, others)| own.terms == others.terms)
    }

    /// Elements from this place to another along the last dimension; `None` if they differ otherwise.
    pub fn distance_to(&self, other: &Self) -> Option<i64> {
        let (own, others) = (self.subscripts.split_last()?, other.subscripts.split_last()?);
        let is_alike = self.memref == other.memref && self.ty == other.ty && own.1 == others.1;
        (is_alike && own.0.terms == others.0.terms).then(|| others.0.constant.checked_sub(own.0.constant))?
    }

    /// Whether two places of one buffer surely have no element in common.
    pub fn is_apart(&self, other: &Self) -> bool {
        if self.memref != other.memref || self.subscripts.len() != other.subscripts.len() {
            return false;
        }
        let last = self.subscripts.len().saturating_sub(1);
        self.subscripts.iter().zip(&other.subscripts).enumerate().any(|(at, (own, others))| {
            let width = |place: &Self| if at == last { place.elements } else { 1 };
            own.terms == others.terms
                && match own.constant.checked_sub(others.constant) {
                    Some(distance) if distance >= 0 => distance >= width(other),
                    Some(distance) => -distance >= width(self),
                    None => false,
                }
        })
    }
}

/// A load or store of a block.
struct Touch {
    operation: OpId,
    is_store: bool,
    buffer: ValueId,
    place: Option<Place>,
}

impl Forwarding {
    /// Follows the operations of a block. Memory of different buffers does not overlap.
    pub fn of(tree: &Tree, values: &Values, block: BlockId) -> Self {
        let mut forwarding = Self::default();
        let touches = touches(tree, values, block);
        // Most blocks touch every buffer once.
        if touches.iter().flatten().all(|touch| touch.place.is_none()) {
            return forwarding;
        }
        forwarding.follow(tree, &touches);
        forwarding.find_overwritten(&touches);
        let place = |touch: Touch| Some((touch.operation, touch.place?));
        forwarding.places = touches.into_iter().flatten().filter_map(place).collect();
        forwarding
    }

    fn follow(&mut self, tree: &Tree, touches: &[Option<Touch>]) {
        let mut available: BTreeMap<ValueId, Vec<(&Place, ValueId)>> = BTreeMap::new();
        for touch in touches {
            let Some(touch) = touch else {
                available.clear();
                continue;
            };
            let node = tree.operation(touch.operation);
            let places = available.entry(touch.buffer).or_default();
            let Some(place) = &touch.place else {
                if touch.is_store {
                    places.clear();
                }
                continue;
            };
            if touch.is_store {
                places.retain(|(other, _)| other.is_apart(place));
            } else if let Some((_, value)) = places.iter().find(|(other, _)| *other == place) {
                self.known.insert(touch.operation, *value);
                continue;
            }
            let value = if touch.is_store { node.operands.first() } else { node.results.first() };
            if let (Some(&value), true) = (value, places.len() < MOST_KNOWN) {
                places.push((place, value));
            }
        }
    }

    fn find_overwritten(&mut self, touches: &[Option<Touch>]) {
        let mut later: BTreeMap<ValueId, Vec<&Place>> = BTreeMap::new();
        for touch in touches.iter().rev() {
            let Some(touch) = touch else {
                later.clear();
                continue;
            };
            if self.known.contains_key(&touch.operation) {
                continue;
            }
            let places = later.entry(touch.buffer).or_default();
            match &touch.place {
                Some(place) if touch.is_store => {
                    if places.contains(&place) {
                        self.overwritten.insert(touch.operation);
                    } else if places.len() < MOST_KNOWN {
                        places.push(place);
                    }
                }
                Some(place) => places.retain(|other| other.is_apart(place)),
                None if touch.is_store => {}
                None => places.clear(),
            }
        }
    }
}

/// The live accesses of a block in their order; `None` for an operation that may touch any memory. Places are found for buffers that the
/// block touches more than once.
fn touches(tree: &Tree, values: &Values, block: BlockId) -> Vec<Option<Touch>> {
    let mut touches = Vec::new();
    let mut count: BTreeMap<ValueId, u32> = BTreeMap::new();
    for &operation in &tree.block(block).operations {
        let node = tree.operation(operation);
        let class = tree.record(operation).features.class;
        let is_dead = class == Class::Load && node.results.iter().all(|&result| !values.is_used(result));
        if is_dead {
            continue;
        }
        if matches!(class, Class::Load | Class::Store) {
            let Some(&memref) = node.operands.iter().rfind(|&&v| is_shaped(tree, v)) else { continue };
            let own = buffer(tree, memref);
            *count.entry(own).or_default() += 1;
            touches.push(Some(Touch { operation, is_store: class == Class::Store, buffer: own, place: None }));
        } else if matches!(class, Class::Call | Class::Unknown)
            || !node.regions.is_empty()
            || node.operands.iter().any(|&v| is_shaped(tree, v))
        {
            touches.push(None);
        }
    }
    for touch in touches.iter_mut().flatten() {
        if count[&touch.buffer] > 1 {
            touch.place = Place::of(tree, touch.operation);
        }
    }
    touches
}
