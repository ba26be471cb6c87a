//! Advice in messages about an unknown name.

/// `text` on one line for a message: control characters escaped, at most 60 characters.
#[must_use]
pub fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push_str("...");
    }
    // Quotation marks are harmless, and escaping them makes JSON texts unreadable.
    short.replace("\\\"", "\"").replace("\\'", "'")
}

/// The candidate with the smallest edit distance to `word`, if it is small enough for a spelling mistake.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The edit distance is quadratic in the length, so compare only the start of a very long word.
    let word: String = word.chars().take(64).collect::<String>().to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count().max(2) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Help for an unknown word: the nearest candidate, or the list of all candidates.
#[must_use]
pub fn did_you_mean(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", candidates.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_near() {
        assert_eq!(did_you_mean("clokc", &["clock", "rows"]), "did you mean `clock`?");
        assert_eq!(did_you_mean("zebra", &["clock", "rows"]), "known here: clock, rows");
        assert_eq!(nearest("capcity", ["capacity", "banks"]), Some("capacity"));
    }

    #[test]
    fn long_and_unprintable_text_is_shortened() {
        assert_eq!(shorten("a\nb\"c"), "a\\nb\"c");
        assert_eq!(shorten(&"x".repeat(61)), format!("{}...", "x".repeat(60)));
    }
}
