"""Rust source as far as the structure checks read it: comments and literals blanked, `use` trees, modules."""

import os
import re

RAW_STRING = re.compile(r'b?r(#*)"')
CHARACTER = re.compile(r"b?'(\\[^']+|[^\\'])'")
TEST_MODULE = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*mod\s+\w+\s*\{")


def scan(text):
    """Splits `text` into code and string literals.

    Returns the code with comments, strings and characters blanked (same length, same lines), and the string
    literals as `(offset, content)`.
    """
    code, strings, at = [], [], 0

    def blank(end):
        code.append(re.sub(r"[^\n]", " ", text[at:end]))
        return end

    while at < len(text):
        if text.startswith("//", at):
            end = text.find("\n", at)
            at = blank(len(text) if end < 0 else end)
        elif text.startswith("/*", at):
            end = text.find("*/", at)
            at = blank(len(text) if end < 0 else end + 2)
        elif (raw := RAW_STRING.match(text, at)) and not (at and (text[at - 1].isalnum() or text[at - 1] == "_")):
            closing = '"' + raw.group(1)
            end = text.find(closing, raw.end())
            end = len(text) if end < 0 else end
            strings.append((at, text[raw.end() : end]))
            at = blank(min(end + len(closing), len(text)))
        elif text[at] == '"':
            end = at + 1
            while end < len(text) and text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            strings.append((at, text[at + 1 : end]))
            at = blank(min(end + 1, len(text)))
        elif character := CHARACTER.match(text, at):
            at = blank(character.end())
        else:
            code.append(text[at])
            at += 1
    return "".join(code), strings


def test_modules(code):
    """Ranges of offsets of `#[cfg(test)] mod name { .. }` in blanked code."""
    ranges, at = [], 0
    while module := TEST_MODULE.search(code, at):
        depth, at = 1, module.end()
        while at < len(code) and depth:
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            at += 1
        ranges.append((module.start(), at))
    return ranges


def without_test_modules(code):
    """`code` with its test modules removed."""
    for start, end in reversed(test_modules(code)):
        code = code[:start] + code[end:]
    return code


def use_paths(tree):
    """The paths of a `use` tree, each as `(segments, name in scope)`."""
    tree = tree.strip()
    group = re.match(r"(.*?)\{(.*)\}$", tree, re.S)
    if group:
        prefix = [part.strip() for part in group.group(1).strip().split("::") if part.strip()]
        parts, depth, part = [], 0, ""
        for character in group.group(2) + ",":
            depth += {"{": 1, "}": -1}.get(character, 0)
            if character == "," and depth == 0:
                parts.append(part)
                part = ""
            else:
                part += character
        return [(prefix + path, name) for p in parts if p.strip() for path, name in use_paths(p)]
    path, _, alias = tree.partition(" as ")
    segments = [part.strip() for part in path.split("::") if part.strip()]
    return [(segments, alias.strip() or (segments[-1] if segments else ""))]


def modules(source):
    """The modules of a crate's source folder: module path (a tuple) to file."""
    found = {}
    for folder, _, files in sorted(os.walk(source)):
        for file in sorted(files):
            if file.endswith(".rs"):
                path = os.path.relpath(os.path.join(folder, file), source)[:-3].split(os.sep)
                if path[-1] == "mod":
                    path = path[:-1]
                if path in (["lib"], ["main"]):
                    path = []
                found.setdefault(tuple(path), os.path.join(folder, file))
    return found
