//! Basic blocks of LLVM's assembly, in the form that llvm-mca reads.
//!
//! A block starts at a label `.LBB<function>_<number>:` or a comment `%bb.<number>:`; numbers are those of the
//! machine blocks. Directives and comments are dropped. The numbers of local labels are removed, so that equal code
//! has equal text.

/// A basic block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssemblyBlock {
    /// The machine block's number.
    pub number: usize,
    /// One instruction a line, without comments.
    pub instructions: Vec<String>,
}

/// The blocks of each function in the order of the text, by name; `comment` is what starts a comment.
#[must_use]
pub fn parse(text: &str, comment: &str) -> Vec<(String, Vec<AssemblyBlock>)> {
    let mut functions: Vec<(String, Vec<AssemblyBlock>)> = Vec::new();
    let mut declared = "";
    let mut inside = false;
    for line in text.lines() {
        if let Some(rest) = line.trim_start().strip_prefix(".type") {
            declared = rest.split(',').next().unwrap_or("").trim();
            if !rest.contains("@function") {
                declared = "";
            }
            continue;
        }
        if line.starts_with(".Lfunc_end") {
            inside = false;
        } else if !line.starts_with([' ', '\t']) {
            if let Some(name) = label(line, comment)
                && !declared.is_empty()
                && unquote(name) == unquote(declared)
            {
                functions.push((unquote(name).to_owned(), Vec::new()));
                inside = true;
                continue;
            }
            let Some((_, blocks)) = functions.last_mut().filter(|_| inside) else { continue };
            if let Some(number) = block_number(line, comment) {
                blocks.push(AssemblyBlock { number, instructions: Vec::new() });
            }
        } else if inside {
            let Some(block) = functions.last_mut().and_then(|function| function.1.last_mut()) else { continue };
            if let Some(instruction) = instruction(line, comment) {
                block.instructions.push(instruction);
            }
        }
    }
    functions
}

fn unquote(name: &str) -> &str {
    name.trim_matches('"')
}

fn label<'l>(line: &'l str, comment: &str) -> Option<&'l str> {
    let name = line.split_once(':')?.0;
    (!name.is_empty() && !name.starts_with(comment)).then_some(name)
}

/// `.LBB0_3:` or `# %bb.3:` or `// %bb.3:`
fn block_number(line: &str, comment: &str) -> Option<usize> {
    let name = line.split_once(':')?.0;
    let number = match name.strip_prefix(".LBB") {
        Some(rest) => rest.split_once('_')?.1,
        None => name.trim_start_matches(comment).trim_start().strip_prefix("%bb.")?,
    };
    number.parse().ok()
}

/// The instruction of a line without its comment; `None` for directives and empty lines.
fn instruction(line: &str, comment: &str) -> Option<String> {
    let code = line.split(comment).next().unwrap_or("").trim();
    (!code.is_empty() && !code.starts_with('.')).then(|| anonymous(code))
}

/// The code with the numbers of local labels removed.
fn anonymous(code: &str) -> String {
    let mut text = String::new();
    let mut rest = code;
    while let Some(at) = rest.find(".L") {
        text.push_str(&rest[..at + 2]);
        let tail = &rest[at + 2..];
        let end = tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$').unwrap_or(tail.len());
        text.extend(tail[..end].chars().filter(char::is_ascii_alphabetic));
        rest = &tail[end..];
    }
    text.push_str(rest);
    text
}
