"""Families and pieces: the declarations of the generator files, and the plan of all graphs.

A piece is a function of a `Draw` that returns a JAX function and the shapes of its arguments. Planning traces nothing,
so a plan of thousands of graphs takes less than a second, and every worker repeats it.
"""

import hashlib
from dataclasses import dataclass, field

from draw import Draw

# Most draws for a kernel that is not in the plan yet; a piece with few choices has fewer kernels.
MOST_REPEATS = 40


@dataclass(frozen=True)
class Arg:
    """An argument of a graph: its shape in elements, and its type if it is not the graph's floating-point type."""

    shape: tuple
    dtype: str | None = None


def i32(*shape):
    """A 32-bit integer argument."""
    return Arg(shape, "i32")


def i8(*shape):
    """An 8-bit integer argument."""
    return Arg(shape, "i8")


def i1(*shape):
    """A mask argument."""
    return Arg(shape, "i1")


def f32(*shape):
    """An argument in single precision for any type of the graph: master weights, statistics, scales."""
    return Arg(shape, "f32")


@dataclass(frozen=True)
class Piece:
    """A generator of graphs."""

    name: str
    build: object
    weight: int
    whole: bool
    backward: bool
    dtypes: tuple


@dataclass
class Family:
    """Pieces that belong to one kind of model or operation."""

    name: str
    graphs: int
    pieces: list = field(default_factory=list)

    def piece(self, weight=2, whole=False, backward=False, dtypes=()):
        """Declares a piece: its share within the family, whether it is a whole model block, whether its
        vector-Jacobian product is emitted as a piece too, and the only types it is emitted in (all if empty)."""

        def declare(build):
            self.pieces.append(Piece(build.__name__, build, weight, whole, False, tuple(dtypes)))
            if backward:
                self.pieces.append(
                    Piece(build.__name__ + "_backward", build, max(1, weight // 2), whole, True, tuple(dtypes))
                )
            return build

        return declare


@dataclass(frozen=True)
class Graph:
    """A planned graph: what is needed to build it again from the seed."""

    family: str
    piece: Piece
    kernel: str
    key: str
    dtype: str

    @property
    def id(self):
        return f"{self.kernel}/{self.dtype}"

    def realise(self):
        """The JAX function and its arguments."""
        return self.piece.build(Draw(self.key))


def plan_family(family, seed, share):
    """The graphs of one family, `share` of its full count, in order of declaration."""
    total_weight = sum(p.weight for p in family.pieces)
    graphs = []
    for piece in family.pieces:
        wanted = max(1, round(family.graphs * share * piece.weight / total_weight))
        seen = set()
        for attempt in range(wanted * MOST_REPEATS):
            if len(seen) >= wanted:
                break
            # A piece and its backward pass draw the same kernels, so that they can be compared.
            key = f"{seed}/{family.name}/{piece.build.__name__}/{attempt}"
            draw = Draw(key)
            piece.build(draw)
            kernel = f"{family.name}/{piece.name}/{draw.name}"
            if kernel in seen:
                continue
            seen.add(kernel)
            first = draw.choose(piece.dtypes) if piece.dtypes else draw.dtype()
            dtypes = [first]
            if not piece.dtypes and not piece.whole and draw.chance(0.15):
                dtypes.append(draw.choose([d for d in ("f32", "bf16", "f16") if d != first]))
            graphs.extend(Graph(family.name, piece, kernel, key, d) for d in dtypes)
    return graphs


def plan(families, seed, share=1.0):
    """Every graph of the corpus, sorted by identifier."""
    graphs = [g for f in families for g in plan_family(f, seed, share)]
    graphs.sort(key=lambda g: g.id)
    return graphs


def coin(seed, identifier, purpose):
    """A number in [0, 1) that is a hash of the arguments, for choices after planning."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{identifier}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
