//! Plots as SVG or PNG. The output is a function of the input, byte for byte.
//!
//! Sizes are in pixels. The colours are the palette of Okabe and Ito and the viridis map, which are safe for colour-blind readers.
//! PNG text uses an embedded font, so no system font is needed; SVG text stays text.

mod canvas;
mod curves;
mod dot_plot;
mod error;
mod floor_plan;
mod heat_map;
mod mask_stack;
mod palette;
mod parallel;
mod scale;
mod scatter;
mod stacked;
mod tornado;
mod waterfall;

pub use curves::{Curves, Series, Style};
pub use dot_plot::{DotPlot, DotRow};
pub use error::PlotError;
pub use floor_plan::{Block, FloorPlan};
pub use heat_map::HeatMap;
pub use mask_stack::{MaskLayer, MaskStack};
pub use parallel::{Line, Parallel, ParallelAxis, Ticks};
pub use scatter::{Frontier, Scatter, Variable};
pub use stacked::{Stack, Stacked};
pub use tornado::{Bar, Tornado};
pub use waterfall::{Step, Waterfall};

use canvas::{Canvas, HEIGHT, WIDTH};

/// A plot of any kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Plot {
    /// Scatter plot with Pareto frontiers.
    Scatter(Scatter),
    /// Parallel coordinates.
    Parallel(Parallel),
    /// Heat map.
    HeatMap(HeatMap),
    /// Tornado chart.
    Tornado(Tornado),
    /// Line chart.
    Curves(Curves),
    /// Dot plot.
    DotPlot(DotPlot),
    /// Stacked bar chart.
    Stacked(Stacked),
    /// Waterfall chart.
    Waterfall(Waterfall),
    /// Mask stack.
    MaskStack(MaskStack),
    /// Floor plan of a die.
    FloorPlan(FloorPlan),
}

impl Plot {
    fn draw(&self, canvas: &mut Canvas<'_>) -> Result<(), PlotError> {
        match self {
            Self::Scatter(plot) => plot.draw(canvas),
            Self::Parallel(plot) => plot.draw(canvas),
            Self::HeatMap(plot) => plot.draw(canvas),
            Self::Tornado(plot) => plot.draw(canvas),
            Self::Curves(plot) => plot.draw(canvas),
            Self::DotPlot(plot) => plot.draw(canvas),
            Self::Stacked(plot) => plot.draw(canvas),
            Self::Waterfall(plot) => plot.draw(canvas),
            Self::MaskStack(plot) => plot.draw(canvas),
            Self::FloorPlan(plot) => plot.draw(canvas),
        }
    }

    /// The plot as SVG.
    ///
    /// # Errors
    /// If the drawing library fails.
    pub fn svg(&self) -> Result<String, PlotError> {
        let mut text = String::new();
        self.draw(&mut Canvas::svg(&mut text)?)?;
        Ok(text)
    }

    /// The plot as PNG.
    ///
    /// # Errors
    /// If the drawing library fails.
    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        let mut pixels = vec![0; (WIDTH * HEIGHT * 3) as usize];
        self.draw(&mut Canvas::bitmap(&mut pixels)?)?;
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, WIDTH, HEIGHT);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(PlotError::new)?;
        writer.write_image_data(&pixels).map_err(PlotError::new)?;
        writer.finish().map_err(PlotError::new)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
