//===- Search.h - Choosing among candidates ----------------------*- C++ -*-===//

#ifndef HARDWIRE_PASSES_SEARCH_H
#define HARDWIRE_PASSES_SEARCH_H

#include "Steps.h"

#include "llvm/ADT/StringSet.h"

#include <functional>

namespace llvm::json {
class Array;
} // namespace llvm::json

namespace hardwire {

/// A number with the ends of its 90 % interval.
struct Interval {
  double value = 0, low = 0, high = 0;
};

/// What a scorer says of a text.
struct Score {
  /// Whether `cost` is known; else `why` says why not.
  bool known = false;
  /// Cost in the quantity's unit.
  Interval cost;
  /// Cost of the original over this one; a value of 0 if the scorer has no
  /// interval of the ratio.
  Interval ratio;
  /// Novelty score: at most 1 for code like the training data.
  double novelty = 0;
  /// Predicted spills, rounded down; below 0 if they are not known.
  double spills = -1;
  std::string why;
};

/// Scores texts of one function each, `scores[i]` for `texts[i]`. The first one
/// is the original, which ratios are about. Called from any thread. Returns
/// false if it cannot answer at all; `why` of the first score then says why.
using Scorer = std::function<bool(llvm::ArrayRef<std::string> texts,
                                  llvm::MutableArrayRef<Score> scores)>;

struct SearchOptions {
  LegalityOptions legality;
  Choices choices;
  /// Part of the ratio's interval below the prediction that must lie above 1
  /// for a change, on the logarithmic scale; 0 for the prediction alone.
  double caution = 1.0;
  /// Largest novelty score of a candidate.
  double maxNovelty = 1.0;
  /// Whether spills count by their cost only.
  bool allowSpills = false;
  /// Most steps of a sequence.
  unsigned depth = 2;
  /// Sequences that are continued.
  unsigned beam = 4;
  /// Most candidates of a nest.
  unsigned maxCandidates = 128;
  /// Candidates that are measured before the choice; 0 for none.
  unsigned verify = 0;
  /// Least measured ratio for a change.
  double verifyMargin = 1.02;
  /// Whether the cost is that of a simulated design: it runs a nest of scalar
  /// code as one operation over its iteration space, so the loops of the nest
  /// are no choice.
  bool ofDesign = false;
  /// Skips the legality check, to show in a test that it is needed.
  bool unchecked = false;
  /// The steps to take instead of a search.
  std::optional<Sequence> forced;
};

/// What becomes of a candidate.
enum class Verdict {
  Chosen,
  /// Not surely better by prediction, not better measured, or another is.
  Slower,
  Unknown,
  Unfamiliar,
  Spills,
  Illegal,
  Unsupported
};

struct Candidate {
  Sequence steps;
  mlir::OwningOpRef<mlir::func::FuncOp> func;
  std::string text;
  Score score;
  Score measured;
  Verdict verdict = Verdict::Slower;
  /// For illegal and unsupported ones, and those that cannot be measured.
  std::string why;
};

/// The decision about one nest.
struct Decision {
  mlir::Location loc;
  std::string function;
  unsigned nest = 0;
  /// The nests that it is about: 2 for a fusion.
  unsigned nests = 1;
  /// The original is the first.
  std::vector<Candidate> candidates;
  size_t chosen = 0;
  /// Why the nest is kept; empty if it is changed.
  std::string kept;

  bool changed() const { return chosen != 0; }
  /// Predicted ratio of the original's cost to the result's.
  double ratio() const;
};

/// Everything that a search needs.
struct Search {
  const SearchOptions &options;
  const Scorer &scorer;
  /// Measures a text; may be empty.
  const Scorer &measurer;
  /// Whether the time is over; may be empty.
  const std::function<bool()> &expired;
  const mlir::FrozenRewritePatternSet &patterns;

  /// Decides about the nests of a function and changes it. Emits remarks if
  /// `remarks`.
  void run(mlir::func::FuncOp func, std::vector<Decision> &decisions,
           bool remarks) const;

  /// All legal candidates of a nest, not scored.
  std::vector<Candidate> enumerate(const Nest &nest) const;

private:
  Decision decide(const Nest &nest, mlir::Location loc) const;
  Decision decideAt(mlir::func::FuncOp func,
                    llvm::ArrayRef<mlir::affine::AffineForOp> loops,
                    unsigned number, bool remarks) const;
  void fuse(mlir::func::FuncOp func, std::vector<Decision> &decisions,
            bool remarks) const;
  bool expand(const Nest &nest, size_t from, std::vector<Candidate> &all,
              llvm::StringSet<> &seen) const;
  bool score(std::vector<Candidate> &all, size_t from, std::string &why) const;
  void choose(Decision &decision) const;
  void predict(Decision &decision) const;
  void measure(Decision &decision) const;
};

/// The sentence of a remark.
std::string describe(const Decision &decision);

/// Decisions as JSON.
llvm::json::Array toJson(llvm::ArrayRef<Decision> decisions);

} // namespace hardwire

#endif // HARDWIRE_PASSES_SEARCH_H
