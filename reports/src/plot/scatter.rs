//! Points in two dimensions, their frontier and its knee.

use super::PlotError;
use super::canvas::{Anchor, BLACK, BLUE, Canvas, GREY, HEIGHT, LIGHT, MIDDLE, VERMILLION, WIDTH, fitting};
use super::scale::{Scale, short};

/// Points drawn at most; of more, evenly many are left out.
const MOST: usize = 4000;

/// What an axis shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Name and unit.
    pub label: String,
    /// Whether the axis is logarithmic.
    pub log: bool,
}

/// Points and their frontier.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// Title.
    pub title: String,
    /// Horizontal axis.
    pub x: Variable,
    /// Vertical axis.
    pub y: Variable,
    /// All points.
    pub points: Vec<(f64, f64)>,
    /// Those of the frontier.
    pub frontier: Vec<(f64, f64)>,
    /// The knee.
    pub knee: Option<(f64, f64)>,
    /// What the frontier is called.
    pub frontier_label: String,
}

impl Scatter {
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        let (left, right, top, bottom) = (90, WIDTH as i32 - 30, 84, HEIGHT as i32 - 62);
        let all = || self.points.iter().chain(&self.frontier);
        let x = Scale::over(all().map(|p| p.0), self.x.log);
        let y = Scale::over(all().map(|p| p.1), self.y.log);
        let at = |&(px, py): &(f64, f64)| {
            let h = left + (x.share(px) * f64::from(right - left)).round() as i32;
            (h, bottom - (y.share(py) * f64::from(bottom - top)).round() as i32)
        };
        canvas.title(&fitting(&self.title, 92))?;
        for tick in x.ticks() {
            let h = left + (x.share(tick) * f64::from(right - left)).round() as i32;
            canvas.line(&[(h, top), (h, bottom)], LIGHT, 1)?;
            canvas.text(&short(tick), (h, bottom + 16), 14, GREY, Anchor::Centre)?;
        }
        for tick in y.ticks() {
            let v = bottom - (y.share(tick) * f64::from(bottom - top)).round() as i32;
            canvas.line(&[(left, v), (right, v)], LIGHT, 1)?;
            canvas.text(&short(tick), (left - 8, v), 14, GREY, Anchor::Right)?;
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], GREY, 1)?;
        canvas.text(&self.x.label, ((left + right) / 2, bottom + 42), 15, BLACK, Anchor::Centre)?;
        canvas.upright(&self.y.label, (22, (top + bottom) / 2), 15, BLACK)?;
        let step = self.points.len().div_ceil(MOST).max(1);
        for point in self.points.iter().step_by(step).filter(|p| p.0.is_finite() && p.1.is_finite()) {
            canvas.dot(at(point), 2, MIDDLE)?;
        }
        for point in &self.frontier {
            canvas.dot(at(point), 5, BLUE)?;
        }
        if let Some(knee) = &self.knee {
            canvas.diamond(at(knee), 8, VERMILLION)?;
        }
        let mut h = left;
        let mut key = |text: &str, draw: &dyn Fn(i32) -> Result<(), PlotError>| {
            draw(h + 6)?;
            canvas.text(text, (h + 18, 58), 14, BLACK, Anchor::Left)?;
            h += 40 + text.chars().count() as i32 * 8;
            Ok::<(), PlotError>(())
        };
        key("points that meet every constraint", &|h| canvas.dot((h, 58), 2, MIDDLE))?;
        key(&self.frontier_label, &|h| canvas.dot((h, 58), 5, BLUE))?;
        if self.knee.is_some() {
            key("knee", &|h| canvas.diamond((h, 58), 7, VERMILLION))?;
        }
        Ok(())
    }
}
