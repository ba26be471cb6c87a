//! The declarations of all numbers of the vector: features, then counts of work.

use std::borrow::Cow;
use std::fmt::Write as _;

use names::Named;

use super::table::{Collector, Feature, LoopClass, LoopCount, Scale, TensorCount, Unit, WorkKind};

/// Counts of one class of loops: its work by kind, and its iterations.
const PER_CLASS: usize = WorkKind::COUNT + 1;
/// Index of the first count of explicit vector work.
const EXPLICIT: usize = LoopClass::COUNT * PER_CLASS;
/// Index of the first count of no class.
const LOOPS: usize = EXPLICIT + 2 * WorkKind::COUNT;
/// Number of counts of a processor's work, which come first; the rest is work of a design.
pub(super) const PROCESSOR_WORK: usize = LOOPS + LoopCount::COUNT;

/// Number of counts of work.
pub const WORK: usize = PROCESSOR_WORK + TensorCount::COUNT;

/// A count of work: these add up, so that costs can be fitted to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkCount {
    /// Scalar work of a kind in loops of a class.
    OfClass(LoopClass, WorkKind),
    /// Iterations of loops of a class.
    Iterations(LoopClass),
    /// Explicit vector operations of a kind.
    ExplicitVectors(WorkKind),
    /// Parts of 128 bits of explicit vector operations of a kind; lanes, if they are expanded lane by lane.
    ExplicitParts(WorkKind),
    /// A count of loops of no class.
    Loop(LoopCount),
    /// A count of tensor steps.
    Tensor(TensorCount),
}

impl WorkCount {
    /// All counts in their order.
    pub fn all() -> impl Iterator<Item = Self> {
        let kinds = || WorkKind::ALL.into_iter();
        let classes = LoopClass::ALL.into_iter().flat_map(move |class| {
            kinds().map(move |kind| Self::OfClass(class, kind)).chain([Self::Iterations(class)])
        });
        classes
            .chain(kinds().map(Self::ExplicitVectors))
            .chain(kinds().map(Self::ExplicitParts))
            .chain(LoopCount::ALL.into_iter().map(Self::Loop))
            .chain(TensorCount::ALL.into_iter().map(Self::Tensor))
    }

    /// Index among the counts of work.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::OfClass(class, kind) => class as usize * PER_CLASS + kind as usize,
            Self::Iterations(class) => class as usize * PER_CLASS + WorkKind::COUNT,
            Self::ExplicitVectors(kind) => EXPLICIT + kind as usize,
            Self::ExplicitParts(kind) => EXPLICIT + WorkKind::COUNT + kind as usize,
            Self::Loop(count) => LOOPS + count as usize,
            Self::Tensor(count) => PROCESSOR_WORK + count as usize,
        }
    }

    /// Name in files and explanations.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::OfClass(class, kind) => format!("{}_{}", class.name(), kind.name()).into(),
            Self::Iterations(class) => format!("{}_iterations", class.name()).into(),
            Self::ExplicitVectors(kind) => format!("explicit_{}_vectors", kind.name()).into(),
            Self::ExplicitParts(kind) => format!("explicit_{}_parts", kind.name()).into(),
            Self::Loop(count) => count.name().into(),
            Self::Tensor(count) => count.name().into(),
        }
    }

    fn documentation(self) -> String {
        match self {
            Self::OfClass(class, kind) => format!("Executed in {}: {}.", class.about(), kind.about()),
            Self::Iterations(class) => format!("Iterations of {}.", class.about()),
            Self::ExplicitVectors(kind) => format!("Explicit vector operations executed: {}.", kind.about()),
            Self::ExplicitParts(kind) => {
                format!(
                    "Parts of 128 bits of explicit vector operations, or lanes if they are expanded: {}.",
                    kind.about()
                )
            }
            Self::Loop(count) => format!("{}.", count.about()),
            Self::Tensor(count) => format!("{}.", count.about()),
        }
    }

    fn unit(self) -> Unit {
        match self {
            Self::OfClass(..) | Self::ExplicitVectors(_) | Self::ExplicitParts(_) => Unit::Operations,
            Self::Iterations(_) => Unit::Iterations,
            Self::Loop(count) => match count {
                LoopCount::Entries | LoopCount::SingleEntries | LoopCount::RestEntries | LoopCount::CopyEntries => {
                    Unit::Entries
                }
                LoopCount::RestInstructions
                | LoopCount::LongInstructions
                | LoopCount::PackedInstructions
                | LoopCount::CopiedInstructions
                | LoopCount::LaneSteps => Unit::Instructions,
                LoopCount::ChainedFloats
                | LoopCount::ChainedExtremes
                | LoopCount::ChainedSlow
                | LoopCount::ChainedOthers
                | LoopCount::Forwarded => Unit::Operations,
                _ => Unit::Iterations,
            },
            Self::Tensor(count) => match count {
                TensorCount::ProductMacs => Unit::MultiplyAccumulates,
                TensorCount::FunctionElements
                | TensorCount::KeptElements
                | TensorCount::MovedElements
                | TensorCount::ChangingElements => Unit::Elements,
                _ => Unit::Steps,
            },
        }
    }
}

/// The declaration of one number of the vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// Name in files and explanations.
    pub name: Cow<'static, str>,
    /// One sentence.
    pub documentation: String,
    /// Its unit.
    pub unit: Unit,
    /// The scale on which its differences are comparable.
    pub scale: Scale,
    /// The part that fills it.
    pub collector: Collector,
}

/// The declarations of all features, then of all counts of work, in the order of the vector.
pub fn declarations() -> impl Iterator<Item = Declaration> {
    let features = Feature::ALL.into_iter().map(|feature| Declaration {
        name: feature.name().into(),
        documentation: format!("{}.", feature.about()),
        unit: feature.unit(),
        scale: feature.scale(),
        collector: feature.collector(),
    });
    let work = WorkCount::all().map(|count| Declaration {
        name: count.name(),
        documentation: count.documentation(),
        unit: count.unit(),
        scale: Scale::Additive,
        collector: if matches!(count, WorkCount::Tensor(_)) { Collector::TensorSteps } else { Collector::LoopWork },
    });
    features.chain(work)
}

/// The names of the counts of work in their order.
pub fn work_names() -> impl Iterator<Item = String> {
    WorkCount::all().map(|count| count.name().into_owned())
}

/// A Markdown page of all declarations: the text of `docs/features.md`.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    let define = |page: &mut String, title: &str, rows: &mut dyn Iterator<Item = (&str, &str)>| {
        let _ = write!(page, "\n## {title}\n\n");
        for (name, about) in rows {
            let _ = writeln!(page, "- **{name}**: {about}.");
        }
    };
    define(&mut page, "Collectors", &mut Collector::ALL.iter().map(|c| (c.name(), c.about())));
    define(&mut page, "Units", &mut Unit::ALL.iter().map(|u| (u.name(), u.about())));
    define(&mut page, "Scales", &mut Scale::ALL.iter().map(|s| (s.name(), s.about())));
    define(&mut page, "Classes of loops", &mut LoopClass::ALL.iter().map(|c| (c.name(), c.about())));
    for (title, from, to) in [("Features", 0, Feature::COUNT), ("Counts of work", Feature::COUNT, usize::MAX)] {
        let _ = write!(page, "\n## {title}\n\n| index | name | what | unit | scale | collector |\n");
        let _ = writeln!(page, "| ---: | --- | --- | --- | --- | --- |");
        for (index, d) in declarations().enumerate().take(to).skip(from) {
            let row = (d.name, d.documentation, d.unit.name(), d.scale.name(), d.collector.name());
            let _ = writeln!(page, "| {index} | `{}` | {} | {} | {} | {} |", row.0, row.1, row.2, row.3, row.4);
        }
    }
    page
}

const INTRODUCTION: &str = "\
# Features

The numbers that a cost model sees of a function, besides its words. This page is generated from their declarations in
`costmodel/src/features/table.rs`: `HARDWIRE_BLESS=1 cargo test -p costmodel --test features` writes it, and the
same test fails if it is out of date.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_indices_follow_the_order() {
        let names: std::collections::BTreeSet<_> = declarations().map(|d| d.name).collect();
        assert_eq!(names.len(), Feature::COUNT + WORK);
        assert!(Feature::ALL.into_iter().enumerate().all(|(i, f)| f as usize == i));
        assert!(WorkCount::all().enumerate().all(|(i, count)| count.index() == i));
        assert_eq!(WorkCount::all().count(), WORK);
    }

    #[test]
    fn features_of_kinds_are_in_the_order_of_the_kinds() {
        for (offset, kind) in WorkKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.executed() as usize, WorkKind::ALL[0].executed() as usize + offset);
            assert_eq!(kind.hottest().name(), format!("hot_{}", kind.name()));
        }
    }

    #[test]
    fn every_number_is_documented() {
        for declaration in declarations() {
            let text = &declaration.documentation;
            assert!(text.len() > 4 && text.ends_with('.'), "{}: `{text}`", declaration.name);
        }
    }
}
