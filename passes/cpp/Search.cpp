//===- Search.cpp - Choosing among candidates -----------------------------===//

#include "Search.h"

#include "Fusion.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace hardwire {

static std::string formatted(const char *format, double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format(format, value);
  return text;
}

double Decision::ratio() const {
  const Score &before = candidates.front().score;
  const Score &after = candidates[chosen].score;
  return before.known && after.known && after.cost > 0
             ? before.cost / after.cost
             : 1.0;
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

/// Scores the candidates from `from` on in one query.
bool Search::score(std::vector<Candidate> &all, size_t from,
                   std::string &why) const {
  std::vector<std::string> texts;
  std::vector<size_t> places;
  for (size_t i = from; i < all.size(); ++i)
    if (all[i].func) {
      texts.push_back(all[i].text);
      places.push_back(i);
    }
  std::vector<Score> scores(texts.size());
  if (texts.empty())
    return true;
  if (!scorer(texts, scores)) {
    why = scores.front().why;
    return false;
  }
  const Score &base = from == 0 ? scores.front() : all.front().score;
  for (auto [place, score] : llvm::zip(places, scores)) {
    Candidate &candidate = all[place];
    candidate.score = score;
    if (!score.known)
      candidate.verdict = Verdict::Unknown;
    else if (score.novelty > options.maxNovelty)
      candidate.verdict = Verdict::Unfamiliar;
    else if (!options.allowSpills && score.spills > std::max(base.spills, 0.0))
      candidate.verdict = Verdict::Spills;
  }
  return true;
}

/// Whether a candidate may be chosen.
static bool isOpen(const Candidate &candidate) {
  return candidate.func && candidate.verdict == Verdict::Slower;
}

/// Places of the candidates that may be chosen, cheapest first, at most
/// `most` of them. Equal costs keep their order: fewer steps come first.
static SmallVector<size_t> cheapest(ArrayRef<Candidate> all, size_t from,
                                    size_t most) {
  SmallVector<size_t> places;
  for (size_t i = from; i < all.size(); ++i)
    if (isOpen(all[i]))
      places.push_back(i);
  llvm::stable_sort(places, [&](size_t a, size_t b) {
    return all[a].score.cost < all[b].score.cost;
  });
  if (places.size() > most)
    places.truncate(most);
  return places;
}

/// Measures the original and the best by prediction; returns whether it did.
bool Search::measure(Decision &decision, ArrayRef<size_t> best) const {
  SmallVector<size_t> places = {0};
  places.append(best.begin(), best.end());
  std::vector<std::string> texts;
  for (size_t place : places)
    texts.push_back(decision.candidates[place].text);
  std::vector<Score> scores(texts.size());
  if (!measurer(texts, scores) || !scores.front().known) {
    decision.kept = "the original cannot be measured: " + scores.front().why;
    return false;
  }
  for (auto [place, score] : llvm::zip(places, scores))
    decision.candidates[place].measured = score;
  const Score &base = scores.front();
  for (size_t place : best) {
    const Score &now = decision.candidates[place].measured;
    if (!now.known || now.cost * options.verifyMargin > base.cost)
      continue;
    if (!options.allowSpills && now.spills > base.spills)
      continue;
    if (!decision.changed() ||
        now.cost < decision.candidates[decision.chosen].measured.cost)
      decision.chosen = place;
  }
  if (!decision.changed())
    decision.kept = "no candidate measures better by " +
                    formatted("%.2f", options.verifyMargin);
  return true;
}

/// The margin that a candidate needs. Costs of copied bodies are predicted
/// least well: LLVM may vectorise the copies again.
static double marginOf(const Candidate &candidate,
                       const SearchOptions &options) {
  bool copies = llvm::any_of(candidate.steps, [](const Step &step) {
    return step.kind == Kind::Unroll || step.kind == Kind::Jam;
  });
  return copies ? std::max(options.margin, options.unrollMargin)
                : options.margin;
}

void Search::choose(Decision &decision) const {
  std::vector<Candidate> &all = decision.candidates;
  const Candidate &first = all.front();
  if (!first.score.known) {
    decision.kept = "its cost is not known: " + first.score.why;
    return;
  }
  // Compiling takes longest: without time the prediction decides.
  bool measures =
      options.verify > 0 && measurer && !(expired && expired());
  if (first.verdict == Verdict::Unfamiliar && !measures) {
    decision.kept = "the model knows no code like it: novelty score " +
                    formatted("%.2f", first.score.novelty);
    return;
  }
  if (measures) {
    // Measured code needs no familiarity: the model only orders it.
    for (Candidate &candidate : all)
      if (candidate.verdict == Verdict::Unfamiliar)
        candidate.verdict = Verdict::Slower;
    SmallVector<size_t> best = cheapest(all, 1, options.verify);
    if (best.empty())
      decision.kept = "there is no legal candidate";
    else
      measure(decision, best);
  } else {
    SmallVector<size_t> best = cheapest(all, 1, all.size());
    const auto *found = llvm::find_if(best, [&](size_t place) {
      return first.score.cost >=
             marginOf(all[place], options) * all[place].score.cost;
    });
    if (best.empty())
      decision.kept = "there is no legal candidate that the model knows";
    else if (found == best.end())
      decision.kept =
          "the best candidate, " + spell(all[best[0]].steps) +
          ", is predicted at " +
          formatted("%.2f", first.score.cost / all[best[0]].score.cost) +
          "x, less than the margin of " +
          formatted("%.2f", marginOf(all[best[0]], options)) + "x";
    else
      decision.chosen = *found;
  }
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
    frontier = cheapest(all, std::max<size_t>(scored, 1), options.beam);
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
  if (first.score.known && chosen.score.known)
    text += ": predicted " + formatted("%.4g", first.score.cost) + " -> " +
            formatted("%.4g", chosen.score.cost) + " (" +
            formatted("%.2f", decision.ratio()) + "x)";
  if (first.measured.known && chosen.measured.known)
    text += ", measured " + formatted("%.4g", first.measured.cost) + " -> " +
            formatted("%.4g", chosen.measured.cost);
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
          {"predicted", number(known, one.score.cost)},
          {"low", number(known, one.score.low)},
          {"high", number(known, one.score.high)},
          {"predicted_spills", number(known && one.score.spills >= 0,
                                      one.score.spills)},
          {"ood_score", number(known, one.score.novelty)},
          {"measured", number(measured, one.measured.cost)},
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
