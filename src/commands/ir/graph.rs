//! `hardwire ir graph`: dataflow as DOT, SVG or JSON.

use std::process::ExitCode;

use ir::analysis::Analysis;
use ir::analysis::size::bytes;
use ir::graph::{self, Dependence, Graph, Origin, Weight};
use ir::tree::{OpId, Tree};
use serde::Serialize;

use super::source::{Source, function_name, listed};
use super::stats::Count;
use crate::cli;
use crate::cli::ir::GraphFormat;
use crate::diagnostics::Failure;
use crate::output;

#[derive(Serialize)]
struct GraphReport<'a> {
    file: &'a str,
    functions: Vec<FunctionReport<'a>>,
}

#[derive(Serialize)]
struct FunctionReport<'a> {
    name: &'a str,
    nodes: Vec<NodeReport>,
    edges: Vec<EdgeReport>,
    critical_path: PathReport,
    critical_path_by_work: PathReport,
}

#[derive(Serialize)]
struct NodeReport {
    id: usize,
    /// `argument` for an argument of the function.
    operation: String,
    /// Absent for arguments.
    line: Option<usize>,
    types: Vec<String>,
    bytes: Count,
    flops: Count,
    transcendentals: Count,
    integer_operations: Count,
    read_bytes: Count,
    written_bytes: Count,
}

#[derive(Serialize)]
struct EdgeReport {
    from: usize,
    to: usize,
    /// `value` or `memory`.
    kind: &'static str,
    #[serde(rename = "type")]
    ty: String,
    bytes: Count,
}

#[derive(Serialize)]
struct PathReport {
    nodes: Vec<usize>,
    length: Count,
}

/// Runs the command.
pub fn run(arguments: &cli::ir::Graph) -> Result<ExitCode, Failure> {
    let source = Source::read(&arguments.file)?;
    let tree = source.tree()?;
    let functions = source.functions(&tree, arguments.function.as_deref())?;
    let analysis = Analysis::of(&tree);
    let graph_of = |function: OpId| Graph::of(&tree, &analysis, function);
    if arguments.format == GraphFormat::Json {
        let reports = functions.iter().filter_map(|&f| Some(report(&source, &tree, f, &graph_of(f)?))).collect();
        output::json(&GraphReport { file: &source.name, functions: reports })?;
        return Ok(ExitCode::SUCCESS);
    }
    let &[function] = functions.as_slice() else {
        let names = listed(functions.iter().map(|&f| function_name(&tree, f)));
        return Err(Failure::Request(format!(
            "{}: a picture shows one function with a body, and there {names}: choose with --function",
            source.name
        )));
    };
    let graph =
        graph_of(function).ok_or_else(|| Failure::Request(format!("{}: the function has no body", source.name)))?;
    let title = format!("{} of {}", function_name(&tree, function), source.name);
    if arguments.format == GraphFormat::Dot {
        output::raw(&graph::dot(&graph, &tree, &title))?;
    } else {
        let picture = graph::svg(&graph, &tree, &title);
        output::raw(&picture.map_err(|e| Failure::Request(format!("{}: {e}", source.name)))?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn report<'a>(source: &Source, tree: &'a Tree, function: OpId, graph: &Graph) -> FunctionReport<'a> {
    let path = |weight: Weight| {
        let path = graph.critical_path(weight);
        PathReport { nodes: path.nodes.iter().map(|n| n.index()).collect(), length: Count(path.length) }
    };
    let nodes = graph.nodes().map(|id| {
        let node = graph.node(id);
        NodeReport {
            id: id.index(),
            operation: node.name.clone(),
            line: match node.origin {
                Origin::Operation(operation) => Some(source.line(tree.operation(operation).span)),
                Origin::Argument(_) => None,
            },
            types: node.types.iter().map(|&ty| tree.types().to_text(ty)).collect(),
            bytes: Count(node.bytes),
            flops: Count(node.cost.work.flops),
            transcendentals: Count(node.cost.work.transcendentals),
            integer_operations: Count(node.cost.work.integer_operations),
            read_bytes: Count(node.cost.traffic.read_bytes),
            written_bytes: Count(node.cost.traffic.written_bytes),
        }
    });
    let edges = graph.edges().map(|(from, to, dependence)| {
        let ty = tree.value(dependence.value()).ty;
        EdgeReport {
            from: from.index(),
            to: to.index(),
            kind: if matches!(dependence, Dependence::Value(_)) { "value" } else { "memory" },
            ty: tree.types().to_text(ty),
            bytes: Count(bytes(tree, ty)),
        }
    });
    FunctionReport {
        name: function_name(tree, function),
        nodes: nodes.collect(),
        edges: edges.collect(),
        critical_path: path(Weight::Operations),
        critical_path_by_work: path(Weight::Work),
    }
}
