//! Arguments of `hardwire designs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use designs::file::FileKind;

use super::shared::{Format, TableFormat, named};

names::named! {
    /// Output format of `hardwire designs show`.
    pub enum ShowFormat {
        /// Aligned text.
        Table = "table",
        /// JSON with stable keys; units are part of the keys.
        Json = "json",
        /// CSV with the keys of the JSON as heads.
        Csv = "csv",
        /// A whole file with every value and its origin, which reads back to the same.
        Toml = "toml",
    }
}

/// Arguments of `hardwire designs`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct Designs {
    /// The command to run.
    #[command(subcommand)]
    pub action: DesignsAction,
}

/// Actions of `hardwire designs`.
#[derive(Debug, Subcommand)]
pub enum DesignsAction {
    /// List the presets
    #[command(after_help = "Example:\n  hardwire designs list")]
    List {
        /// Output format
        #[arg(long, value_parser = named::<TableFormat>(), default_value_t = TableFormat::Table)]
        format: TableFormat,
    },
    /// Show every value of a design, process node or model with its source
    #[command(
        after_help = "Examples:\n  hardwire designs show hnlpu\n  hardwire designs show n5\n  hardwire designs show economics:hnlpu\n  hardwire designs show masks:n5\n  hardwire designs show against:h100\n  hardwire designs show memory:hbm3\n  hardwire designs show path/to/config.json --format json\n  hardwire designs show hnlpu --set grid.rows=8 --format toml"
    )]
    Show {
        /// Preset name or path of a design (.toml), a model (.json), a checkpoint (.safetensors, .safetensors.index.json) or a
        /// folder with both, or `economics:NAME`, `masks:NAME`, `against:NAME`, `memory:NAME`
        name: String,
        /// Checkpoint that must agree with the model: a .safetensors file, whose header alone is read, or its index
        #[arg(long, value_name = "FILE")]
        tensors: Option<String>,
        /// Override a value of the design; can be repeated
        #[arg(long = "set", value_name = "PATH=VALUE")]
        set: Vec<String>,
        /// Output format
        #[arg(long, value_parser = named::<ShowFormat>(), default_value_t = ShowFormat::Table)]
        format: ShowFormat,
    },
    /// Write a commented file to change: every key with its meaning, what it accepts, and its value in the base
    #[command(
        after_help = "Examples:\n  hardwire designs init -o my-machine.toml\n  hardwire designs init --like economics:hnlpu -o my-prices.toml\n  hardwire designs init --like against:h100"
    )]
    Init {
        /// Design, process node, `economics:NAME`, `masks:NAME`, `against:NAME` or `memory:NAME` that the file extends
        #[arg(long, value_name = "NAME", default_value = "hnlpu")]
        like: String,
        /// File to write, which must not exist; standard output unless given
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print the JSON Schema of a kind of file, for editors
    #[command(after_help = "Example:\n  hardwire designs schema > design.schema.json")]
    Schema {
        /// Kind of file
        #[arg(value_name = "KIND", value_parser = named::<FileKind>(), default_value_t = FileKind::Design)]
        kind: FileKind,
    },
    /// Check a design or model file and print all problems
    #[command(after_help = "Example:\n  hardwire designs check my-machine.toml")]
    Check {
        /// Preset name or path of a design (.toml) or model (.json), or `economics:NAME`, `masks:NAME`, `against:NAME`, `memory:NAME`
        name: String,
        /// Override a value of the design; can be repeated
        #[arg(long = "set", value_name = "PATH=VALUE")]
        set: Vec<String>,
        /// Output format
        #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
        format: Format,
    },
}
