//! `hardwire ir tokens` and `hardwire ir vocabulary`.

use std::io::Read;
use std::process::ExitCode;

use ir::CustomForm;
use ir::span::Span;
use ir::tokenizer::{self, FunctionTokens, Tokenizer, Word};
use ir::vocabulary::{Counts, Encoded, Lengths, UNKNOWN};
use reports::number;
use serde::Serialize;

use super::source::Source;
use crate::cli::Format;
use crate::cli::ir::{Tokens, Vocabulary};
use crate::diagnostics::Failure;
use crate::output;

/// Largest vocabulary file read.
const MAX_VOCABULARY_BYTES: u64 = 64 << 20;

#[derive(Serialize)]
struct TokensReport<'a> {
    file: &'a str,
    scheme: String,
    tokenizer_version: u32,
    vocabulary: Option<VocabularyReport<'a>>,
    functions: Vec<FunctionReport<'a>>,
    /// In words per function.
    lengths: Option<Lengths>,
}

#[derive(Serialize)]
struct VocabularyReport<'a> {
    file: &'a str,
    hash: &'a str,
    size: usize,
}

#[derive(Serialize)]
struct FunctionReport<'a> {
    name: &'a str,
    line: usize,
    word_count: usize,
    distinct_words: usize,
    unknown_words: Option<usize>,
    unknown_rate: Option<f64>,
    /// Why there is no rate.
    unknown_rate_reason: Option<&'static str>,
    words: Vec<String>,
    ids: Option<Vec<u16>>,
}

/// Runs `tokens`.
pub fn run(arguments: &Tokens) -> Result<ExitCode, Failure> {
    let source = Source::read(&arguments.file)?;
    let vocabulary = arguments.vocabulary.as_deref().map(|file| read_vocabulary(file, arguments)).transpose()?;
    let mut tokenizer = Tokenizer::new(arguments.scheme);
    let form = CustomForm::of(&source.text);
    let tokens = tokenizer.read(&form.text);
    let functions: Vec<FunctionTokens<'_>> = match &arguments.function {
        None => tokens.functions().collect(),
        Some(wanted) => {
            let found: Vec<_> = tokens.functions().filter(|f| f.name == wanted).collect();
            if found.is_empty() {
                return Err(source.no_function(wanted, tokens.functions().map(|f| f.name)));
            }
            found
        }
    };
    let reports: Vec<FunctionReport<'_>> =
        functions.iter().map(|function| report(&source, &form, function, vocabulary.as_ref())).collect();
    let report = TokensReport {
        file: &source.name,
        scheme: arguments.scheme.to_string(),
        tokenizer_version: tokenizer::VERSION,
        vocabulary: arguments.vocabulary.as_deref().zip(vocabulary.as_ref()).map(|(file, v)| VocabularyReport {
            file,
            hash: v.hash(),
            size: v.size(),
        }),
        lengths: Lengths::of(reports.iter().map(|r| r.word_count).collect()),
        functions: reports,
    };
    match arguments.format {
        Format::Json => output::json(&report)?,
        Format::Table => output::text(&table(&report, &functions))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn report<'a>(
    source: &Source,
    form: &CustomForm<'_>,
    function: &FunctionTokens<'a>,
    vocabulary: Option<&ir::vocabulary::Vocabulary>,
) -> FunctionReport<'a> {
    let words: Vec<String> = function.words().map(|w| w.to_string()).collect();
    let mut distinct: Vec<&str> = words.iter().map(String::as_str).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let mut ids = vec![0; words.len()];
    let encoded: Option<Encoded> = vocabulary.map(|v| v.encode(function.words(), &mut ids));
    FunctionReport {
        name: function.name,
        line: source.line(Span { start: form.origin(function.span.start), ..function.span }),
        word_count: words.len(),
        distinct_words: distinct.len(),
        unknown_words: encoded.map(|e| e.unknown),
        unknown_rate: encoded.map(|e| e.unknown_rate()),
        unknown_rate_reason: encoded.is_none().then_some("no vocabulary given"),
        ids: encoded.map(|_| ids),
        words,
    }
}

fn table(report: &TokensReport<'_>, functions: &[FunctionTokens<'_>]) -> String {
    let mut out = format!("{}: {} words, version {}\n", report.file, report.scheme, report.tokenizer_version);
    if let Some(vocabulary) = &report.vocabulary {
        out += &format!("vocabulary {} of {} ids, hash {}\n", vocabulary.file, vocabulary.size, vocabulary.hash);
    }
    if functions.is_empty() {
        return out + "no function with a body\n";
    }
    for (data, function) in report.functions.iter().zip(functions) {
        let unknown = match (data.unknown_words, data.unknown_rate) {
            (Some(count), Some(rate)) => format!("{count} unknown ({:.2} %), in brackets", rate * 100.0),
            _ => "unknown rate not known: no vocabulary given (--vocabulary)".to_owned(),
        };
        out += &format!(
            "\n{}, line {}: {} words, {} distinct, {unknown}\n",
            if data.name.is_empty() { "(no name)" } else { data.name },
            data.line,
            number::separated(&data.word_count.to_string()),
            number::separated(&data.distinct_words.to_string())
        );
        out += &lines(data, function);
    }
    out
}

/// An operation a line, indented by region.
fn lines(data: &FunctionReport<'_>, function: &FunctionTokens<'_>) -> String {
    let mut out = String::new();
    let (mut depth, mut begun) = (1usize, false);
    for (index, word) in function.words().enumerate() {
        let spelled = &data.words[index];
        let unknown = data.ids.as_ref().is_some_and(|ids| ids[index] == UNKNOWN);
        let operation = matches!(word, Word::Open(name) if name.contains('.') && !name.starts_with(['!', '#']))
            && !spelled.contains('<');
        let closes = spelled == "}";
        if closes {
            depth = depth.saturating_sub(1).max(1);
        }
        if operation || (closes && begun) {
            out += if begun { "\n" } else { "" };
            out += &"  ".repeat(depth);
        } else if begun {
            out += " ";
        }
        begun = true;
        out += &if unknown { format!("[{spelled}]") } else { spelled.clone() };
        depth += usize::from(spelled == "{");
    }
    out + "\n"
}

fn read_vocabulary(file: &str, arguments: &Tokens) -> Result<ir::vocabulary::Vocabulary, Failure> {
    let refuse = |why: String| Failure::Request(format!("{file}: {why}"));
    let opened = crate::input::open(file).map_err(|e| refuse(e.to_string()))?;
    let mut text = String::new();
    // A device has no length that could be asked for.
    opened.take(MAX_VOCABULARY_BYTES + 1).read_to_string(&mut text).map_err(|e| refuse(e.to_string()))?;
    if text.len() as u64 > MAX_VOCABULARY_BYTES {
        return Err(refuse(format!("a vocabulary has at most {} MiB", MAX_VOCABULARY_BYTES >> 20)));
    }
    let vocabulary = ir::vocabulary::Vocabulary::from_json(&text).map_err(|e| refuse(e.to_string()))?;
    if vocabulary.scheme() != arguments.scheme {
        let (has, wants) = (vocabulary.scheme(), arguments.scheme);
        return Err(refuse(format!("its words are of scheme {has}, the text's of {wants}: say --scheme {has}")));
    }
    Ok(vocabulary)
}

/// Runs `vocabulary`.
pub fn vocabulary(arguments: &Vocabulary) -> Result<ExitCode, Failure> {
    let mut counts = Counts::new(arguments.scheme);
    let mut tokenizer = Tokenizer::new(arguments.scheme);
    for file in &arguments.files {
        let source = Source::read(file)?;
        for function in tokenizer.read(&CustomForm::of(&source.text).text).functions() {
            counts.add(function.words());
        }
    }
    output::raw(&counts.vocabulary(arguments.minimum_count).to_json())?;
    Ok(ExitCode::SUCCESS)
}
