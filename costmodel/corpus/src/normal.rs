//! Normal forms of MLIR text, by which duplicates and near duplicates are found.
//!
//! [`alpha`] renames SSA values and blocks in the order of their first appearance and drops indentation, blank lines
//! and comments; [`without_numbers`] also replaces every literal number and extent. Both work on text of any dialect
//! without a parser.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// The text with values and blocks numbered by first appearance, without comments and indentation.
pub fn alpha(text: &str) -> String {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = strip_comment(line).trim();
        if line.is_empty() {
            continue;
        }
        let mut rest = line;
        while let Some(start) = rest.find(['%', '^', '"']) {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            if rest.starts_with('"') {
                let end = string_end(rest);
                out.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            let length = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || "_$.-".contains(c)));
            let end = length.map_or(rest.len(), |l| l + 1);
            let next = names.len();
            let number = *names.entry(&rest[..end]).or_insert(next);
            out.push_str(&rest[..1]);
            out.push_str(&number.to_string());
            rest = &rest[end..];
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

/// The text of [`alpha`] with every literal number, extent and factor replaced by `N`.
pub fn without_numbers(text: &str) -> String {
    let alpha = alpha(text);
    let mut out = String::with_capacity(alpha.len());
    let mut rest = alpha.as_str();
    while let Some(first) = rest.chars().next() {
        let end = if first.is_ascii_digit() {
            out.push('N');
            number_end(rest)
        } else if first.is_ascii_alphabetic() || "_%^#$".contains(first) {
            let inner = |c: char| c.is_ascii_alphanumeric() || "_$".contains(c);
            let end = rest[1..].find(|c| !inner(c)).map_or(rest.len(), |l| l + 1);
            out.push_str(&rest[..end]);
            end
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[end..];
        // The `x` between extents is not the start of a name.
        if (first.is_ascii_digit() || first == '?') && rest.starts_with('x') {
            out.push('x');
            rest = &rest[1..];
        }
    }
    out
}

/// Length of the number that a text starts with: digits, fraction, exponent.
fn number_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| from + bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if bytes.get(end).is_some_and(|b| b"eE".contains(b)) {
        let sign = usize::from(bytes.get(end + 1).is_some_and(|b| b"+-".contains(b)));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

/// The first 128 bits of the SHA-256 of the alpha normal form, as 32 hexadecimal digits.
pub fn content_hash(text: &str) -> String {
    digest(&alpha(text))
}

/// The first 128 bits of the SHA-256 of a text, as 32 hexadecimal digits.
pub fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return i + 1,
            _ => {}
        }
    }
    text.len()
}

fn strip_comment(line: &str) -> &str {
    let mut rest = line;
    let mut offset = 0;
    while let Some(at) = rest.find(['"', '/']) {
        if rest[at..].starts_with("//") {
            return &line[..offset + at];
        }
        let skip = if rest[at..].starts_with('"') { string_end(&rest[at..]) } else { 1 };
        offset += at + skip;
        rest = &rest[at + skip..];
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_layout_and_comments_do_not_matter() {
        let a = "module {\n  func.func @f(%a: f32) -> f32 {\n    %0 = arith.addf %a, %a : f32 // twice\n    return %0 : f32\n  }\n}";
        let b =
            "module {\nfunc.func @f(%x: f32) -> f32 {\n\n  %sum = arith.addf %x, %x : f32\nreturn %sum : f32\n}\n}\n";
        assert_eq!(alpha(a), alpha(b));
        assert_eq!(content_hash(a), content_hash(b));
        assert_ne!(content_hash(a), content_hash(&a.replace("addf", "mulf")));
    }

    #[test]
    fn strings_keep_their_percent_signs_and_slashes() {
        assert_eq!(alpha("  \"a%b // c\" %x"), "\"a%b // c\" %0\n");
    }

    #[test]
    fn numbers_go_and_types_stay() {
        assert_eq!(
            without_numbers(
                "%c = arith.constant 1.500000e-01 : f32 memref<64x128xf32, 3> #map12 (d0, d1) -> (d0 * 8 + d1)"
            ),
            "%0 = arith.constant N : f32 memref<NxNxf32, N> #map12 (d0, d1) -> (d0 * N + d1)\n"
        );
        assert_eq!(without_numbers("tensor<1x16xi8>"), without_numbers("tensor<204x3xi8>"));
        assert_ne!(without_numbers("tensor<16xi8>"), without_numbers("tensor<16xi32>"));
    }
}
