//! One way to write numbers for people: thousands separated, a fixed number of significant digits or of decimals.

/// `value` with `digits` significant digits at least, integers in full, thousands separated by commas.
///
/// ```
/// assert_eq!(reports::number::significant(249_960.4, 4), "249,960");
/// assert_eq!(reports::number::significant(0.012_345, 3), "0.0123");
/// assert_eq!(reports::number::significant(6.9, 3), "6.90");
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

/// `value` with a fixed number of decimals, thousands separated; what rounds to zero has no sign.
///
/// ```
/// assert_eq!(reports::number::fixed(1234.567, 2), "1,234.57");
/// assert_eq!(reports::number::fixed(-0.001, 2), "0.00");
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
/// assert_eq!(reports::number::bytes(2_038_431_744.0), "2.04 GB");
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
}
