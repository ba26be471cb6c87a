//===- Search.cpp - Choosing among candidates -----------------------------===//

#include "Search.h"

#include "Fusion.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;

namespace hardwire {

static std::string formatted(const char *format, double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format(format, value);
  return text;
}

double Decision::ratio() const {
  const Score &score = candidates[chosen].score;
  return score.known ? score.ratio.value : 1.0;
}

/// Adds the candidates that continue candidate `from`, without scores. Returns
/// false if the time or the number of candidates is used up.
bool Search::expand(const Nest &nest, size_t from, std::vector<Candidate> &all,
                    llvm::StringSet<> &seen) const {
  Sequence before = all[from].steps;
  func::FuncOp base = *all[from].func;
  for (const Step &step : proposals(base, options.choices, before)) {
    if (all.size() > options.maxCandidates || (expired && expired()))
      return false;
    Candidate next;
    next.steps = before;
    next.steps.push_back(step);
    Refusal refusal = check(step, base, nest.roots, options.legality);
    if (refusal && !options.unchecked) {
      next.verdict = Verdict::Illegal;
      next.why = *refusal;
      all.push_back(std::move(next));
      continue;
    }
    next.func = cloneFunc(base);
    if (failed(apply(step, *next.func, nest.roots, options.legality,
                     patterns))) {
      next.verdict = Verdict::Unsupported;
      next.why = "upstream does not support it";
      next.func = nullptr;
      all.push_back(std::move(next));
      continue;
    }
    next.text = textOf(*next.func);
    // Without effect, or the same code on another way.
    if (!seen.insert(next.text).second)
      continue;
    all.push_back(std::move(next));
  }
  return true;
}

static Candidate original(const Nest &nest,
                          const FrozenRewritePatternSet &patterns) {
  Candidate first;
  first.func = cloneFunc(*nest.func);
  simplify(*first.func, patterns);
  first.text = textOf(*first.func);
  return first;
}

std::vector<Candidate> Search::enumerate(const Nest &nest) const {
  std::vector<Candidate> all;
  llvm::StringSet<> seen;
  all.push_back(original(nest, patterns));
  seen.insert(all.front().text);
  size_t level = 0;
  for (unsigned depth = 0; depth < options.depth; ++depth) {
    size_t end = all.size();
    for (size_t from = level; from < end; ++from)
      if (all[from].func && !expand(nest, from, all, seen))
        return all;
    level = end;
  }
  return all;
}

/// The quotient of two predictions, whose ends are those of both intervals: wide,
/// but always known. Counts may be 0.
static Interval quotient(const Interval &above, const Interval &below) {
  return {(1 + above.value) / (1 + below.value),
          (1 + above.low) / (1 + below.high),
          (1 + above.high) / (1 + below.low)};
}

/// Scores the candidates from `from` on in one query.
bool Search::score(std::vector<Candidate> &all, size_t from,
                   std::string &why) const {
  // Ratios are about the original, so each query has it.
  std::vector<std::string> texts = {all.front().text};
  std::vector<size_t> places = {0};
  for (size_t i = std::max<size_t>(from, 1); i < all.size(); ++i)
    if (all[i].func) {
      texts.push_back(all[i].text);
      places.push_back(i);
    }
  if (from > 0 && places.size() == 1)
    return true;
  std::vector<Score> scores(texts.size());
  if (!scorer(texts, scores)) {
    why = scores.front().why;
    return false;
  }
  const Score base = scores.front();
  for (auto [place, score] : llvm::zip(places, scores)) {
    Candidate &candidate = all[place];
    candidate.score = score;
    if (score.known && base.known && score.ratio.value <= 0)
      candidate.score.ratio = quotient(base.cost, score.cost);
    if (!score.known)
      candidate.verdict = Verdict::Unknown;
    else if (score.novelty > options.maxNovelty)
      candidate.verdict = Verdict::Unfamiliar;
    else if (!options.allowSpills && score.spills > std::max(base.spills, 0.0))
      candidate.verdict = Verdict::Spills;
  }
  return true;
}

/// Places from `from` on of the candidates with one of these verdicts, by an end
/// of their ratios, the largest first. Equal ones keep their order: fewer steps
/// come first.
static SmallVector<size_t> ordered(ArrayRef<Candidate> all, size_t from,
                                   ArrayRef<Verdict> verdicts,
                                   double Interval::*end) {
  SmallVector<size_t> places;
  for (size_t i = from; i < all.size(); ++i)
    if (all[i].func && llvm::is_contained(verdicts, all[i].verdict))
      places.push_back(i);
  llvm::stable_sort(places, [&](size_t a, size_t b) {
    return all[a].score.ratio.*end > all[b].score.ratio.*end;
  });
  return places;
}

/// Places from `from` on of the sequences that are continued, at most `most`.
/// The best one of each kind of last step comes first: what follows differs more
/// between kinds than between factors of one.
static SmallVector<size_t> continued(ArrayRef<Candidate> all, size_t from,
                                     size_t most) {
  SmallVector<size_t> places = ordered(
      all, from, {Verdict::Slower, Verdict::Spills}, &Interval::value);
  SmallVector<Kind> seen;
  SmallVector<size_t> first, rest;
  for (size_t place : places) {
    Kind kind = all[place].steps.back().kind;
    (llvm::is_contained(seen, kind) ? rest : first).push_back(place);
    seen.push_back(kind);
  }
  first.append(rest);
  if (first.size() > most)
    first.truncate(most);
  return first;
}

/// Measures the original and the candidates that could be best, and takes the
/// best one.
void Search::measure(Decision &decision) const {
  // Measuring settles what the model does not know, and whether spills pay.
  SmallVector<size_t> tried = ordered(
      decision.candidates, 1,
      {Verdict::Slower, Verdict::Spills, Verdict::Unfamiliar}, &Interval::high);
  if (tried.size() > options.verify)
    tried.truncate(options.verify);
  if (tried.empty()) {
    decision.kept = "there is no legal candidate";
    return;
  }
  SmallVector<size_t> places = {0};
  places.append(tried.begin(), tried.end());
  std::vector<std::string> texts;
  for (size_t place : places)
    texts.push_back(decision.candidates[place].text);
  std::vector<Score> scores(texts.size());
  if (!measurer(texts, scores) || !scores.front().known) {
    decision.kept = "the original cannot be measured: " + scores.front().why;
    return;
  }
  for (auto [place, score] : llvm::zip(places, scores)) {
    Candidate &candidate = decision.candidates[place];
    candidate.measured = score;
    candidate.verdict = score.known ? Verdict::Slower : Verdict::Unknown;
    candidate.why = score.why;
  }
  // Candidates with more spills come last: they must be better by the margin
  // than what has no more of them.
  const Score &base = scores.front();
  double bar = base.cost.value / options.verifyMargin;
  for (bool spilling : {false, true}) {
    for (size_t place : tried) {
      const Score &now = decision.candidates[place].measured;
      bool more = !options.allowSpills && now.spills > base.spills;
      if (!now.known || more != spilling || now.cost.value > bar)
        continue;
      if (!decision.changed() ||
          now.cost.value <
              decision.candidates[decision.chosen].measured.cost.value)
        decision.chosen = place;
    }
    if (decision.changed())
      bar = decision.candidates[decision.chosen].measured.cost.value /
            options.verifyMargin;
  }
  if (!decision.changed())
    decision.kept = "no candidate measures better by " +
                    formatted("%.2f", options.verifyMargin);
}

/// The low end of a ratio's interval that is narrowed to `part` of its width, on
/// the logarithmic scale.
static double lowEnd(const Interval &ratio, double part) {
  return ratio.value * std::pow(ratio.low / ratio.value, part);
}

/// Takes the best candidate by prediction if its gain is certain enough.
void Search::predict(Decision &decision) const {
  ArrayRef<Candidate> all = decision.candidates;
  SmallVector<size_t> best =
      ordered(all, 1, {Verdict::Slower}, &Interval::value);
  SmallVector<size_t> spilling =
      ordered(all, 1, {Verdict::Spills}, &Interval::value);
  if (best.empty() && spilling.empty()) {
    decision.kept = "there is no legal candidate that the model knows";
    return;
  }
  const auto *found = llvm::find_if(best, [&](size_t place) {
    return lowEnd(all[place].score.ratio, options.caution) > 1;
  });
  if (found != best.end())
    decision.chosen = *found;
  // Spills must pay beyond doubt: the whole interval is above the best gain
  // without them.
  double bar = decision.changed() ? decision.ratio() : 1.0;
  found = llvm::find_if(spilling, [&](size_t place) {
    return lowEnd(all[place].score.ratio, std::max(options.caution, 1.0)) > bar;
  });
  if (found != spilling.end())
    decision.chosen = *found;
  if (decision.changed())
    return;
  const Candidate &first = all[best.empty() ? spilling.front() : best.front()];
  const Interval &ratio = first.score.ratio;
  decision.kept = "the best candidate, " + spell(first.steps) +
                  ", is predicted at " + formatted("%.2f", ratio.value) +
                  "x, between " + formatted("%.2f", ratio.low) + "x and " +
                  formatted("%.2f", ratio.high) +
                  (best.empty() ? "x, and spills" : "x: no certain gain");
}

void Search::choose(Decision &decision) const {
  std::vector<Candidate> &all = decision.candidates;
  const Candidate &first = all.front();
  if (!first.score.known) {
    decision.kept = "its cost is not known: " + first.score.why;
    return;
  }
  // Compiling takes longest: without time the prediction decides.
  if (options.verify > 0 && measurer && !(expired && expired()))
    measure(decision);
  else if (first.verdict == Verdict::Unfamiliar)
    decision.kept = "the model knows no code like it: novelty score " +
                    formatted("%.2f", first.score.novelty);
  else
    predict(decision);
  if (decision.changed())
    all[decision.chosen].verdict = Verdict::Chosen;
}

Decision Search::decide(const Nest &nest, Location loc) const {
  Decision decision{loc, "", 0, 1, {}, 0, ""};
  std::vector<Candidate> &all = decision.candidates;
  all.push_back(original(nest, patterns));
  if (options.forced) {
    Candidate forced;
    forced.func = cloneFunc(*all.front().func);
    for (const Step &step : *options.forced) {
      Refusal refusal =
          check(step, *forced.func, nest.roots, options.legality);
      if (!refusal && failed(apply(step, *forced.func, nest.roots,
                                   options.legality, patterns)))
        refusal = "upstream does not support it";
      if (refusal) {
        decision.kept = spell(step) + " is refused: " + *refusal;
        return decision;
      }
    }
    forced.steps = *options.forced;
    forced.text = textOf(*forced.func);
    forced.verdict = Verdict::Chosen;
    if (forced.steps.empty()) {
      decision.kept = "no step is asked for";
      return decision;
    }
    all.push_back(std::move(forced));
    decision.chosen = 1;
    return decision;
  }
  if (options.ofDesign) {
    // The model of a design predicts from counts of tensor work. Copied bodies
    // change what it counts, not what the design does.
    decision.kept = "a design runs a nest of scalar code as one operation over "
                    "its iteration space, whatever its loops";
    return decision;
  }
  if (expired && expired()) {
    decision.kept = "the time is used up";
    return decision;
  }
  llvm::StringSet<> seen;
  seen.insert(all.front().text);
  // A level is the continuations of the best sequences of the level before,
  // scored in one query. What is found stays if the time ends.
  SmallVector<size_t> frontier = {0};
  size_t scored = 0;
  for (unsigned depth = 0; depth < options.depth; ++depth) {
    bool goOn = true;
    for (size_t from : frontier)
      if (goOn)
        goOn = expand(nest, from, all, seen);
    if (!score(all, scored, decision.kept))
      return decision;
    // Without the original's cost there is nothing to compare with.
    if (!all.front().score.known || !goOn)
      break;
    frontier = continued(all, std::max<size_t>(scored, 1), options.beam);
    scored = all.size();
    if (frontier.empty())
      break;
  }
  choose(decision);
  return decision;
}

/// Decides about one nest, or about the fusion of neighbours, and changes it.
Decision Search::decideAt(func::FuncOp func, ArrayRef<affine::AffineForOp> loops,
                          unsigned number, bool remarks) const {
  affine::AffineForOp first = loops.front();
  Location loc = first.getLoc();
  Nest nest = extractNest(loops);
  Decision decision = decide(nest, loc);
  decision.function = func.getSymName().str();
  decision.nest = number;
  decision.nests = loops.size();
  if (decision.changed() &&
      failed(replaceNest(loops, nest,
                         *decision.candidates[decision.chosen].func))) {
    decision.candidates[decision.chosen].verdict = Verdict::Unsupported;
    decision.chosen = 0;
    decision.kept = "the result does not verify in its place";
  }
  // The copies are not needed any more.
  for (Candidate &candidate : decision.candidates)
    candidate.func = nullptr;
  if (remarks)
    emitRemark(loc) << describe(decision);
  return decision;
}

/// Fuses neighbouring nests where that is better, from the first one on.
void Search::fuse(func::FuncOp func, std::vector<Decision> &decisions,
                  bool remarks) const {
  // What follows a fusion is decided for the fused nest.
  SearchOptions alone = options;
  alone.choices.kinds = {Kind::Fuse};
  alone.depth = 1;
  Search search{alone, scorer, measurer, expired, patterns};
  size_t at = 0;
  while (true) {
    SmallVector<affine::AffineForOp> nests = topLevelNests(func);
    if (at + 1 >= nests.size())
      return;
    auto pair = ArrayRef(nests).slice(at, 2);
    affine::AffineForOp first = pair[0], second = pair[1];
    if (!areNeighbours(first, second) || fusableDepth(first, second) == 0) {
      ++at;
      continue;
    }
    decisions.push_back(search.decideAt(func, pair, at, remarks));
    if (!decisions.back().changed())
      ++at;
  }
}

void Search::run(func::FuncOp func, std::vector<Decision> &decisions,
                 bool remarks) const {
  bool pairs = options.forced ? !options.forced->empty() &&
                                    options.forced->front().kind == Kind::Fuse
                              : llvm::is_contained(options.choices.kinds,
                                                   Kind::Fuse);
  if (pairs)
    fuse(func, decisions, remarks);
  if (options.forced ? pairs : options.choices.kinds == ArrayRef(Kind::Fuse))
    return;
  for (auto [number, loop] : llvm::enumerate(topLevelNests(func)))
    decisions.push_back(decideAt(func, loop, number, remarks));
}

std::string describe(const Decision &decision) {
  if (!decision.changed())
    return "hardwire: kept: " + decision.kept;
  const Candidate &chosen = decision.candidates[decision.chosen];
  std::string text = "hardwire: " + spell(chosen.steps);
  const Candidate &first = decision.candidates.front();
  const Interval &ratio = chosen.score.ratio;
  if (first.score.known && chosen.score.known)
    text += ": predicted " + formatted("%.4g", first.score.cost.value) +
            " -> " + formatted("%.4g", chosen.score.cost.value) + " (" +
            formatted("%.2f", ratio.value) + "x, between " +
            formatted("%.2f", ratio.low) + "x and " +
            formatted("%.2f", ratio.high) + "x)";
  if (first.measured.known && chosen.measured.known)
    text += ", measured " + formatted("%.4g", first.measured.cost.value) +
            " -> " + formatted("%.4g", chosen.measured.cost.value);
  return text;
}

static StringRef nameOf(Verdict verdict) {
  switch (verdict) {
  case Verdict::Chosen:
    return "chosen";
  case Verdict::Slower:
    return "not_better";
  case Verdict::Unknown:
    return "unknown";
  case Verdict::Unfamiliar:
    return "unfamiliar";
  case Verdict::Spills:
    return "spills";
  case Verdict::Illegal:
    return "illegal";
  case Verdict::Unsupported:
    return "unsupported";
  }
  llvm_unreachable("every verdict has a name");
}

static llvm::json::Value number(bool known, double value) {
  return known ? llvm::json::Value(value) : llvm::json::Value(nullptr);
}

llvm::json::Array toJson(ArrayRef<Decision> decisions) {
  llvm::json::Array list;
  for (const Decision &decision : decisions) {
    llvm::json::Array candidates;
    for (const Candidate &one : decision.candidates) {
      bool known = one.score.known, measured = one.measured.known;
      llvm::json::Value why(nullptr);
      if (!one.why.empty())
        why = one.why;
      else if (!one.score.why.empty())
        why = one.score.why;
      candidates.push_back(llvm::json::Object{
          {"steps", spell(one.steps)},
          {"verdict", nameOf(one.verdict)},
          {"predicted", number(known, one.score.cost.value)},
          {"low", number(known, one.score.cost.low)},
          {"high", number(known, one.score.cost.high)},
          {"ratio", number(known, one.score.ratio.value)},
          {"ratio_low", number(known, one.score.ratio.low)},
          {"ratio_high", number(known, one.score.ratio.high)},
          {"predicted_spills", number(known && one.score.spills >= 0,
                                      one.score.spills)},
          {"ood_score", number(known, one.score.novelty)},
          {"measured", number(measured, one.measured.cost.value)},
          {"measured_spills", number(measured && one.measured.spills >= 0,
                                     one.measured.spills)},
          {"why", std::move(why)}});
    }
    unsigned line = 0, column = 0;
    if (auto file = dyn_cast<FileLineColLoc>(decision.loc)) {
      line = file.getLine();
      column = file.getColumn();
    }
    llvm::json::Object object{
        {"function", decision.function},
        {"nest", decision.nest},
        {"nests", decision.nests},
        {"line", line},
        {"column", column},
        {"steps", spell(decision.candidates[decision.chosen].steps)},
        {"candidates", std::move(candidates)}};
    object["kept"] = decision.kept.empty() ? llvm::json::Value(nullptr)
                                           : llvm::json::Value(decision.kept);
    object["predicted_ratio"] =
        number(decision.candidates.front().score.known, decision.ratio());
    list.push_back(std::move(object));
  }
  return list;
}

} // namespace hardwire
