"""Seeded choices of shapes and options, used by every family.

A family uses no random generator of its own: it draws batches, widths and sequence lengths from a `Draw`, which
records them. The record names the kernel, so two kernels with the same name have the same architecture and the same
shapes. Dimensions in elements: those of published models (768, 1024, 4096, 2880, ...), powers of two, and sizes that
are not multiples of a vector length (37, 197, 1000).
"""

import random

BATCHES = (1, 1, 1, 2, 3, 4, 8, 16, 32)
WIDTHS = (
    32, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 576, 640, 768, 896, 1024, 1280, 1536, 2048, 2304, 2560,
    2880, 3072, 4096, 5120, 8192, 37, 61, 100, 127, 251, 300, 509, 1000,
)
CHANNELS = (3, 8, 12, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 256, 320, 384, 512, 17, 29, 67)
IMAGES = (4, 7, 8, 13, 14, 16, 20, 28, 32, 40, 48, 56, 64, 96, 112, 128, 224)
SEQUENCES = (8, 16, 24, 32, 49, 50, 64, 77, 100, 128, 196, 197, 256, 300, 384, 512, 577, 1024, 1500, 2048)
HEADS = (1, 2, 3, 4, 6, 8, 12, 16, 20, 32)
HEAD_WIDTHS = (16, 24, 32, 40, 64, 80, 96, 128)
VOCABULARIES = (101, 256, 1000, 8192, 10007, 30522, 32000, 50257)
STEPS = (2, 3, 4)

# Weights of the floating-point types; models are trained and served in all three.
FLOATS = ("f32",) * 6 + ("bf16",) * 3 + ("f16",) * 2


class Draw:
    """The choices of one kernel, in the order of the calls."""

    def __init__(self, key):
        self._random = random.Random(key)
        self._chosen = []

    @property
    def name(self):
        """All choices as one word, e.g. `b8-i768-o3072-actrelu`."""
        return "-".join(self._chosen) or "fixed"

    def pick(self, name, options):
        """One of `options`, recorded under `name`."""
        value = self._random.choice(options)
        self._chosen.append(f"{name}{value}".replace(" ", "").replace("-", "m"))
        return value

    def dtype(self):
        """A floating-point type; not part of the kernel's name, since it is a variant of the kernel."""
        return self._random.choice(FLOATS)

    def chance(self, probability):
        """True with the given probability; not part of the kernel's name."""
        return self._random.random() < probability

    def choose(self, options):
        """One of `options`, not part of the kernel's name."""
        return self._random.choice(options)

    def batch(self, name="b"):
        return self.pick(name, BATCHES)

    def width(self, name="n", most=8192):
        return self.pick(name, tuple(w for w in WIDTHS if w <= most))

    def channels(self, name="c", most=512):
        return self.pick(name, tuple(c for c in CHANNELS if c <= most))

    def image(self, name="hw", least=4, most=224):
        return self.pick(name, tuple(i for i in IMAGES if least <= i <= most))

    def sequence(self, name="s", most=2048):
        return self.pick(name, tuple(s for s in SEQUENCES if s <= most))

    def heads(self, name="h", most=32):
        return self.pick(name, tuple(h for h in HEADS if h <= most))

    def head_width(self, name="d"):
        return self.pick(name, HEAD_WIDTHS)

    def vocabulary(self, name="v"):
        return self.pick(name, VOCABULARIES)

    def steps(self, name="t"):
        return self.pick(name, STEPS)

    def flag(self, name):
        return self.pick(name, (0, 1)) == 1

    def shape(self, ranks=(1, 2, 3), name="x"):
        """A shape of an activation of one of the given ranks: (n), (batch, n), (batch, sequence, n), NHWC."""
        rank = self.pick(name, ranks)
        if rank == 1:
            return (self.width(),)
        if rank == 2:
            return (self.batch(), self.width())
        if rank == 3:
            return (self.batch(), self.sequence(), self.width())
        side = self.image()
        return (self.batch(), side, side, self.channels())
