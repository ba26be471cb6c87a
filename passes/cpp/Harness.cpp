//===- Harness.cpp - Comparing functions by running them ------------------===//

#include "Harness.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace hardwire {

/// The extent of dynamic dimensions and the value of index arguments: small,
/// so that an index argument is within the bounds of every static dimension
/// it may be used for.
static int64_t smallExtent(func::FuncOp func) {
  int64_t extent = 16;
  for (Type type : func.getArgumentTypes())
    if (auto memref = dyn_cast<MemRefType>(type))
      for (int64_t size : memref.getShape())
        if (!ShapedType::isDynamic(size))
          extent = std::min(extent, size);
  return extent;
}

static bool isRunnableElement(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.isSignless() && integer.getWidth() <= 64;
  return type.isIndex() || type.isF16() || type.isBF16() || type.isF32() ||
         type.isF64();
}

std::string whyNotRun(func::FuncOp func) {
  for (Type type : func.getArgumentTypes()) {
    auto memref = dyn_cast<MemRefType>(type);
    if (memref && memref.getLayout().isIdentity() && !memref.getMemorySpace() &&
        isRunnableElement(memref.getElementType()))
      continue;
    if (isRunnableElement(type))
      continue;
    std::string text = "an argument has the type ";
    llvm::raw_string_ostream(text) << type;
    return text;
  }
  for (Type type : func.getResultTypes())
    if (!isRunnableElement(type)) {
      std::string text = "a result has the type ";
      llvm::raw_string_ostream(text) << type;
      return text;
    }
  return "";
}

namespace {

/// Writes the program.
class Writer {
public:
  Writer(const HarnessOptions &options) : options(options), os(text) {}

  std::string write(ModuleOp module, ArrayRef<Comparison> comparisons);

private:
  void copy(func::FuncOp func, StringRef name);
  void run(const Comparison &comparison, unsigned group, unsigned variant);
  std::string value(Type type, std::string bits);
  std::string differ(Type type, std::string a, std::string b);
  unsigned helpers(MemRefType type);
  void fill(MemRefType type, unsigned id);
  void compare(MemRefType type, unsigned id);
  unsigned openLoops(MemRefType type, StringRef memref);
  std::string next() { return "%v" + std::to_string(values++); }
  std::string constant(Type type, StringRef value);

  const HarnessOptions &options;
  std::string text;
  llvm::raw_string_ostream os;
  /// Element-wise helpers by buffer type.
  llvm::MapVector<Type, unsigned> types;
  unsigned values = 0;
};

} // namespace

std::string Writer::constant(Type type, StringRef value) {
  std::string name = next();
  os << "    " << name << " = arith.constant " << value << " : " << type
     << "\n";
  return name;
}

/// A value of a type from 64 random bits: floats from -2 to 2 in steps of
/// 1/256, integers from 0 to 15, which no arithmetic on small sizes overflows.
std::string Writer::value(Type type, std::string bits) {
  MLIRContext *context = type.getContext();
  Type i64 = IntegerType::get(context, 64);
  bool isFloat = isa<FloatType>(type);
  std::string mask = constant(i64, isFloat ? "1023" : "15");
  std::string small = next();
  os << "    " << small << " = arith.andi " << bits << ", " << mask
     << " : i64\n";
  std::string result = next();
  if (isFloat) {
    // 16-bit floats are made from 32-bit ones.
    bool isNarrow = type.isF16() || type.isBF16();
    Type wide = isNarrow ? Float32Type::get(context) : type;
    std::string half = constant(i64, "512"), centred = next(), real = next();
    os << "    " << centred << " = arith.subi " << small << ", " << half
       << " : i64\n";
    os << "    " << real << " = arith.sitofp " << centred << " : i64 to "
       << wide << "\n";
    std::string scale = constant(wide, "3.906250e-03");
    os << "    " << result << " = arith.mulf " << real << ", " << scale << " : "
       << wide << "\n";
    if (isNarrow) {
      std::string narrow = next();
      os << "    " << narrow << " = arith.truncf " << result << " : " << wide
         << " to " << type << "\n";
      return narrow;
    }
    return result;
  }
  if (type.isIndex())
    os << "    " << result << " = arith.index_cast " << small
       << " : i64 to index\n";
  else if (type.getIntOrFloatBitWidth() == 64)
    return small;
  else
    os << "    " << result << " = arith.trunci " << small << " : i64 to "
       << type << "\n";
  return result;
}

/// Whether two values differ, as an i64 of 0 or 1.
std::string Writer::differ(Type type, std::string a, std::string b) {
  std::string bit = next(), wide = next();
  if (!isa<FloatType>(type)) {
    os << "    " << bit << " = arith.cmpi ne, " << a << ", " << b << " : "
       << type << "\n";
  } else if (options.tolerance > 0) {
    // |a - b| > t (1 + |a|), by squares to need no absolute value.
    std::string d = next(), d2 = next(), a2 = next(), sum = next(),
                limit = next();
    os << "    " << d << " = arith.subf " << a << ", " << b << " : " << type
       << "\n    " << d2 << " = arith.mulf " << d << ", " << d << " : " << type
       << "\n    " << a2 << " = arith.mulf " << a << ", " << a << " : " << type
       << "\n";
    std::string one = constant(type, "1.0");
    std::string square;
    llvm::raw_string_ostream(square)
        << llvm::format("%.6e", options.tolerance * options.tolerance);
    std::string t = constant(type, square);
    os << "    " << sum << " = arith.addf " << a2 << ", " << one << " : "
       << type << "\n    " << limit << " = arith.mulf " << sum << ", " << t
       << " : " << type << "\n    " << bit << " = arith.cmpf ugt, " << d2
       << ", " << limit << " : " << type << "\n";
  } else {
    // Bits differ, and not both are NaN, whose payload MLIR leaves open.
    std::string bitsType =
        "i" + std::to_string(type.getIntOrFloatBitWidth());
    std::string x = next(), y = next(), ne = next(), n = next(), m = next(),
                both = next();
    os << "    " << x << " = arith.bitcast " << a << " : " << type << " to "
       << bitsType << "\n    " << y << " = arith.bitcast " << b << " : "
       << type << " to " << bitsType << "\n    " << ne << " = arith.cmpi ne, "
       << x << ", " << y << " : " << bitsType << "\n    " << n
       << " = arith.cmpf ord, " << a << ", " << a << " : " << type << "\n    "
       << m << " = arith.cmpf ord, " << b << ", " << b << " : " << type
       << "\n    " << both << " = arith.ori " << n << ", " << m
       << " : i1\n    " << bit << " = arith.andi " << ne << ", " << both
       << " : i1\n";
  }
  os << "    " << wide << " = arith.extui " << bit << " : i1 to i64\n";
  return wide;
}

/// Opens a loop for each dimension; returns how many.
unsigned Writer::openLoops(MemRefType type, StringRef memref) {
  os << "    %c0 = arith.constant 0 : index\n"
     << "    %c1 = arith.constant 1 : index\n";
  for (int64_t i = 0; i < type.getRank(); ++i)
    os << "    %n" << i << " = arith.constant " << i << " : index\n    %d" << i
       << " = memref.dim " << memref << ", %n" << i << " : " << type << "\n";
  for (int64_t i = 0; i < type.getRank(); ++i)
    os << "    scf.for %i" << i << " = %c0 to %d" << i << " step %c1 {\n";
  return type.getRank();
}

static std::string indices(MemRefType type) {
  std::string list;
  for (int64_t i = 0; i < type.getRank(); ++i)
    list += (i ? ", %i" : "%i") + std::to_string(i);
  return "[" + list + "]";
}

/// A function that fills a buffer by a hash of seed and subscripts.
void Writer::fill(MemRefType type, unsigned id) {
  os << "  func.func private @hw_fill" << id << "(%m: " << type
     << ", %seed: i64) {\n";
  unsigned loops = openLoops(type, "%m");
  Type i64 = IntegerType::get(type.getContext(), 64);
  std::string factor = constant(i64, "6364136223846793005");
  std::string hash = "%seed";
  for (unsigned i = 0; i < loops; ++i) {
    std::string index = next(), product = next(), sum = next(), high = next(),
                mixed = next();
    std::string shift = constant(i64, "29");
    os << "    " << index << " = arith.index_cast %i" << i
       << " : index to i64\n    " << sum << " = arith.addi " << hash << ", "
       << index << " : i64\n    " << product << " = arith.muli " << sum << ", "
       << factor << " : i64\n    " << high << " = arith.shrui " << product
       << ", " << shift << " : i64\n    " << mixed << " = arith.xori "
       << product << ", " << high << " : i64\n";
    hash = mixed;
  }
  std::string shift = constant(i64, "17"), high = next();
  os << "    " << high << " = arith.shrui " << hash << ", " << shift
     << " : i64\n";
  std::string element = value(type.getElementType(), high);
  os << "    memref.store " << element << ", %m" << indices(type) << " : "
     << type << "\n";
  for (unsigned i = 0; i < loops; ++i)
    os << "    }\n";
  os << "    return\n  }\n";
}

/// A function that counts the elements in which two buffers differ.
void Writer::compare(MemRefType type, unsigned id) {
  os << "  func.func private @hw_differ" << id << "(%a: " << type
     << ", %b: " << type << ", %count: memref<1xi64>) {\n"
     << "    %zero = arith.constant 0 : index\n";
  unsigned loops = openLoops(type, "%a");
  Type element = type.getElementType();
  os << "    %x = memref.load %a" << indices(type) << " : " << type
     << "\n    %y = memref.load %b" << indices(type) << " : " << type << "\n";
  std::string one = differ(element, "%x", "%y");
  os << "    %old = memref.load %count[%zero] : memref<1xi64>\n"
     << "    %new = arith.addi %old, " << one << " : i64\n"
     << "    memref.store %new, %count[%zero] : memref<1xi64>\n";
  for (unsigned i = 0; i < loops; ++i)
    os << "    }\n";
  os << "    return\n  }\n";
}

unsigned Writer::helpers(MemRefType type) {
  return types.insert({type, unsigned(types.size())}).first->second;
}

void Writer::copy(func::FuncOp func, StringRef name) {
  auto clone = cast<func::FuncOp>(func->clone());
  clone.setSymName(name);
  clone.setPrivate();
  clone->print(os, OpPrintingFlags().useLocalScope());
  os << "\n";
  clone->erase();
}

static std::string nameOf(unsigned group, int variant) {
  return "hw_" + std::to_string(group) +
         (variant < 0 ? "_original" : "_" + std::to_string(variant));
}

/// A function that runs the original and a variant and prints the count.
void Writer::run(const Comparison &comparison, unsigned group,
                 unsigned variant) {
  func::FuncOp func = comparison.original;
  int64_t extent = smallExtent(func);
  os << "  func.func private @hw_run_" << group << "_" << variant << "() {\n";
  os << "    %zero = arith.constant 0 : index\n"
     << "    %none = arith.constant 0 : i64\n"
     << "    %count = memref.alloc() : memref<1xi64>\n"
     << "    memref.store %none, %count[%zero] : memref<1xi64>\n";
  std::string size =
      constant(IndexType::get(func.getContext()), std::to_string(extent));
  Type i64 = IntegerType::get(func.getContext(), 64);
  SmallVector<std::string> arguments[2];
  llvm::DenseMap<Type, unsigned> first;
  for (auto [index, type] : llvm::enumerate(func.getArgumentTypes())) {
    auto shared = first.try_emplace(type, index);
    if (options.alias && !shared.second && isa<MemRefType>(type)) {
      for (auto &side : arguments)
        side.push_back(side[shared.first->second]);
      continue;
    }
    std::string seed = constant(
        i64, std::to_string(int64_t((options.seed * 1000003 + index * 7919) &
                                    0x7fffffffffff)));
    if (auto memref = dyn_cast<MemRefType>(type)) {
      unsigned id = helpers(memref);
      for (auto &side : arguments) {
        std::string buffer = next();
        os << "    " << buffer << " = memref.alloc(";
        for (unsigned i = 0; i < memref.getNumDynamicDims(); ++i)
          os << (i ? ", " : "") << size;
        os << ") : " << memref << "\n    func.call @hw_fill" << id << "("
           << buffer << ", " << seed << ") : (" << memref << ", i64) -> ()\n";
        side.push_back(buffer);
      }
      continue;
    }
    std::string scalar = type.isIndex() ? size : value(type, seed);
    for (auto &side : arguments)
      side.push_back(scalar);
  }
  SmallVector<std::string> results[2];
  for (int side = 0; side < 2; ++side) {
    os << "    ";
    for (unsigned i = 0; i < func.getNumResults(); ++i) {
      results[side].push_back(next());
      os << (i ? ", " : "") << results[side].back();
    }
    os << (func.getNumResults() ? " = " : "") << "func.call @"
       << nameOf(group, side == 0 ? -1 : int(variant)) << "("
       << llvm::join(arguments[side], ", ") << ") : " << func.getFunctionType()
       << "\n";
  }
  for (auto [type, a, b] :
       llvm::zip(func.getArgumentTypes(), arguments[0], arguments[1]))
    if (auto memref = dyn_cast<MemRefType>(type))
      os << "    func.call @hw_differ" << helpers(memref) << "(" << a << ", "
         << b << ", %count) : (" << memref << ", " << memref
         << ", memref<1xi64>) -> ()\n";
  std::string total = next();
  os << "    " << total << " = memref.load %count[%zero] : memref<1xi64>\n";
  for (auto [type, a, b] :
       llvm::zip(func.getResultTypes(), results[0], results[1])) {
    std::string one = differ(type, a, b), sum = next();
    os << "    " << sum << " = arith.addi " << total << ", " << one
       << " : i64\n";
    total = sum;
  }
  os << "    vector.print " << total << " : i64\n    return\n  }\n";
}

std::string Writer::write(ModuleOp module, ArrayRef<Comparison> comparisons) {
  os << "module {\n";
  bool calls = module.walk([](func::CallOp) { return WalkResult::interrupt(); })
                   .wasInterrupted();
  for (Operation &op : module.getBody()->getOperations()) {
    auto func = dyn_cast<func::FuncOp>(op);
    if (func && (func.getSymName() == "main" || (func.isPublic() && !calls)))
      continue;
    op.print(os, OpPrintingFlags().useLocalScope());
    os << "\n";
  }
  for (auto [group, comparison] : llvm::enumerate(comparisons)) {
    copy(comparison.original, nameOf(group, -1));
    for (auto [variant, func] : llvm::enumerate(comparison.variants)) {
      copy(func, nameOf(group, variant));
      run(comparison, group, variant);
    }
  }
  for (auto [type, id] : types) {
    fill(cast<MemRefType>(type), id);
    compare(cast<MemRefType>(type), id);
  }
  os << "  func.func @main() {\n";
  for (auto [group, comparison] : llvm::enumerate(comparisons))
    for (unsigned i = 0; i < comparison.variants.size(); ++i)
      os << "    func.call @hw_run_" << group << "_" << i << "() : () -> ()\n";
  os << "    return\n  }\n}\n";
  return text;
}

std::string harness(ModuleOp module, ArrayRef<Comparison> comparisons,
                    const HarnessOptions &options) {
  return Writer(options).write(module, comparisons);
}

} // namespace hardwire
