//! Normal forms of MLIR text: what makes two functions the same.
//!
//! [`alpha`] renames SSA values and blocks in the order of their first appearance and drops indentation, blank lines
//! and comments; [`without_numbers`] also forgets every literal number and extent. Both work on text of any dialect
//! and need no parser.

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
    let bytes = alpha.as_bytes();
    let mut out = String::with_capacity(alpha.len());
    let mut i = 0;
    while i < bytes.len() {
        let before = |back: usize| i.checked_sub(back).map_or(b' ', |p| bytes[p]);
        // `64x128xf32`: the second extent follows an x that follows a digit.
        let extent = before(1) == b'x' && before(2).is_ascii_digit();
        let name = before(1).is_ascii_alphabetic() || matches!(before(1), b'_' | b'%' | b'^' | b'#' | b'$');
        if bytes[i].is_ascii_digit() && (extent || !name) {
            let number =
                |b: u8, last: u8| b.is_ascii_digit() || b == b'.' || (b"+-".contains(&b) && b"eE".contains(&last));
            let mut end = i + 1;
            while end < bytes.len()
                && (number(bytes[end], bytes[end - 1])
                    || (b"eE".contains(&bytes[end]) && bytes.get(end + 1).is_some_and(|b| b"+-".contains(b))))
            {
                end += 1;
            }
            out.push('N');
            i = end;
            continue;
        }
        // Digits of a name stay with it.
        let start = i;
        i += 1;
        while i < bytes.len() && (!bytes[i].is_ascii_digit() || !bytes[i - 1].is_ascii_digit()) {
            if bytes[i].is_ascii_digit() {
                break;
            }
            i += 1;
        }
        while name && bytes[start].is_ascii_digit() && i < bytes.len() && bytes[i].is_ascii_digit() {
            i += 1;
        }
        out.push_str(&alpha[start..i]);
    }
    out
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
