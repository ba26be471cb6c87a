//! Patterns by which quantised releases name modules: components of a path, globs, regular expressions.

use std::collections::BTreeSet;

use regex_lite::{Regex, RegexBuilder};

/// Most globs and regular expressions of one list; every module of every layer is tried against each.
const MAX_GLOBS: usize = 1024;
const MAX_REGULAR: usize = 64;

/// A list of patterns over dotted module paths. A pattern that names a module covers all modules inside it.
#[derive(Default)]
pub(super) struct Patterns {
    /// Components that follow each other in the path: `gate`, `mlp.gate`, `model.layers.0.self_attn`.
    components: BTreeSet<String>,
    /// The same with `*` for any characters, over the whole path.
    globs: Vec<String>,
    /// After `re:`, from the start of the path.
    regular: Vec<Regex>,
}

impl Patterns {
    /// Adds a pattern.
    ///
    /// # Errors
    /// The reason, for a regular expression that is none or too large, and for a list that is too long.
    pub(super) fn add(&mut self, text: &str) -> Result<(), String> {
        if let Some(expression) = text.strip_prefix("re:") {
            if self.regular.len() == MAX_REGULAR {
                return Err(format!("more than {MAX_REGULAR} regular expressions"));
            }
            let regex = RegexBuilder::new(&format!("^(?:{expression})")).size_limit(1 << 18).build();
            self.regular.push(regex.map_err(|error| error.to_string())?);
            return Ok(());
        }
        let text = text.strip_suffix(".weight").unwrap_or(text).to_owned();
        if !text.contains('*') {
            self.components.insert(text);
            return Ok(());
        }
        if self.globs.len() == MAX_GLOBS {
            return Err(format!("more than {MAX_GLOBS} patterns with `*`"));
        }
        self.globs.push(text);
        Ok(())
    }

    /// Whether the module at `path`, or one that contains it, is meant.
    pub(super) fn matches(&self, path: &str) -> bool {
        let starts = || std::iter::once(0).chain(path.match_indices('.').map(|(dot, _)| dot + 1));
        let ends = || path.match_indices('.').map(|(dot, _)| dot).chain(std::iter::once(path.len()));
        let named =
            || starts().any(|start| ends().any(|end| start < end && self.components.contains(&path[start..end])));
        let glob = || {
            let inside = |end: usize| self.globs.iter().any(|g| glob_matches(g.as_bytes(), &path.as_bytes()[..end]));
            !self.globs.is_empty() && ends().any(inside)
        };
        (!self.components.is_empty() && named()) || glob() || self.regular.iter().any(|regex| regex.is_match(path))
    }
}

/// Linear in the product of the lengths: only the last `*` is tried again.
fn glob_matches(glob: &[u8], text: &[u8]) -> bool {
    let (mut g, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if g < glob.len() && glob[g] == b'*' {
            star = Some((g, t));
            g += 1;
        } else if g < glob.len() && glob[g] == text[t] {
            g += 1;
            t += 1;
        } else if let Some((star_g, star_t)) = star {
            star = Some((star_g, star_t + 1));
            g = star_g + 1;
            t = star_t + 1;
        } else {
            return false;
        }
    }
    glob[g..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::Patterns;

    #[test]
    fn patterns_match_modules() {
        let matches = |pattern: &str, path: &str| {
            let mut patterns = Patterns::default();
            patterns.add(pattern).unwrap();
            patterns.matches(path)
        };
        let path = "model.layers.3.mlp.experts.0.gate_proj";
        for pattern in [
            "experts",
            "mlp.experts",
            "model.layers.3",
            "model.layers.*.mlp.experts",
            "*mlp*",
            "re:.*experts.*",
            "re:model\\.layers\\.[0-9]+",
            "model.layers.3.mlp.experts.0.gate_proj.weight",
        ] {
            assert!(matches(pattern, path), "{pattern}");
        }
        for pattern in [
            "gate",
            "mlp.gate",
            "expert",
            "model.layers.33",
            "*self_attn*",
            "re:.*shared_experts.*",
            "layers.*.gate",
            "",
        ] {
            assert!(!matches(pattern, path), "{pattern}");
        }
    }

    #[test]
    fn hostile_patterns_are_refused() {
        let mut patterns = Patterns::default();
        assert!(patterns.add("re:(").is_err());
        assert!(patterns.add(&format!("re:{}", "(a{1000}){1000}".repeat(10))).is_err());
        assert!((0..2000).any(|n| patterns.add(&format!("a{n}*")).is_err()));
        assert!(!patterns.matches(&"a.".repeat(20)));
    }
}
