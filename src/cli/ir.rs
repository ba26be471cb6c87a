//! `hardwire ir` as typed.

use clap::{Args, Subcommand};
use ir::tokenizer::Scheme;

use super::shared::{Format, named};

/// Arguments of `hardwire ir`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct Ir {
    /// What to do.
    #[command(subcommand)]
    pub command: IrCommand,
}

/// What can be done with MLIR text; `-` always stands for standard input.
#[derive(Debug, Subcommand)]
pub enum IrCommand {
    /// Check a text and say what it holds
    Parse(Parse),
    /// Write the canonical text: values renamed, aliases resolved, attributes sorted, comments dropped
    Print(Print),
    /// The words that a learned model reads, per function
    Tokens(Tokens),
    /// Build a vocabulary from texts, as JSON
    Vocabulary(Vocabulary),
    /// Dataflow graph of a function, as DOT, SVG or JSON
    Graph(Graph),
    /// What each function does: operations, FLOPs, bytes, liveness, critical path, trip counts
    Stats(Stats),
}

/// Arguments of `hardwire ir parse`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire ir parse model.mlir
  mlir-opt --linalg-generalize-named-ops model.mlir | hardwire ir parse - --format json

Exit code 2 if something is wrong with the text; every problem is located.")]
pub struct Parse {
    /// MLIR text, or `-` for standard input
    pub file: String,
    /// How to write the result
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire ir print`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire ir print model.mlir
  diff <(hardwire ir print a.mlir) <(hardwire ir print b.mlir)

Texts that differ only in names, layout, comments, aliases or the order of attributes print the same.")]
pub struct Print {
    /// MLIR text, or `-` for standard input
    pub file: String,
}

/// Arguments of `hardwire ir tokens`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire ir tokens model.mlir
  hardwire ir tokens model.mlir --scheme ops+operands --function main
  hardwire ir tokens model.mlir --vocabulary vocabulary.json --format json

`ops` takes the names of operations, `ops+operands` also numbered values and whole types, `shaped` values by
where they come from, shapes and numbers by size and odd part, and the attributes that matter for cost.
Any text has words, also one that does not parse.")]
pub struct Tokens {
    /// MLIR text, or `-` for standard input
    pub file: String,
    /// What becomes a word: ops, ops+operands or shaped
    #[arg(long, value_parser = named::<Scheme>(), default_value_t = Scheme::Shaped)]
    pub scheme: Scheme,
    /// Only this function
    #[arg(long)]
    pub function: Option<String>,
    /// Vocabulary (JSON, from `hardwire ir vocabulary`) for ids and unknown words
    #[arg(long)]
    pub vocabulary: Option<String>,
    /// How to write the result
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire ir vocabulary`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire ir vocabulary corpus/*.mlir --minimum-count 5 > vocabulary.json

The same files give the same vocabulary, in any order.")]
pub struct Vocabulary {
    /// MLIR texts
    #[arg(required = true)]
    pub files: Vec<String>,
    /// What becomes a word: ops, ops+operands or shaped
    #[arg(long, value_parser = named::<Scheme>(), default_value_t = Scheme::Shaped)]
    pub scheme: Scheme,
    /// Rarer words are unknown
    #[arg(long, default_value_t = 2)]
    pub minimum_count: u64,
}

names::named! {
    /// Output format of a graph.
    pub enum GraphFormat {
        /// DOT text for Graphviz.
        Dot = "dot",
        /// SVG image.
        Svg = "svg",
        /// JSON with nodes and edges.
        Json = "json",
    }
}

/// Arguments of `hardwire ir graph`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire ir graph model.mlir --format svg > model.svg
  hardwire ir graph model.mlir --function main --format dot | dot -Tpdf > model.pdf

Loop nests are one node; dashed lines are order in memory; the critical path by work is bold.")]
pub struct Graph {
    /// MLIR text, or `-` for standard input
    pub file: String,
    /// The function; may be left out where there is one only, and with JSON
    #[arg(long)]
    pub function: Option<String>,
    /// How to write the graph
    #[arg(long, value_parser = named::<GraphFormat>(), default_value_t = GraphFormat::Dot)]
    pub format: GraphFormat,
}

/// Arguments of `hardwire ir stats`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire ir stats model.mlir
  hardwire ir stats model.mlir --function main --format json

Counts that the text leaves open are ranges, with the operation and the reason. In JSON a count is a number, or
an object with at_least and at_most (null: no bound).")]
pub struct Stats {
    /// MLIR text, or `-` for standard input
    pub file: String,
    /// Only this function
    #[arg(long)]
    pub function: Option<String>,
    /// How to write the result
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}
