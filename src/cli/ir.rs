//! Arguments of `hardwire ir`.

use clap::{Args, Subcommand};
use ir::tokenizer::Scheme;

use super::shared::{Format, named};

/// Arguments of `hardwire ir`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct Ir {
    /// The command to run.
    #[command(subcommand)]
    pub command: IrCommand,
}

/// Actions of `hardwire ir`.
#[derive(Debug, Subcommand)]
pub enum IrCommand {
    /// Check a text and count its functions and operations
    Parse(Parse),
    /// Print in canonical form: values renamed, aliases resolved, attributes sorted, comments dropped
    Print(Print),
    /// Print the tokens of each function that the learned cost model reads
    Tokens(Tokens),
    /// Build a vocabulary from texts and print it as JSON
    Vocabulary(Vocabulary),
    /// Print the dataflow graph of a function as DOT, SVG or JSON
    Graph(Graph),
    /// Analyse each function: operations, FLOPs, bytes, liveness, critical path, trip counts
    Stats(Stats),
}

/// Arguments of `hardwire ir parse`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire ir parse model.mlir
  mlir-opt --linalg-generalize-named-ops model.mlir | hardwire ir parse - --format json

Exit code 2 if the text has errors; each is printed with line and column.")]
pub struct Parse {
    /// MLIR file, or `-` for standard input
    pub file: String,
    /// Output format
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire ir print`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire ir print model.mlir
  diff <(hardwire ir print a.mlir) <(hardwire ir print b.mlir)

Texts that differ only in names, layout, comments, aliases or the order of attributes give the same output.")]
pub struct Print {
    /// MLIR file, or `-` for standard input
    pub file: String,
}

/// Arguments of `hardwire ir tokens`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire ir tokens model.mlir
  hardwire ir tokens model.mlir --scheme ops+operands --function main
  hardwire ir tokens model.mlir --vocabulary vocabulary.json --format json

Schemes: `ops` has operation names; `ops+operands` adds numbered values and whole types; `shaped` has operation names,
values by their origin, shapes and numbers by size and odd part, and attributes that affect cost. A text that does not
parse has tokens too.")]
pub struct Tokens {
    /// MLIR file, or `-` for standard input
    pub file: String,
    /// Tokenizer scheme
    #[arg(long, value_parser = named::<Scheme>(), default_value_t = Scheme::Shaped)]
    pub scheme: Scheme,
    /// Name of the function [default: all functions]
    #[arg(long)]
    pub function: Option<String>,
    /// Vocabulary file written by `hardwire ir vocabulary`; prints token ids and marks unknown tokens
    #[arg(long)]
    pub vocabulary: Option<String>,
    /// Output format
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}

/// Arguments of `hardwire ir vocabulary`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire ir vocabulary corpus/*.mlir --minimum-count 5 > vocabulary.json

The order of the files does not matter.")]
pub struct Vocabulary {
    /// MLIR texts
    #[arg(required = true)]
    pub files: Vec<String>,
    /// Tokenizer scheme
    #[arg(long, value_parser = named::<Scheme>(), default_value_t = Scheme::Shaped)]
    pub scheme: Scheme,
    /// Least count of a token in the vocabulary
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

A loop nest is one node. Dashed edges are memory order. The critical path by work is bold.")]
pub struct Graph {
    /// MLIR file, or `-` for standard input
    pub file: String,
    /// Name of the function; required for DOT and SVG if the file has several
    #[arg(long)]
    pub function: Option<String>,
    /// Output format of the graph
    #[arg(long, value_parser = named::<GraphFormat>(), default_value_t = GraphFormat::Dot)]
    pub format: GraphFormat,
}

/// Arguments of `hardwire ir stats`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire ir stats model.mlir
  hardwire ir stats model.mlir --function main --format json

A count that the text does not determine is a range, with the operation and the reason. In JSON a count is a number, or an
object with at_least and at_most (null: no bound).")]
pub struct Stats {
    /// MLIR file, or `-` for standard input
    pub file: String,
    /// Name of the function [default: all functions]
    #[arg(long)]
    pub function: Option<String>,
    /// Output format
    #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
    pub format: Format,
}
