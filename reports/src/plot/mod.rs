//! Plots of plain numbers: frontier, parallel coordinates, heat map, tornado, curves, marks in rows, stacked bars, waterfall, mask
//! stack, floor plan; as SVG or PNG, the same bytes every time.
//!
//! Sizes are pixels. Colours are those of Okabe and Ito and the viridis map, which people with any colour vision tell apart. Texts of
//! PNG use an embedded font, so that a machine without fonts draws them as well; texts of SVG stay texts.

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

/// What can be drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Plot {
    /// Points and their frontier.
    Scatter(Scatter),
    /// Lines across parallel axes.
    Parallel(Parallel),
    /// Cells of two axes.
    HeatMap(HeatMap),
    /// Bars around a middle.
    Tornado(Tornado),
    /// Series over a common axis.
    Curves(Curves),
    /// Marks in rows.
    DotPlot(DotPlot),
    /// Bars of parts.
    Stacked(Stacked),
    /// Steps to a total.
    Waterfall(Waterfall),
    /// Layers of a mask stack.
    MaskStack(MaskStack),
    /// Blocks of a die.
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
    /// When the drawing library refuses.
    pub fn svg(&self) -> Result<String, PlotError> {
        let mut text = String::new();
        self.draw(&mut Canvas::svg(&mut text)?)?;
        Ok(text)
    }

    /// The plot as PNG.
    ///
    /// # Errors
    /// When the drawing library refuses.
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
