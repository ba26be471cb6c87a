//! The parts of a model as vectors, and back. Every number is validated on reading: the file is untrusted input.

use serde::{Deserialize, Serialize};

use super::error::ModelFileError;
use super::novelty::Novelty;
use super::tensors::{Reader, Writer};
use crate::columns::{Columns, MAX_WORDS, Numbered};
use crate::features::Feature;
use crate::input::Scheme;
use crate::quantity::{Output, groups};

use crate::trees::{Forest, TreesModel, WorkSums};

/// What is stored of trees beside their vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TreesShape {
    pub features: bool,
    /// Whether numbers of kernels follow the features; a model of GPUs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kernels: bool,
    pub scheme: Scheme,
    /// Whether the model knows how wrong it is.
    pub doubts: bool,
}

impl TreesShape {
    pub fn of(trees: &TreesModel) -> Self {
        let columns = &trees.columns;
        let numbers = columns.numbers();
        let (features, kernels) = (numbers != Numbered::No, numbers == Numbered::Kernels);
        Self { features, kernels, scheme: columns.scheme(), doubts: !trees.doubts.is_empty() }
    }

    fn read(self, reader: &Reader<'_>, name: &str, vocabulary: usize) -> Result<Columns, ModelFileError> {
        let words: Vec<u16> = reader.get(name)?;
        let ascending = words.windows(2).all(|pair| pair[0] < pair[1]);
        let known = words.last().is_none_or(|&word| usize::from(word) < vocabulary);
        check(ascending && known && words.len() <= MAX_WORDS, name, "are not words of the vocabulary")?;
        // A model reads only the scheme of its vocabulary.
        check(self.scheme == Scheme::Shaped, name, "belong to another scheme")?;
        let numbers = match (self.features, self.kernels) {
            (true, true) => Numbered::Kernels,
            (true, false) => Numbered::Function,
            (false, _) => Numbered::No,
        };
        Ok(Columns::from_words(numbers, self.scheme, words, vocabulary))
    }
}

fn check(good: bool, name: &str, what: &str) -> Result<(), ModelFileError> {
    if good { Ok(()) } else { Err(ModelFileError::Content(format!("`{name}` {what}"))) }
}

pub(super) fn put_trees(writer: &mut Writer, trees: &TreesModel) {
    writer.put("trees.words", trees.columns.words());
    let gains: Vec<f32> = trees.gains.iter().map(|gain| *gain as f32).collect();
    writer.put("trees.gains", &gains);
    writer.put("trees.prices", &trees.work_sums.0.concat());
    for (name, forests) in [("trees", &trees.forests), ("doubts", &trees.doubts)] {
        for (index, forest) in forests.iter().enumerate() {
            let mut put = Put { writer, prefix: format!("{name}.{index}") };
            put.numbers("stops", &forest.stops);
            put.numbers("roots", &forest.roots);
            put.numbers("leaves", &forest.leaves);
            put.numbers("values", &forest.values);
            put.numbers("base", &forest.base);
        }
    }
}

struct Put<'a> {
    writer: &'a mut Writer,
    prefix: String,
}

impl Put<'_> {
    fn numbers<N: super::tensors::Number>(&mut self, name: &str, numbers: &[N]) {
        self.writer.put(&format!("{}.{name}", self.prefix), numbers);
    }
}

pub(super) fn get_trees(
    reader: &Reader<'_>,
    shape: TreesShape,
    vocabulary: usize,
    outputs: &[Output],
) -> Result<TreesModel, ModelFileError> {
    let columns = shape.read(reader, "trees.words", vocabulary)?;
    let gains: Vec<f32> = reader.exactly("trees.gains", columns.len())?;
    let work_sums = get_work_sums(reader, outputs)?;
    let forests = |name: &str| {
        let all = groups(outputs).into_iter().enumerate();
        all.map(|(index, group)| get_forest(reader, &format!("{name}.{index}"), columns.len(), group.len()))
            .collect::<Result<Vec<Forest>, ModelFileError>>()
    };
    let doubts = if shape.doubts { forests("doubts")? } else { vec![] };
    let forests = forests("trees")?;
    let gains = gains.into_iter().map(f64::from).collect();
    Ok(TreesModel { columns, work_sums, outputs: outputs.to_vec(), forests, doubts, gains })
}

fn get_work_sums(reader: &Reader<'_>, outputs: &[Output]) -> Result<WorkSums, ModelFileError> {
    let lengths = outputs.iter().map(WorkSums::coefficients);
    let coefficients: Vec<f32> = reader.exactly("trees.prices", lengths.clone().sum())?;
    check(coefficients.iter().all(|c| *c >= 0.0), "trees.prices", "holds a number below 0")?;
    let mut rest = &coefficients[..];
    let of = |length| {
        let (own, others) = rest.split_at(length);
        rest = others;
        own.to_vec()
    };
    Ok(WorkSums(lengths.map(of).collect()))
}

fn get_forest(reader: &Reader<'_>, prefix: &str, columns: usize, width: usize) -> Result<Forest, ModelFileError> {
    let name = |part: &str| format!("{prefix}.{part}");
    let forest = Forest {
        stops: reader.lend(&name("stops"))?,
        roots: reader.lend(&name("roots"))?,
        leaves: reader.lend(&name("leaves"))?,
        values: reader.lend(&name("values"))?,
        base: reader.lend(&name("base"))?,
    };
    check(forest.width() == width, prefix, "has another number of outputs")?;
    check(reader.is_own() || forest.is_sound(columns), prefix, "is not a valid forest")?;
    Ok(forest)
}

pub(super) fn put_novelty(writer: &mut Writer, novelty: &Novelty) {
    writer.put("novelty.seen", &novelty.seen);
    writer.put("novelty.smallest", &novelty.smallest);
    writer.put("novelty.largest", &novelty.largest);
    writer.put("novelty.deviations", &novelty.deviations);
    writer.put("novelty.references", &novelty.references);
}

pub(super) fn get_novelty(reader: &Reader<'_>, vocabulary: usize) -> Result<Novelty, ModelFileError> {
    let novelty = Novelty {
        seen: reader.exactly("novelty.seen", vocabulary)?,
        smallest: reader.exactly("novelty.smallest", Feature::COUNT)?,
        largest: reader.exactly("novelty.largest", Feature::COUNT)?,
        deviations: reader.exactly("novelty.deviations", Feature::COUNT)?,
        references: reader.exactly("novelty.references", 2)?,
    };
    let positive = novelty.deviations.iter().chain(&novelty.references).all(|x| *x > 0.0);
    check(positive, "novelty", "has a deviation that is not positive")?;
    Ok(novelty)
}
