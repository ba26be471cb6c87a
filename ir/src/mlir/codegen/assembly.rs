//! Basic blocks of assembly as LLVM prints it, ready for the block simulator.
//!
//! A block starts at a label `.LBB<function>_<number>:` or a comment `%bb.<number>:`; numbers are those of the
//! machine blocks. Directives and comments are dropped. Labels within a block's text are made anonymous, so
//! that equal code has equal text.

/// A basic block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssemblyBlock {
    /// The machine block's number.
    pub number: usize,
    /// One instruction a line, without comments.
    pub instructions: Vec<String>,
}

/// The blocks of each function in the order of the text, by name.
#[must_use]
pub fn parse(text: &str) -> Vec<(String, Vec<AssemblyBlock>)> {
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
            if let Some(name) = label(line)
                && !declared.is_empty()
                && unquote(name) == unquote(declared)
            {
                functions.push((unquote(name).to_owned(), Vec::new()));
                inside = true;
                continue;
            }
            let Some((_, blocks)) = functions.last_mut().filter(|_| inside) else { continue };
            if let Some(number) = block_number(line) {
                blocks.push(AssemblyBlock { number, instructions: Vec::new() });
            }
        } else if inside {
            let Some(block) = functions.last_mut().and_then(|function| function.1.last_mut()) else { continue };
            if let Some(instruction) = instruction(line) {
                block.instructions.push(instruction);
            }
        }
    }
    functions
}

fn unquote(name: &str) -> &str {
    name.trim_matches('"')
}

fn label(line: &str) -> Option<&str> {
    let name = line.split_once(':')?.0;
    (!name.is_empty() && !name.starts_with(['#', '/'])).then_some(name)
}

/// `.LBB0_3:` or `# %bb.3:` or `// %bb.3:`
fn block_number(line: &str) -> Option<usize> {
    let name = line.split_once(':')?.0;
    let number = match name.strip_prefix(".LBB") {
        Some(rest) => rest.split_once('_')?.1,
        None => name.trim_start_matches(['#', '/', ' ']).strip_prefix("%bb.")?,
    };
    number.parse().ok()
}

fn instruction(line: &str) -> Option<String> {
    // AArch64 comments start with `//`, the others with `#`, which AArch64 and x86 use otherwise (`#1`, `$1`).
    let code = line.split("//").next().unwrap_or("");
    let code = if let Some(at) = code.find("# ").or_else(|| code.find("#=")) { &code[..at] } else { code };
    let code = code.trim().trim_end_matches('#').trim_end();
    if code.is_empty() || code.starts_with(['.', '#']) {
        return None;
    }
    Some(anonymous(code))
}

/// Local labels without their numbers.
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
