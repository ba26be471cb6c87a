//! Running MLIR passes in worker processes: a pass that aborts takes only its worker with it.

use ir::labels::Phase;
use serde::{Deserialize, Serialize};

/// Passes to try on one text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// The module.
    pub text: String,
    /// Names and pipelines, in the order in which they are tried.
    pub passes: Vec<(String, String)>,
    /// Results that are kept at most.
    pub wanted: usize,
    /// Longest result kept, in bytes.
    pub limit_bytes: usize,
}

/// Result of a request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reply {
    /// The text itself, parsed and printed by upstream MLIR; none if it was refused.
    pub base: Option<String>,
    /// Results that differ from the text and from each other, as (name, pipeline, text).
    pub variants: Vec<(String, String, String)>,
    /// Passes that failed, or `parse`, each with its reason.
    pub failures: Vec<(String, String)>,
    /// Results that were longer than the limit.
    pub too_long: usize,
}

impl Reply {
    /// The reply for a request that no worker survived.
    pub fn lost(phase: Phase, reason: String) -> Self {
        Self { failures: vec![(phase.to_string(), reason)], ..Self::default() }
    }
}

/// Answers requests until standard input ends.
#[cfg(feature = "mlir")]
pub fn serve() -> Result<std::process::ExitCode, crate::diagnostics::Failure> {
    use std::io::{BufRead, Write};

    use crate::diagnostics::Failure;

    let bridge = ir::mlir::bridge::Bridge::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(Failure::Output)?;
        let request: Request =
            serde_json::from_str(&line).map_err(|e| Failure::Request(format!("not a request for passes: {e}")))?;
        let reply = answer(&bridge, &request);
        serde_json::to_writer(&mut out, &reply).map_err(|e| Failure::Output(e.into()))?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(std::process::ExitCode::SUCCESS)
}

#[cfg(feature = "mlir")]
fn answer(bridge: &ir::mlir::bridge::Bridge, request: &Request) -> Reply {
    use corpus::normal::content_hash;

    let reason = |diagnostics: Vec<ir::mlir::bridge::Diagnostic>| {
        diagnostics.first().map_or_else(String::new, |d| d.message.lines().next().unwrap_or("").to_owned())
    };
    let mut reply = Reply::default();
    let base = match bridge.run_pipeline(&request.text, "builtin.module()") {
        Ok(base) => base,
        Err(diagnostics) => {
            reply.failures.push((Phase::Parse.to_string(), reason(diagnostics)));
            return reply;
        }
    };
    let mut seen = vec![content_hash(&base)];
    for (name, pipeline) in &request.passes {
        if reply.variants.len() >= request.wanted {
            break;
        }
        match bridge.run_pipeline(&base, pipeline) {
            Ok(text) if text.len() > request.limit_bytes => reply.too_long += 1,
            Ok(text) => {
                let hash = content_hash(&text);
                if !seen.contains(&hash) {
                    seen.push(hash);
                    reply.variants.push((name.clone(), pipeline.clone(), text));
                }
            }
            Err(diagnostics) => reply.failures.push((name.clone(), reason(diagnostics))),
        }
    }
    reply.base = Some(base);
    reply
}
