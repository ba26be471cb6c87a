//! Graphs as SVG pictures.
//!
//! Colours tell contractions, element-wise arithmetic, loops and calls, and movement of data apart (Okabe and Ito's
//! palette, lightened: distinguishable without red or green). The critical path by work is drawn bold. Constants and
//! empty tensors are left out: they take no time and would be half of the picture.

use std::fmt::Write;

use thiserror::Error;

use super::layout::{Size, place};
use super::{Dependence, Graph, Node, NodeId, Origin, Weight};
use crate::analysis::Range;
use crate::registry::facts::Drawing;
use crate::tree::Tree;

/// Most nodes drawn.
pub const MAX_DRAWN: usize = 1500;

/// The graph is too large to draw.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the graph has {nodes} nodes; pictures show at most {MAX_DRAWN} (DOT and JSON have no limit)")]
pub struct TooLarge {
    /// Nodes that would be drawn.
    pub nodes: usize,
}

/// What a node does, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeGroup {
    Argument,
    Contraction,
    Arithmetic,
    Nest,
    Movement,
}

impl NodeGroup {
    pub fn of(node: &Node, tree: &Tree) -> Self {
        let Origin::Operation(operation) = node.origin else { return Self::Argument };
        match tree.record(operation).drawing {
            Drawing::Contraction => Self::Contraction,
            Drawing::ControlFlow => Self::Nest,
            Drawing::ByWork | Drawing::LeftOut if node.cost.work.total() == Range::ZERO => Self::Movement,
            Drawing::ByWork | Drawing::LeftOut => Self::Arithmetic,
        }
    }

    pub fn fill(self) -> &'static str {
        match self {
            Self::Argument => "#ffffff",
            Self::Contraction => "#f7c6a0",
            Self::Arithmetic => "#a8d4f0",
            Self::Nest => "#b5e0cf",
            Self::Movement => "#e8e8e8",
        }
    }
}

/// Lines of a node's label: what it is, its result, its work.
pub(super) fn label(node: &Node, tree: &Tree) -> Vec<String> {
    let mut lines = vec![match node.origin {
        Origin::Argument(position) => format!("argument {position}"),
        Origin::Operation(_) => node.name.clone(),
    }];
    if let Some(&ty) = node.types.first() {
        let text = tree.types().to_text(ty);
        let short = if text.chars().count() > 40 { text.chars().take(39).chain(['…']).collect() } else { text };
        let more = node.types.len() - 1;
        lines.push(if more > 0 { format!("{short} and {more} more") } else { short });
    }
    let work = node.cost.work.total();
    if work != Range::ZERO {
        lines.push(match (work.value(), work.high) {
            (Some(exact), _) => format!("{} operations", scaled(exact)),
            (None, Some(high)) => format!("{} to {} operations", scaled(work.low), scaled(high)),
            (None, None) => format!("{} operations or more", scaled(work.low)),
        });
    }
    lines
}

/// A count with at most four digits and a decimal prefix.
fn scaled(count: u128) -> String {
    let (mut value, mut unit) = (count as f64, 0);
    while value >= 10_000.0 && unit < 6 {
        value /= 1000.0;
        unit += 1;
    }
    let prefix = ["", " k", " M", " G", " T", " P", " E"][unit];
    if unit == 0 { format!("{count}") } else { format!("{value:.0}{prefix}") }
}

/// Label of an edge.
pub(super) fn names(tree: &Tree, dependence: Dependence) -> String {
    let ty = tree.types().to_text(tree.value(dependence.value()).ty);
    match dependence {
        Dependence::Value(_) => ty,
        Dependence::Memory(_) => format!("order in {ty}"),
    }
}

const LINE: f64 = 15.0;
/// Width of a character at 12 pixels, generously.
const CHARACTER: f64 = 7.0;

/// The graph as an SVG document.
///
/// # Errors
/// If more than [`MAX_DRAWN`] nodes would be drawn.
pub fn svg(graph: &Graph, tree: &Tree, title: &str) -> Result<String, TooLarge> {
    let idle = |node: NodeId| {
        let left_out = match graph.node(node).origin {
            Origin::Operation(operation) => tree.record(operation).drawing == Drawing::LeftOut,
            Origin::Argument(_) => false,
        };
        left_out && graph.producers(node).is_empty()
    };
    let shown: Vec<NodeId> = graph.nodes().filter(|&n| !idle(n)).collect();
    if shown.len() > MAX_DRAWN {
        return Err(TooLarge { nodes: shown.len() });
    }
    let place_of = |node: NodeId| shown.binary_search(&node).ok();
    let mut edges: Vec<(usize, usize, Dependence)> = Vec::new();
    for (from, to, dependence) in graph.edges() {
        if let (Some(a), Some(b)) = (place_of(from), place_of(to)) {
            edges.push((a, b, dependence));
        }
    }
    // Several values between two nodes are one line.
    edges.sort_unstable();
    edges.dedup_by_key(|e| (e.0, e.1));
    let labels: Vec<Vec<String>> = shown.iter().map(|&n| label(graph.node(n), tree)).collect();
    let sizes: Vec<Size> = labels
        .iter()
        .map(|lines| Size {
            width: lines.iter().map(|l| l.chars().count()).max().unwrap_or(0) as f64 * CHARACTER + 16.0,
            height: lines.len() as f64 * LINE + 10.0,
        })
        .collect();
    let pairs: Vec<(usize, usize)> = edges.iter().map(|e| (e.0, e.1)).collect();
    let layout = place(&sizes, &pairs);
    let critical = graph.critical_path(Weight::Work).nodes;
    let heading = 30.0;
    let width = layout.width.max(title.chars().count() as f64 * 8.5 + 32.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{:.0}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"16\" y=\"21\" font-size=\"15\" font-weight=\"bold\">{}</text>\n\
         <g transform=\"translate(0 {heading})\">\n",
        layout.height + heading,
        escaped(title),
    );
    for (&(from, to, dependence), points) in edges.iter().zip(&layout.edges) {
        let bold = critical.windows(2).any(|w| w == [shown[from], shown[to]]);
        let (colour, stroke) = if bold { ("#000000", 2.4) } else { ("#888888", 1.0) };
        let dash = if matches!(dependence, Dependence::Memory(_)) { " stroke-dasharray=\"5 3\"" } else { "" };
        let _ = writeln!(
            out,
            "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{stroke}\"{dash}><title>{}</title></path>",
            curve(points),
            escaped(&names(tree, dependence)),
        );
        let (x, y) = points[points.len() - 1];
        let _ = writeln!(out, "<path d=\"M{x:.1} {y:.1}l-4 -8h8z\" fill=\"{colour}\"/>",);
    }
    for (index, &node) in shown.iter().enumerate() {
        let ((x, y), size) = (layout.centres[index], sizes[index]);
        let (left, top) = (x - size.width / 2.0, y - size.height / 2.0);
        let stroke = if critical.contains(&node) { 2.4 } else { 1.0 };
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\" fill=\"{}\" stroke=\"#333333\" \
             stroke-width=\"{stroke}\"/>",
            size.width,
            size.height,
            NodeGroup::of(graph.node(node), tree).fill(),
        );
        for (row, line) in labels[index].iter().enumerate() {
            let weight = if row == 0 { " font-weight=\"bold\"" } else { "" };
            let _ = writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\"{weight}>{}</text>",
                top + 17.0 + row as f64 * LINE,
                escaped(line),
            );
        }
    }
    Ok(out + "</g>\n</svg>\n")
}

/// A smooth line through points from top to bottom, vertical at each.
fn curve(points: &[(f64, f64)]) -> String {
    let mut out = String::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        if index == 0 {
            let _ = write!(out, "M{x:.1} {y:.1}");
            continue;
        }
        let (before_x, before_y) = points[index - 1];
        let bend = (y - before_y) / 2.0;
        if (x - before_x).abs() < 0.05 {
            let _ = write!(out, "L{x:.1} {y:.1}");
        } else {
            let _ = write!(out, "C{before_x:.1} {:.1} {x:.1} {:.1} {x:.1} {y:.1}", before_y + bend, y - bend);
        }
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
