//! Graphs in the DOT language of Graphviz.

use std::fmt::Write;

use super::svg::{NodeGroup, label, names};
use super::{Dependence, Graph, Weight};
use crate::tree::Tree;

/// The graph as a DOT digraph; edges of order in memory are dashed, those of the critical path by work bold.
#[must_use]
pub fn dot(graph: &Graph, tree: &Tree, title: &str) -> String {
    let critical = graph.critical_path(Weight::Work).nodes;
    let mut out = format!("digraph {} {{\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n", quoted(title));
    for node in graph.nodes() {
        let group = NodeGroup::of(graph.node(node), tree);
        let lines = label(graph.node(node), tree).join("\n");
        let _ = writeln!(out, "  n{} [label={}, fillcolor=\"{}\"];", node.index(), quoted(&lines), group.fill());
    }
    for (from, to, dependence) in graph.edges() {
        let bold = critical.windows(2).any(|w| w == [from, to]);
        let style = match (dependence, bold) {
            (Dependence::Memory(_), false) => ", style=dashed",
            (Dependence::Memory(_), true) => ", style=\"dashed,bold\"",
            (_, true) => ", style=bold",
            _ => "",
        };
        let tip = quoted(&names(tree, dependence));
        let _ = writeln!(out, "  n{} -> n{} [tooltip={tip}{style}];", from.index(), to.index());
    }
    out + "}\n"
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out + "\""
}
