//! Blocks of a die as rectangles with areas to scale; their positions are not those of a layout.
//!
//! The square die is split recursively: the blocks, largest first, are divided into two groups of nearly equal area, and the
//! rectangle is cut across its longer side. Colour is power density.

use plotters::style::RGBColor;

use super::canvas::{Anchor, BLACK, Canvas, GREY, WHITE, ink_on};
use super::error::PlotError;
use super::palette::width_of;
use crate::number::short;

/// One block.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Name as printed.
    pub name: String,
    /// Area in mm2.
    pub mm2: f64,
    /// Power in W.
    pub w: f64,
}

/// A die.
#[derive(Debug, Clone, PartialEq)]
pub struct FloorPlan {
    /// Title.
    pub title: String,
    /// Blocks; blocks with no area are not drawn.
    pub blocks: Vec<Block>,
}

#[derive(Clone, Copy)]
struct Rect {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

/// Divides `rect` among `blocks`, which are sorted by area, largest first.
fn cut<'a>(blocks: &[&'a Block], rect: Rect, out: &mut Vec<(&'a Block, Rect)>) {
    let total: f64 = blocks.iter().map(|b| b.mm2).sum();
    match blocks {
        [] => {}
        [block] => out.push((block, rect)),
        _ => {
            let mut sum = 0.0;
            let mut best = (f64::INFINITY, 1);
            for (index, block) in blocks.iter().enumerate().take(blocks.len() - 1) {
                sum += block.mm2;
                let uneven = (2.0 * sum - total).abs();
                if uneven < best.0 {
                    best = (uneven, index + 1);
                }
            }
            let (first, second) = blocks.split_at(best.1);
            let share = first.iter().map(|b| b.mm2).sum::<f64>() / total;
            let (a, b) = if rect.w >= rect.h {
                let w = rect.w * share;
                (Rect { w, ..rect }, Rect { x: rect.x + w, w: rect.w - w, ..rect })
            } else {
                let h = rect.h * share;
                (Rect { h, ..rect }, Rect { y: rect.y + h, h: rect.h - h, ..rect })
            };
            cut(first, a, out);
            cut(second, b, out);
        }
    }
}

/// Light to dark orange for `share` from 0 to 1.
fn heat(share: f64) -> RGBColor {
    let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
    RGBColor(mix(0xfd, 0xa3), mix(0xe3, 0x33), mix(0xc8, 0x00))
}

impl FloorPlan {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        canvas.title(&self.title)?;
        let narrow = canvas.narrow();
        let side = f64::from(if narrow { canvas.width() - 60 } else { canvas.height() - 92 });
        let (corner, start) = (12, 44);
        let mut blocks: Vec<&Block> = self.blocks.iter().filter(|b| b.mm2 > 0.0).collect();
        blocks.sort_by(|a, b| b.mm2.total_cmp(&a.mm2));
        let mut placed = Vec::new();
        cut(&blocks, Rect { x: f64::from(corner), y: f64::from(start), w: side, h: side }, &mut placed);
        let density = |b: &Block| b.w / b.mm2;
        let most = blocks.iter().map(|b| density(b)).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        let (key, head) =
            if narrow { (corner, start + side as i32 + 18) } else { (corner + side as i32 + 36, start + 10) };
        let right = canvas.width() - 12;
        for (name, h) in [("mm\u{b2}", right - 150), ("W", right - 90), ("W/mm\u{b2}", right)] {
            canvas.text(name, (h, head), 13, GREY, Anchor::Right)?;
        }
        canvas.text("block", (key + 22, head), 13, GREY, Anchor::Left)?;
        for (index, (block, rect)) in placed.iter().enumerate() {
            let (from, to) = (
                (rect.x.round() as i32, rect.y.round() as i32),
                ((rect.x + rect.w).round() as i32, (rect.y + rect.h).round() as i32),
            );
            canvas.rectangle(from, to, WHITE)?;
            let share = density(block) / most;
            let figures = [short(block.mm2), short(block.w), short(density(block))];
            let text = format!("{}: {} mm2, {} W, {} W/mm2", block.name, figures[0], figures[1], figures[2]);
            canvas.value(&text, || canvas.rectangle((from.0 + 1, from.1 + 1), (to.0 - 1, to.1 - 1), heat(share)))?;
            let ink = ink_on(heat(share));
            let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
            let (wide, high) = (to.0 - from.0 - 6, to.1 - from.1 - 6);
            if let Some(size) = [14, 12].into_iter().find(|s| width_of(&block.name, *s) < wide && *s < high) {
                canvas.text(&block.name, middle, size, ink, Anchor::Centre)?;
            } else if let Some(size) = [14, 12].into_iter().find(|s| width_of(&block.name, *s) < high && *s < wide) {
                canvas.upright(&block.name, middle, size, ink)?;
            } else if wide > 2 && high > 6 {
                canvas.text(&format!("{}", index + 1), middle, 12, ink, Anchor::Centre)?;
            }
            let v = head + 24 + 24 * index as i32;
            canvas.rectangle((key, v - 8), (key + 16, v + 8), heat(share))?;
            canvas.text(&format!("{}", index + 1), (key + 8, v), 11, ink, Anchor::Centre)?;
            canvas.text(&block.name, (key + 22, v), 13, BLACK, Anchor::Left)?;
            for (text, h) in figures.iter().zip([right - 150, right - 90, right]) {
                canvas.text(text, (h, v), 13, BLACK, Anchor::Right)?;
            }
        }
        let (mm2, w) = blocks.iter().fold((0.0, 0.0), |(m, w), b| (m + b.mm2, w + b.w));
        let text = format!("die {} mm\u{b2}, {} W; darker: more W/mm\u{b2}; places not known", short(mm2), short(w));
        canvas.text(&text, (corner, canvas.height() - 18), 12, GREY, Anchor::Left)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_keeps_areas() {
        let block = |name: &str, mm2| Block { name: name.into(), mm2, w: 1.0 };
        let blocks = [block("a", 573.0), block("b", 136.0), block("c", 52.0), block("d", 0.02)];
        let refs: Vec<&Block> = blocks.iter().collect();
        let mut placed = Vec::new();
        cut(&refs, Rect { x: 0.0, y: 0.0, w: 100.0, h: 100.0 }, &mut placed);
        let total: f64 = blocks.iter().map(|b| b.mm2).sum();
        for (block, rect) in placed {
            assert!((rect.w * rect.h / 1e4 - block.mm2 / total).abs() < 1e-9, "{}", block.name);
        }
    }
}
