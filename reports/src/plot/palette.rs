//! More colours of the Okabe-Ito palette for plots with several series, and text widths.

use plotters::style::RGBColor;

use super::canvas::{BLUE, VERMILLION};

/// Sky blue.
pub const SKY: RGBColor = RGBColor(0x56, 0xb4, 0xe9);
/// Bluish green.
pub const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
/// Orange.
pub const ORANGE: RGBColor = RGBColor(0xe6, 0x9f, 0x00);
/// Reddish purple.
pub const PURPLE: RGBColor = RGBColor(0xcc, 0x79, 0xa7);
/// Grey.
pub const SLATE: RGBColor = RGBColor(0x7a, 0x7a, 0x7a);

/// Colours of series in drawing order.
pub const SERIES: [RGBColor; 7] = [BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE, SLATE];

/// Estimated width of a text in pixels.
pub fn width_of(text: &str, size: i32) -> i32 {
    text.chars().count() as i32 * size * 58 / 100
}
