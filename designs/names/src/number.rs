//! Numbers as text for people: thousands separated, a fixed number of significant digits or of decimals.

/// `value` with `digits` significant digits at least, integers in full, thousands separated by commas.
///
/// ```
/// assert_eq!(names::number::significant(249_960.4, 4), "249,960");
/// assert_eq!(names::number::significant(0.012_345, 3), "0.0123");
/// assert_eq!(names::number::significant(6.9, 3), "6.90");
/// ```
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let mut magnitude = 0i32;
    let mut scaled = value.abs();
    while scaled >= 10.0 {
        scaled /= 10.0;
        magnitude += 1;
    }
    while scaled > 0.0 && scaled < 1.0 {
        scaled *= 10.0;
        magnitude -= 1;
    }
    let decimals = (digits as i32 - 1 - magnitude).max(0) as usize;
    separated(&format!("{value:.decimals$}"))
}

/// Significant digits for numbers beside each other: `digits`, or 1, which prints integers in full, where `digits` would add
/// nothing but zeros behind the point.
///
/// ```
/// use names::number::digits_beside;
/// assert_eq!(digits_beside([62.0, 62.0], 4), 1);
/// assert_eq!(digits_beside([62.0, 61.5], 4), 4);
/// ```
#[must_use]
pub fn digits_beside(values: impl IntoIterator<Item = f64>, digits: usize) -> usize {
    let texts: Vec<String> = values.into_iter().map(|value| significant(value, digits)).collect();
    let fractions: Vec<&str> = texts.iter().filter_map(|text| Some(text.split_once('.')?.1)).collect();
    let zeros = fractions.iter().all(|fraction| fraction.bytes().all(|digit| digit == b'0'));
    if zeros && !fractions.is_empty() { 1 } else { digits }
}

/// `value` with a fixed number of decimals, thousands separated; what rounds to zero has no sign.
///
/// ```
/// assert_eq!(names::number::fixed(1234.567, 2), "1,234.57");
/// assert_eq!(names::number::fixed(-0.001, 2), "0.00");
/// ```
#[must_use]
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let text = format!("{value:.decimals$}");
    let zero = !text.contains(|c: char| ('1'..='9').contains(&c));
    separated(if zero { text.trim_start_matches('-') } else { &text })
}

/// Separates the thousands of a plain decimal number.
#[must_use]
pub fn separated(plain: &str) -> String {
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// Bytes in decimal units.
///
/// ```
/// assert_eq!(names::number::bytes(2_038_431_744.0), "2.04 GB");
/// ```
#[must_use]
pub fn bytes(value: f64) -> String {
    let units = ["B", "KB", "MB", "GB", "TB", "PB"];
    let mut value = value;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{} {}", significant(value, 3), units[unit])
}

/// `value` with three significant digits and a decimal prefix, for axis labels and other narrow places. Trailing zeros
/// are left out; what is not finite is `-`.
///
/// ```
/// assert_eq!(names::number::short(1_250_000.0), "1.25M");
/// assert_eq!(names::number::short(0.0123), "0.0123");
/// ```
#[must_use]
pub fn short(value: f64) -> String {
    let trim = |text: String| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    let magnitude = value.abs();
    if magnitude == 0.0 {
        return "0".to_owned();
    }
    for (size, name) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if magnitude >= size * 0.9995 {
            let scaled = value / size;
            let digits = if scaled.abs() >= 99.95 {
                0
            } else if scaled.abs() >= 9.995 {
                1
            } else {
                2
            };
            return trim(format!("{scaled:.digits$}")) + name;
        }
    }
    let digits = (2 - libm::floor(libm::log10(magnitude)) as i32).clamp(0, 6) as usize;
    if magnitude < 1e-4 { format!("{value:.1e}") } else { trim(format!("{value:.digits$}")) }
}

/// `value` with three significant digits in a table of figures of very different sizes: no thousands separators, three
/// decimals below 1, scientific from a million on.
///
/// ```
/// let columns = [1_234_567.0, 123.4, 12.34, 0.012_34].map(names::number::tabular);
/// assert_eq!(columns, ["1.23e6", "123", "12.3", "0.012"]);
/// ```
#[must_use]
pub fn tabular(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{value:.2e}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// `value` rounded to `digits` significant decimal digits.
///
/// ```
/// assert_eq!(names::number::rounded(1234.5, 3), 1230.0);
/// ```
#[must_use]
pub fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value)
}

/// A count with its thousands separated, e.g. `1,000`.
#[must_use]
pub fn count(count: u64) -> String {
    separated(&count.to_string())
}

/// A time in seconds with the unit that gives it two or three digits: `90 s`, `12 min`, `3.5 h`, `2.0 days`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_and_digits() {
        assert_eq!(significant(-1234.5678, 6), "-1,234.57");
        assert_eq!(significant(0.0, 3), "0.00");
        assert_eq!(significant(f64::NAN, 3), "-");
        assert_eq!(separated("1000000"), "1,000,000");
        assert_eq!(bytes(999.0), "999 B");
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (249_960.0, "250k"),
            (1_250_000.0, "1.25M"),
            (320.0, "320"),
            (0.0123, "0.0123"),
            (999.9, "1k"),
            (-2.5e9, "-2.5G"),
            (99.96, "100"),
            (1e-7, "1.0e-7"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
