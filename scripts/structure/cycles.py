"""Import cycles between the files of a crate.

File A depends on file B if A names an item that B defines. Re-exports (`pub use child::Item`) are followed to the
file that defines the item, and are no dependency of the file that only re-exports. A cycle is a strongly connected
component of more than one file.
"""

import re

import rust_source

ITEM = re.compile(r"\b(?:fn|struct|enum|trait|type|const|static|union|macro_rules!)\s+(?:mut\s+)?(\w+)")
MODULE = re.compile(r"\bmod\s+\w+\s*;")
USE = re.compile(r"(pub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);")


class Crate:
    """The files of a crate and what each names."""

    def __init__(self, source):
        self.files = rust_source.modules(source)
        code = {module: open(file, encoding="utf-8").read() for module, file in self.files.items()}
        code = {module: rust_source.without_test_modules(rust_source.scan(text)[0]) for module, text in code.items()}
        self.items = {module: set(ITEM.findall(text)) for module, text in code.items()}
        self.uses = {
            module: [(bool(public), path, name) for public, tree in USE.findall(text) for path, name in rust_source.use_paths(tree)]
            for module, text in code.items()
        }
        self.bodies = {module: MODULE.sub("", USE.sub("", text)) for module, text in code.items()}

    def absolute(self, module, path):
        """`path` as seen in `module`, from the root of the crate; `None` for other crates."""
        path = list(path)
        if not path:
            return None
        if path[0] == "crate":
            return path[1:]
        if path[0] == "self":
            return list(module) + path[1:]
        base = list(module)
        if path[0] == "super":
            while path and path[0] == "super":
                if not base:
                    return None
                base, path = base[:-1], path[1:]
            return base + path
        return base + path if tuple(base + path[:1]) in self.files else None

    def definer(self, module, path, seen=frozenset()):
        """The module whose file defines what `path` names."""
        full = self.absolute(module, path)
        if full is None:
            return None
        length = next(n for n in range(len(full), -1, -1) if tuple(full[:n]) in self.files)
        owner, rest = tuple(full[:length]), full[length:]
        if rest and (owner, rest[0]) not in seen and rest[0] not in self.items[owner]:
            seen = seen | {(owner, rest[0])}
            for _, target, name in self.uses[owner]:
                target = target[:-1] if name == "*" else target
                if name == rest[0] or name == "*":
                    found = self.definer(owner, target + (rest if name == "*" else rest[1:]), seen)
                    if found is not None and (name != "*" or rest[0] in self.items[found]):
                        return found
        return owner

    def dependencies(self, module):
        """Modules whose files `module`'s file depends on."""
        body = self.bodies[module]
        paths = [p for public, p, name in self.uses[module] if not public or re.search(rf"\b{re.escape(name)}\b", body)]
        paths += [p.split("::") for p in re.findall(r"\b(?:crate|self|super)(?:::\w+)+", body)]
        paths += [p.split("::") for p in re.findall(r"(?<![\w:])[a-z_]\w*(?:::\w+)+", body)]
        paths = [p[:-1] if p and p[-1] in ("*", "self") else p for p in paths]
        return {found for p in paths if (found := self.definer(module, p)) is not None and found != module}

    def cycles(self):
        """Strongly connected components of more than one module (Kosaraju's algorithm)."""
        forward = {module: sorted(self.dependencies(module)) for module in sorted(self.files)}
        backward = {module: [] for module in forward}
        for module, targets in forward.items():
            for target in targets:
                backward[target].append(module)

        def reach(start, edges, done):
            order, stack = [], [(start, iter(edges[start]))]
            done.add(start)
            while stack:
                node, following = stack[-1]
                after = next((n for n in following if n not in done), None)
                if after is None:
                    order.append(node)
                    stack.pop()
                else:
                    done.add(after)
                    stack.append((after, iter(edges[after])))
            return order

        finished, done = [], set()
        for module in forward:
            if module not in done:
                finished += reach(module, forward, done)
        components, done = [], set()
        for module in reversed(finished):
            if module not in done:
                components.append(sorted(reach(module, backward, done)))
        return [(c, [(a, b) for a in c for b in forward[a] if b in c]) for c in components if len(c) > 1]


def report(source):
    """Lines that describe the cycles of a crate, none if there are none."""
    named = lambda module: "::".join(module) or "the crate's root"
    lines = []
    for component, edges in Crate(source).cycles():
        lines.append(f"{source}: import cycle between {', '.join(map(named, component))}")
        lines += [f"    {named(a)} uses {named(b)}" for a, b in edges]
    return lines
