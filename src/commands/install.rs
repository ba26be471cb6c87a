//! `hardwire completions` and `hardwire man`: files for shells and for man(1), from the definition of the command line.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::cli::{self, Arguments};
use crate::diagnostics::Failure;
use crate::output;
use files::replace;

/// Runs `hardwire completions`.
pub fn completions(arguments: &cli::Completions) -> Result<ExitCode, Failure> {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    output::raw(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// Runs `hardwire man`.
pub fn man(arguments: &cli::Man) -> Result<ExitCode, Failure> {
    let folder = &arguments.folder;
    let failure = |path: &Path, error| Failure::File { path: path.display().to_string(), error };
    std::fs::create_dir_all(folder).map_err(|error| failure(folder, error))?;
    let mut command = Arguments::command();
    command.build();
    write_pages(&command, folder).map_err(|(path, error)| failure(&path, error))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the page of a command and those of its actions, e.g. `hardwire-sweep-merge.1`.
fn write_pages(command: &clap::Command, folder: &Path) -> Result<(), (std::path::PathBuf, std::io::Error)> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let path = folder.join(format!("{name}.1"));
    let mut page = Vec::new();
    let rendered = Man::new(command.clone()).render(&mut page);
    rendered.and_then(|()| replace(&path, |out| out.write_all(&page))).map_err(|error| (path, error))?;
    let mut actions = command.get_subcommands().filter(|action| !action.is_hide_set() && action.get_name() != "help");
    actions.try_for_each(|action| write_pages(action, folder))
}
