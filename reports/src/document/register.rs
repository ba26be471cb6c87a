//! Numbering of origins and of reasons for missing values, in the order of first use.

use std::collections::BTreeMap;

use maud::{Markup, html as markup};

use crate::value::Origin;

/// Origins in the order of their first use.
#[derive(Debug, Clone, Default)]
pub struct Register {
    origins: Vec<Origin>,
    numbers: BTreeMap<Origin, usize>,
}

impl Register {
    /// The number of an origin, from 1.
    pub fn number(&mut self, origin: &Origin) -> usize {
        if let Some(number) = self.numbers.get(origin) {
            return *number;
        }
        self.origins.push(origin.clone());
        self.numbers.insert(origin.clone(), self.origins.len());
        self.origins.len()
    }

    /// All origins; the first has the number 1.
    #[must_use]
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }
}

/// Anchor of an origin: a fingerprint of its content, so that links to it survive when numbers change.
#[must_use]
pub fn anchor(origin: &Origin) -> String {
    let year = origin.year.map_or(String::new(), |year| year.to_string());
    fingerprint(&[origin.kind.name(), &origin.grade, &origin.source, &year])
}

/// Fingerprint of texts, as eight hexadecimal digits (FNV-1a).
#[must_use]
pub fn fingerprint(texts: &[&str]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for text in texts {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
}

/// Reasons for missing values in one table, with letters in the order of first use.
#[derive(Debug, Default)]
pub(super) struct Reasons(Vec<String>);

impl Reasons {
    /// The letter of a reason: a to z, then aa, ab and so on.
    pub(super) fn letter(&mut self, reason: &str) -> String {
        let index = self.0.iter().position(|r| r == reason).unwrap_or_else(|| {
            self.0.push(reason.to_owned());
            self.0.len() - 1
        });
        letters(index)
    }

    /// Letters and reasons.
    pub(super) fn all(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.iter().enumerate().map(|(index, reason)| (letters(index), reason.as_str()))
    }
}

fn letters(index: usize) -> String {
    let letter = char::from(b'a' + (index % 26) as u8);
    if index < 26 { letter.to_string() } else { letters(index / 26 - 1) + &letter.to_string() }
}

/// A link to a part of the page, which a reader can copy.
pub(super) fn link_to(anchor: &str, what: &str) -> Markup {
    markup! { a.anchor href={ "#" (anchor) } aria-label={ "Link to: " (what) } { "#" } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_numbered_once() {
        let mut register = Register::default();
        let (a, b) = (Origin::derived("a"), Origin::derived("b"));
        assert_eq!([&b, &a, &b].map(|o| register.number(o)), [1, 2, 1]);
        assert_eq!(register.origins(), [b, a]);
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 25, 26, 51, 52].map(letters), ["a", "z", "aa", "az", "ba"]);
    }
}
