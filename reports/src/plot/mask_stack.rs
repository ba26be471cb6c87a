//! A mask stack by layer, from the silicon up: number of masks, and layers whose masks differ between chips.

use super::canvas::{Anchor, BLACK, BLUE, Canvas, GREY, LIGHT, MIDDLE, VERMILLION, fitting};
use super::error::PlotError;
use super::palette::width_of;

/// One layer.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskLayer {
    /// Name as printed.
    pub name: String,
    /// Number of masks.
    pub masks: u32,
    /// Relative price of one mask.
    pub units: f64,
    /// Whether it is exposed with EUV light.
    pub euv: bool,
    /// Whether its masks differ between the chips of a system.
    pub per_chip: bool,
}

/// A mask stack.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskStack {
    /// Title.
    pub title: String,
    /// Layers, lowest first.
    pub layers: Vec<MaskLayer>,
}

impl MaskStack {
    pub(super) fn height(&self) -> i32 {
        118 + 17 * self.layers.len().max(1) as i32 + 40
    }

    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let (top, bottom) = (118, canvas.height() - 40);
        let (left, right) = (140, canvas.width() - 130);
        canvas.title(&self.title)?;
        let key = [
            (MIDDLE, "shared by all chips, deep ultraviolet"),
            (BLUE, "shared, extreme ultraviolet"),
            (VERMILLION, "differs between chips: carries the weights"),
        ];
        let (mut h, mut v) = (12, 50);
        for (colour, text) in key {
            let needed = 40 + width_of(text, 13);
            if h + needed > canvas.width() && h > 12 {
                (h, v) = (12, v + 20);
            }
            canvas.rectangle((h, v - 7), (h + 14, v + 7), colour)?;
            canvas.text(text, (h + 20, v), 13, BLACK, Anchor::Left)?;
            h += needed;
        }
        let units: f64 = self.layers.iter().map(|l| f64::from(l.masks) * l.units).fold(0.0, f64::max);
        let step = f64::from(bottom - top) / self.layers.len().max(1) as f64;
        let row = |index: usize| bottom - (step * index as f64).round() as i32;
        for (index, layer) in self.layers.iter().enumerate() {
            let (from, to) = (row(index + 1), row(index));
            let middle = (from + to) / 2;
            let colour = if layer.per_chip {
                VERMILLION
            } else if layer.euv {
                BLUE
            } else {
                MIDDLE
            };
            let share = f64::from(layer.masks) * layer.units / units.max(f64::MIN_POSITIVE);
            let end = left + (share * f64::from(right - left)).round() as i32;
            canvas.text(&fitting(&layer.name.replace('_', " "), 18), (left - 8, middle), 12, BLACK, Anchor::Right)?;
            let masks = if layer.masks == 1 { "mask" } else { "masks" };
            let weight = f64::from(layer.masks) * layer.units;
            let units = if weight == 1.0 { "unit" } else { "units" };
            let text = format!("{} {masks}, {weight} {units}", layer.masks);
            canvas.value(&format!("{}: {text}", layer.name.replace('_', " ")), || {
                canvas.rectangle((left, from + 1), (end, to - 1), colour)
            })?;
            canvas.text(&text, (end + 8, middle), 12, GREY, Anchor::Left)?;
        }
        canvas.line(&[(left, top), (left, bottom)], LIGHT, 1)?;
        canvas.text("silicon", (left - 8, bottom + 14), 13, GREY, Anchor::Right)?;
        canvas.text("weight in the price; one DUV mask = 1", (left, bottom + 14), 12, GREY, Anchor::Left)
    }
}
