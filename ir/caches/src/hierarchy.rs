//! Caches of a processor as data: sizes, ways, bandwidths, each with its source.

use std::ops::Range;

use ir::labels::Target;
use serde::Deserialize;

/// Bytes of a cache line, of every level.
pub const LINE_BYTES: u64 = 64;

/// Sets of every level are a multiple of this, so that [`crate::Method::Sets`] can choose by the lowest bits of a line.
pub(crate) const SET_CLASSES: u64 = 64;

/// Most bytes of a level.
const MOST_BYTES: u64 = 1 << 30;
/// Most ways of a level.
const MOST_WAYS: u64 = 64;
/// Most levels.
const MOST_LEVELS: usize = 4;

/// The caches between a core and its memory, nearest first.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hierarchy {
    /// The machine in words.
    pub description: String,
    /// Processor whose loads and stores these are; without one, cycles are not known.
    pub processor: Option<Target>,
    /// The levels.
    #[serde(rename = "level")]
    pub levels: Vec<Level>,
}

/// One cache: least recently used line replaced, lines allocated on writes, written back when they are replaced.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Its name in results.
    pub name: String,
    /// Capacity in bytes.
    pub bytes: u64,
    /// Lines of a set.
    pub ways: u64,
    /// Bytes a cycle between this level and the next one (or memory).
    pub bytes_per_cycle: f64,
    /// Source of these figures.
    pub source: String,
}

/// What is wrong with the description of a hierarchy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HierarchyError {
    /// What is wrong.
    pub message: String,
    /// Bytes of the text that it is about, where one place is.
    pub span: Option<Range<usize>>,
}

impl Level {
    /// Sets.
    #[must_use]
    pub fn sets(&self) -> u64 {
        self.bytes / (LINE_BYTES * self.ways)
    }

    /// Lines.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.bytes / LINE_BYTES
    }

    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        if self.ways == 0 || self.ways > MOST_WAYS {
            return Err(format!("`ways` of level `{name}` must be between 1 and {MOST_WAYS}, not {}", self.ways));
        }
        if self.bytes == 0 || self.bytes > MOST_BYTES {
            return Err(format!("`bytes` of level `{name}` must be between 1 and {MOST_BYTES}, not {}", self.bytes));
        }
        let unit = LINE_BYTES * self.ways * SET_CLASSES;
        if !self.bytes.is_multiple_of(unit) {
            let why = format!("{SET_CLASSES} sets of {} lines of {LINE_BYTES} B", self.ways);
            return Err(format!("`bytes` of level `{name}` must be a multiple of {unit} ({why}), not {}", self.bytes));
        }
        if !(self.bytes_per_cycle.is_finite() && self.bytes_per_cycle > 0.0) {
            return Err(format!("`bytes_per_cycle` of level `{name}` must be above 0, not {}", self.bytes_per_cycle));
        }
        Ok(())
    }
}

impl Hierarchy {
    /// The caches of a target.
    #[must_use]
    pub fn of(target: Target) -> Self {
        let text = match target {
            Target::SkylakeAvx512 => include_str!("../hierarchies/skylake-avx512.toml"),
            Target::Znver4 => include_str!("../hierarchies/znver4.toml"),
            Target::NeoverseV1 => include_str!("../hierarchies/neoverse-v1.toml"),
            Target::SifiveX280 => include_str!("../hierarchies/sifive-x280.toml"),
        };
        Self::read(text).expect("a test reads the built-in files")
    }

    /// Reads and checks a description.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where.
    pub fn read(text: &str) -> Result<Self, HierarchyError> {
        let hierarchy: Self = toml::from_str(text)
            .map_err(|error| HierarchyError { message: error.message().to_owned(), span: error.span() })?;
        hierarchy.check().map_err(|message| HierarchyError { message, span: None })?;
        Ok(hierarchy)
    }

    fn check(&self) -> Result<(), String> {
        if self.levels.is_empty() || self.levels.len() > MOST_LEVELS {
            return Err(format!("there must be 1 to {MOST_LEVELS} levels, not {}", self.levels.len()));
        }
        self.levels.iter().try_for_each(Level::check)?;
        for (index, level) in self.levels.iter().enumerate() {
            if self.levels[..index].iter().any(|other| other.name == level.name) {
                return Err(format!("two levels are called `{}`", level.name));
            }
            if index > 0 && self.levels[index - 1].bytes > level.bytes {
                return Err(format!("level `{}` is smaller than the one before it", level.name));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_its_caches() {
        for target in Target::ALL {
            let hierarchy = Hierarchy::of(target);
            assert_eq!(hierarchy.processor, Some(target));
            assert!(hierarchy.levels.iter().all(|level| !level.source.is_empty()));
        }
    }

    #[test]
    fn mistakes_are_named() {
        let text = include_str!("../hierarchies/znver4.toml");
        let error = |from: &str, to: &str| Hierarchy::read(&text.replacen(from, to, 1)).unwrap_err();
        assert!(error("ways = 8", "ways = 0").message.contains("between 1 and 64, not 0"));
        assert!(error("bytes = 32_768", "bytes = 32_000").message.contains("multiple of 32768"));
        assert!(error("bytes = 32_768", "bytes = 67_108_864").message.contains("`L2` is smaller"));
        assert!(error("= 32.0", "= nan").message.contains("above 0, not NaN"));
        assert!(error("\"L2\"", "\"L1\"").message.contains("two levels are called `L1`"));
        let unknown = error("ways", "wayz");
        assert!(unknown.message.contains("wayz") && unknown.span.is_some());
        assert!(error("\"znver4\"", "\"z80\"").message.contains("z80"));
        assert!(Hierarchy::read("description = ''\nlevel = []").unwrap_err().message.contains("1 to 4 levels"));
    }
}
