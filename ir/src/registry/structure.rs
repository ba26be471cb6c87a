//! Loops and subscripts of the named structured operations, from `linalg_named_structured_ops.txt`.

use std::sync::LazyLock;

use super::record::Record;

/// Loops and subscripts of a named structured operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedStructure {
    /// For each loop, outermost first, whether it is a reduction.
    pub reductions: Vec<bool>,
    /// The subscripts of each operand, outermost dimension first.
    pub operands: Vec<Vec<Subscript>>,
}

/// A subscript: the sum of its terms.
pub type Subscript = Vec<Term>;

/// A loop times a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The loop, from 0.
    pub dimension: u32,
    /// The factor.
    pub factor: Factor,
}

/// A factor of a loop in a subscript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// 1.
    One,
    /// This element of the attribute `strides`.
    Stride(usize),
    /// This element of the attribute `dilations`.
    Dilation(usize),
}

static BY_KIND: LazyLock<Vec<Option<NamedStructure>>> = LazyLock::new(|| {
    let mut all = vec![None; super::COUNT];
    for line in include_str!("linalg_named_structured_ops.txt").lines().filter(|line| !line.starts_with('#')) {
        let (name, structure) = read(line).unwrap_or_else(|| panic!("`{line}` is no structure"));
        let record = super::find(name).unwrap_or_else(|| panic!("`{name}` is not registered"));
        all[record.kind.index()] = Some(structure);
    }
    all
});

/// The structure of a named operation; `None` for others and for those that work element by element.
#[must_use]
pub fn of(record: &Record) -> Option<&'static NamedStructure> {
    if record.is_registered() { BY_KIND.get(record.kind.index())?.as_ref() } else { None }
}

fn read(line: &str) -> Option<(&str, NamedStructure)> {
    let (name, rest) = line.split_once(' ')?;
    let (iterators, operands) = rest.trim_start().split_once(' ')?;
    let reductions = iterators.chars().map(|c| c == 'r').collect();
    let operands = operands.split('|').map(|operand| subscripts(operand.trim())).collect::<Option<_>>()?;
    Some((name, NamedStructure { reductions, operands }))
}

fn subscripts(operand: &str) -> Option<Vec<Subscript>> {
    if operand == "-" {
        return Some(Vec::new());
    }
    operand.split(',').map(|subscript| subscript.split('+').map(|term| self::term(term.trim())).collect()).collect()
}

fn term(text: &str) -> Option<Term> {
    let number = |text: &str, letter: char| text.strip_prefix(letter)?.parse::<u32>().ok();
    let (dimension, factor) = text.split_once('*').map_or((text, None), |(d, f)| (d, Some(f)));
    let factor = match factor {
        None => Factor::One,
        Some(f) => match (number(f, 's'), number(f, 't')) {
            (Some(place), _) => Factor::Stride(place as usize),
            (_, Some(place)) => Factor::Dilation(place as usize),
            _ => return None,
        },
    };
    Some(Term { dimension: number(dimension, 'd')?, factor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_every_loop_is_used() {
        let mut count = 0;
        for structure in BY_KIND.iter().flatten() {
            count += 1;
            let loops = structure.reductions.len();
            let used = |d: usize, operand: &[Subscript]| operand.iter().flatten().any(|t| t.dimension as usize == d);
            let (output, inputs) = structure.operands.split_last().expect("an output");
            for d in 0..loops {
                assert!(structure.operands.iter().any(|operand| used(d, operand)));
                // A loop that the output does not use is a reduction.
                assert_eq!(structure.reductions[d], !used(d, output), "{structure:?}");
            }
            assert!(inputs.iter().flatten().flatten().all(|t| (t.dimension as usize) < loops));
        }
        assert_eq!(count, 64);
    }
}
