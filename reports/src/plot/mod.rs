//! Plots as SVG or PNG. The output is a function of the input, byte for byte.
//!
//! Sizes are in pixels; every plot has a wide and a narrow form. The colours are the palette of Okabe and Ito and the viridis map, which are safe for colour-blind readers.
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

pub use curves::{Curves, Mark, Series, Style};
pub use dot_plot::{DotPlot, DotRow};
pub use error::PlotError;
pub use floor_plan::{Block, FloorPlan};
pub use heat_map::{HeatCell, HeatMap};
pub use mask_stack::{MaskLayer, MaskStack};
pub use parallel::{Line, Parallel, ParallelAxis, Ticks};
pub use scatter::{Better, Frontier, Scatter, Variable};
pub use stacked::{Stack, Stacked};
pub use tornado::{Bar, Tornado};
pub use waterfall::{Step, Waterfall};

use canvas::{Canvas, WIDTH};

/// Shape of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For a page of a desktop.
    Wide,
    /// For a narrow column or a phone: the same letters on less than half the width.
    Narrow,
}

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

    /// Width and height in pixels. Plots with rows are as high as their rows need.
    fn size(&self, form: Form) -> (i32, i32) {
        let narrow = form == Form::Narrow;
        let height = match self {
            Self::Tornado(plot) => plot.height(),
            Self::DotPlot(plot) => plot.height(narrow),
            Self::Waterfall(plot) => plot.height(),
            Self::MaskStack(plot) => plot.height(),
            Self::FloorPlan(_) if narrow => 614,
            Self::HeatMap(_) if narrow => 400,
            _ if narrow => 390,
            Self::Curves(_) | Self::Stacked(_) | Self::FloorPlan(_) => 440,
            _ => 480,
        };
        (if narrow { canvas::NARROW } else { WIDTH }, height)
    }

    /// The plot as SVG.
    ///
    /// # Errors
    /// If the drawing library fails.
    pub fn svg(&self, form: Form) -> Result<String, PlotError> {
        let mut canvas = Canvas::svg(self.size(form))?;
        self.draw(&mut canvas)?;
        Ok(canvas.finish())
    }

    /// The plot as PNG, two pixels for one of the drawing.
    ///
    /// # Errors
    /// If the drawing library fails.
    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        let size = self.size(Form::Wide);
        let (width, height) = ((size.0 * canvas::DENSITY) as u32, (size.1 * canvas::DENSITY) as u32);
        let mut pixels = vec![0; (width * height * 3) as usize];
        self.draw(&mut Canvas::bitmap(&mut pixels, size)?)?;
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
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
