//===- Steps.h - Transformations of a nest ------------------------*- C++ -*-===//

#ifndef HARDWIRE_PASSES_STEPS_H
#define HARDWIRE_PASSES_STEPS_H

#include "Legality.h"

#include "mlir/Rewrite/FrozenRewritePatternSet.h"

#include <string>

namespace hardwire {

/// A kind of transformation, in the order in which a sequence applies them.
enum class Kind : unsigned {
  Fuse,
  Hoist,
  Interchange,
  Tile,
  Jam,
  Vectorize,
  Unroll
};

inline constexpr Kind allKinds[] = {
    Kind::Fuse, Kind::Hoist,     Kind::Interchange, Kind::Tile,
    Kind::Jam,  Kind::Vectorize, Kind::Unroll};

/// Its name in options, scripts and reports.
llvm::StringRef nameOf(Kind kind);

/// One transformation of a nest.
struct Step {
  Kind kind;
  /// The loop, by its place in preorder.
  unsigned loop = 0;
  /// Fuse: the number of shared loops of the nest at `loop` and the next one.
  /// Unroll, jam: the factor (0 for a full unroll). Vectorize: the width. Tile:
  /// the size for each loop of the band. Interchange: for each place of the
  /// band from outside, the loop that comes there.
  llvm::SmallVector<int64_t, 4> numbers;
};

using Sequence = llvm::SmallVector<Step, 4>;

/// `unroll:0:4`, `unroll:1:full`, `tile:0:8x8`, `fuse:0:2`, `hoist`.
std::string spell(const Step &step);
/// Steps joined by `+`; `keep` if there is none.
std::string spell(llvm::ArrayRef<Step> sequence);
/// Reads what `spell` writes; nothing if it is malformed.
std::optional<Sequence> parseSequence(llvm::StringRef text);

/// The numbers that are tried.
struct Choices {
  llvm::SmallVector<Kind> kinds;
  llvm::SmallVector<int64_t> unroll = {2, 4, 8};
  llvm::SmallVector<int64_t> jam = {2, 4};
  llvm::SmallVector<int64_t> tile = {8, 16, 32};
  llvm::SmallVector<int64_t> widths = {4, 8, 16};
  /// Most operations of a loop after a full unroll.
  int64_t fullUnrollOps = 256;
};

/// The steps that could follow a sequence on a nest, legal or not.
llvm::SmallVector<Step> proposals(mlir::func::FuncOp nest,
                                  const Choices &choices,
                                  llvm::ArrayRef<Step> before);

/// Why a step must not be taken.
Refusal check(const Step &step, mlir::func::FuncOp nest,
              llvm::ArrayRef<Root> roots, const LegalityOptions &options);

/// The canonicalisations of all loaded dialects; made once for many nests.
mlir::FrozenRewritePatternSet canonicalPatterns(mlir::MLIRContext *context);

/// Canonicalises a nest, so that candidates differ by their steps alone.
void simplify(mlir::func::FuncOp nest,
              const mlir::FrozenRewritePatternSet &patterns);

/// Takes a step that `check` allows, and simplifies. Fails if upstream does
/// not support it or its result does not verify; the nest is then of no use.
mlir::LogicalResult apply(const Step &step, mlir::func::FuncOp nest,
                          llvm::ArrayRef<Root> roots,
                          const LegalityOptions &options,
                          const mlir::FrozenRewritePatternSet &patterns);

/// Takes a step that `check` allows, without simplifying.
mlir::LogicalResult takeStep(const Step &step, mlir::func::FuncOp nest,
                             llvm::ArrayRef<Root> roots,
                             const LegalityOptions &options);

/// Keeps upstream's diagnostics of this thread away from the user: a
/// transformation that is not supported is no error of the input.
class Silence {
public:
  explicit Silence(mlir::MLIRContext *context);

private:
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace hardwire

#endif // HARDWIRE_PASSES_STEPS_H
