//! Arguments of `hardwire completions` and `hardwire man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// Arguments of `hardwire completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hardwire completions bash > ~/.local/share/bash-completion/completions/hardwire
  hardwire completions zsh > ~/.zfunc/_hardwire
  hardwire completions fish > ~/.config/fish/completions/hardwire.fish

`make install` installs the completions of these three shells.")]
pub struct Completions {
    /// Shell
    pub shell: Shell,
}

/// Arguments of `hardwire man`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  hardwire man ~/.local/share/man/man1

Writes hardwire.1 and one page for each command. `make install` installs them.")]
pub struct Man {
    /// Folder of the pages
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}
