"""Converts `stablehlo.while` to `scf.while`, which the conversion to linalg does not do.

Works on the generic form, where both have a condition region and a body region over the same values, and only the
terminators differ: the condition yields a scalar and forwards its values, the body yields them. Results of the body are
copied into the loop's values before they are yielded, because bufferisation needs one buffer for each.
"""

import re

OPEN = re.compile(r'"stablehlo\.while"')
RETURN = re.compile(r'^(\s*)"stablehlo\.return"\(([^)]*)\) : \(([^)]*)\) -> \(\)$')
BLOCK = re.compile(r"^\s*\^bb\d+\((.*)\):$")


def rewrite(text):
    """The module with every `stablehlo.while` replaced; a text without one is returned unchanged."""
    lines = text.splitlines()
    # Per open loop: the region it is in (0 condition, 1 body), the arguments of that region's block, its indentation.
    stack = []
    fresh = 0
    for number, line in enumerate(lines):
        if OPEN.search(line):
            stack.append({"region": 0, "arguments": None, "indent": len(line) - len(line.lstrip())})
            lines[number] = OPEN.sub('"scf.while"', line)
            continue
        if not stack:
            continue
        loop = stack[-1]
        indent = len(line) - len(line.lstrip())
        block = BLOCK.match(line)
        if block and indent == loop["indent"]:
            loop["arguments"] = [a.rsplit(": ", 1) for a in _split(block.group(1))]
            continue
        returned = RETURN.match(line)
        if returned and indent == loop["indent"] + 2:
            space, values, types = returned.groups()
            if loop["region"] == 0:
                names = ", ".join(a[0] for a in loop["arguments"])
                kinds = ", ".join(a[1] for a in loop["arguments"])
                flag = f"%loop_condition_{fresh}"
                fresh += 1
                lines[number] = (
                    f'{space}{flag} = "tensor.extract"({values}) : ({types}) -> i1\n'
                    f'{space}"scf.condition"({flag}, {names}) : (i1, {kinds}) -> ()'
                )
            else:
                copies, carried = [], []
                kept = [a[0] for a in loop["arguments"]]
                for value, kind, own in zip(values.split(", "), _split(types), kept, strict=True):
                    if value == own:
                        carried.append(value)
                        continue
                    carried.append(f"%loop_carried_{fresh}")
                    copies.append(f"{space}{carried[-1]} = {_copy(value, own, kind)}")
                    fresh += 1
                copies.append(f'{space}"scf.yield"({", ".join(carried)}) : ({types}) -> ()')
                lines[number] = "\n".join(copies)
            continue
        if indent == loop["indent"] and line.strip().startswith("}, {"):
            loop["region"] = 1
        elif indent == loop["indent"] and line.strip().startswith("})"):
            stack.pop()
    return "\n".join(lines) + "\n"


def _copy(value, into, kind):
    """`linalg.copy` of one tensor into another of the same type."""
    element = kind[: -1].rsplit("x", 1)[-1].removeprefix("tensor<")
    return (
        f'"linalg.copy"({value}, {into}) <{{operandSegmentSizes = array<i32: 1, 1>}}> ({{\n'
        f"^bb0(%from: {element}, %to: {element}):\n"
        f'"linalg.yield"(%from) : ({element}) -> ()\n'
        f"}}) : ({kind}, {kind}) -> {kind}"
    )


def _split(arguments):
    """Splits a list such as `%a: tensor<2xf32>, %b: i1` at its top-level commas."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(arguments):
        depth += character in "<({"
        depth -= character in ">)}"
        if character == "," and depth == 0:
            parts.append(arguments[start:index].strip())
            start = index + 1
    parts.append(arguments[start:].strip())
    return parts
