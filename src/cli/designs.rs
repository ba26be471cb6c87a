//! Arguments of `hardwire designs`.

use clap::{Args, Subcommand};

use super::shared::{Format, named};

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
        #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
        format: Format,
    },
    /// Show every value of a design, process node or model with its source
    #[command(
        after_help = "Examples:\n  hardwire designs show hnlpu\n  hardwire designs show n5\n  hardwire designs show economics:hnlpu\n  hardwire designs show masks:n5\n  hardwire designs show against:h100\n  hardwire designs show path/to/config.json --format json"
    )]
    Show {
        /// Preset name or path of a design (.toml), a model (.json), a checkpoint (.safetensors, .safetensors.index.json) or a
        /// folder with both, or `economics:NAME`, `masks:NAME`, `against:NAME`
        name: String,
        /// Checkpoint that must agree with the model: a .safetensors file, whose header alone is read, or its index
        #[arg(long, value_name = "FILE")]
        tensors: Option<String>,
        /// Override a value of the design; can be repeated
        #[arg(long = "set", value_name = "PATH=VALUE")]
        set: Vec<String>,
        /// Output format
        #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
        format: Format,
    },
    /// Check a design or model file and print all problems
    #[command(after_help = "Example:\n  hardwire designs check my-machine.toml")]
    Check {
        /// Preset name or path of a design (.toml) or model (.json), or `economics:NAME`, `masks:NAME`, `against:NAME`
        name: String,
        /// Override a value of the design; can be repeated
        #[arg(long = "set", value_name = "PATH=VALUE")]
        set: Vec<String>,
        /// Output format
        #[arg(long, value_parser = named::<Format>(), default_value_t = Format::Table)]
        format: Format,
    },
}
