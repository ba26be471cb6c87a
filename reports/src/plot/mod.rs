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
mod tests {
    use super::*;

    fn plots() -> Vec<Plot> {
        let variable = |label: &str, log| Variable { label: label.into(), log };
        vec![
            Plot::Scatter(Scatter {
                title: "frontier".into(),
                x: variable("cost, USD", true),
                y: variable("tokens/s", false),
                points: (1..50).map(|i| (f64::from(i * i), f64::from(i % 7))).collect(),
                points_label: "all".into(),
                frontiers: vec![
                    Frontier { label: "frontier <from> events & more".into(), points: vec![(1.0, 1.0), (36.0, 6.0)] },
                    Frontier { label: "another".into(), points: vec![(f64::NAN, 1.0)] },
                ],
                joined: true,
                knee: Some((36.0, 6.0)),
            }),
            Plot::Scatter(Scatter {
                title: "nothing".into(),
                x: variable("x", true),
                y: variable("y", true),
                points: vec![],
                points_label: String::new(),
                frontiers: vec![],
                joined: false,
                knee: None,
            }),
            Plot::Parallel(Parallel {
                title: "lines".into(),
                axes: vec![
                    ParallelAxis { label: "a".into(), ticks: Ticks::Words(vec!["x".into(), "y".into()]) },
                    ParallelAxis { label: "b".into(), ticks: Ticks::Range { low: 1.0, high: 1.0, log: true } },
                ],
                lines: vec![
                    Line { values: vec![0.0, 1.0], marked: false },
                    Line { values: vec![1.0, 1.0], marked: true },
                ],
                lines_label: "lines".into(),
                marked_label: "one".into(),
            }),
            Plot::HeatMap(HeatMap {
                title: "cells".into(),
                x_label: "x".into(),
                y_label: "y".into(),
                value_label: "tokens/s".into(),
                x: vec!["1".into(), "2".into()],
                y: vec!["a".into()],
                cells: vec![vec![Some(3.0), None]],
            }),
            Plot::Tornado(Tornado {
                title: "bars".into(),
                label: "tokens/s".into(),
                middle: 5.0,
                middle_label: "mean".into(),
                bars: vec![Bar { name: "clock".into(), low: (4.0, "1 GHz".into()), high: (7.0, "2 GHz".into()) }],
            }),
            Plot::Curves(Curves {
                title: "curves".into(),
                x: variable("x", true),
                y: variable("y", true),
                series: [Style::Line, Style::Dashed, Style::Marks, Style::Dots]
                    .map(|style| Series {
                        name: format!("{style:?}"),
                        points: vec![(1.0, 2.0), (0.0, f64::NAN), (3.0, 4.0)],
                        style,
                    })
                    .into(),
                diagonal: true,
            }),
            Plot::DotPlot(DotPlot {
                title: "marks".into(),
                x: variable("USD", true),
                marks: vec!["low".into(), "high".into()],
                rows: vec![
                    DotRow { name: "a".into(), values: vec![Some(1.0), Some(30.0)], note: String::new() },
                    DotRow { name: "b".into(), values: vec![None, Some(-1.0)], note: "no price".into() },
                ],
                joined: true,
                reference: Some((10.0, "ten".into())),
            }),
            Plot::Stacked(Stacked {
                title: "shares".into(),
                x_label: "context".into(),
                y_label: "%".into(),
                parts: vec!["a".into(), "b".into()],
                mark_label: "published".into(),
                bars: vec![Stack { name: "2K".into(), values: vec![60.0, 40.0], marks: vec![Some(61.0), None] }],
            }),
            Plot::Waterfall(Waterfall {
                title: "cost".into(),
                label: "USD".into(),
                steps: vec![
                    Step { name: "masks".into(), low: 1.0, high: 2.0, sum: false },
                    Step { name: "total".into(), low: 0.0, high: 0.0, sum: true },
                ],
            }),
            Plot::MaskStack(MaskStack {
                title: "masks".into(),
                layers: vec![MaskLayer { name: "m8".into(), masks: 2, units: 1.0, euv: false, per_chip: true }],
            }),
            Plot::FloorPlan(FloorPlan {
                title: "die".into(),
                blocks: vec![
                    Block { name: "array".into(), mm2: 500.0, w: 70.0 },
                    Block { name: "none".into(), mm2: 0.0, w: 0.0 },
                ],
            }),
        ]
    }

    #[test]
    fn every_plot_is_drawn_the_same_twice_whatever_it_shows() {
        for plot in plots() {
            let svg = plot.svg().unwrap();
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
            assert_eq!(svg, plot.svg().unwrap());
            let png = plot.png().unwrap();
            assert_eq!(&png[1..4], b"PNG");
            assert_eq!(png, plot.png().unwrap());
        }
        assert!(plots()[0].svg().unwrap().contains("&lt;from&gt; events &amp; more"));
    }

    #[test]
    fn texts_of_bitmaps_leave_marks_without_fonts_of_the_machine() {
        let plot = |title: &str| {
            let Plot::Tornado(mut tornado) = plots().remove(4) else { unreachable!() };
            tornado.title = title.into();
            Plot::Tornado(tornado).png().unwrap()
        };
        assert_ne!(plot("one title"), plot("another"));
    }
}
