"""Random hostile command lines for `hardwire`: exit codes, time and memory.

Every command line is drawn from a seed: commands and options as `--help` lists them, values that are plausible, extreme or malformed. Each
runs in an empty folder of its own with a limit on address space and time. A fault is an exit code other than 0, 1 or 2, a limit that
was hit, or a panic in the messages.

    python3 -B scripts/hostile/run.py target/debug/hardwire --lines 5000 --seed 1
"""

import argparse
import concurrent.futures
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

SECONDS = 20
BYTES = 2 << 30
# Threads reserve address space for stacks and allocator arenas that they never touch, so the limit on address space is wider than
# that on memory in use, which is measured after the run.
ADDRESS_SPACE = 6 << 30

# Commands that run for hours on valid arguments, start servers or label with LLVM: they get hostile values only in ways that stop them
# before that, i.e. input files that cannot be read.
LONG = {("train",), ("evaluate",), ("dataset", "build"), ("dataset", "label"), ("dataset", "kernels"), ("dataset", "verify"), ("dataset", "compare-parsers")}
# Standard input is empty, so these end at once.
HIDDEN = {("dataset", "worker"), ("dataset", "passes")}

TARGETS = ["znver4", "skylake-avx512", "gfx942", "gfx1100", "sm_90"]
NUMBERS = ["0", "-0", "1", "-1", "2", "3", "7", "0.5", "-0.5", "1e-308", "1e308", "-1e308", "1e999", "NaN", "nan", "inf", "-inf", "1e-9",
           "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
           "340282366920938463463374607431768211456", "9" * 400, "0x10", "1_000", "1,5", "٣", "1e", "--", "+1", " 1 ", "64", "1024", "65536"]
TEXTS = ["", " ", "\t", "\n", "\x01", "\x1b[31m", "\u202e", "é", "𝕏", "%s%n", "../..", "/", ".", "..", "/dev/null", "/dev/zero", "/proc/self/mem",
         "-", "a" * 5000, "[" * 3000, "{" * 3000, "'", "\"", "\\", "hnlpu ", "HNLPU", "hnlpu.toml", "*", "=", "a=b", "null", "true", "None"]
NAMES = ["hnlpu", "h100", "b200", "tpu-v7", "wse-3", "lp30", "n5", "n28", "n2", "gpt-oss-120b", "llama-3-1-8b", "qwen3-8b-fp8", "qwq-32b", "deepseek-v3",
         "kimi-k2", "economics:hnlpu", "masks:n5", "against:h100", "economics:wide", "published", "one-via", "all", "m8-m11", "m11-m8", "x"]
FILES = ["missing.toml", "missing/x.json", "folder", "folder.toml", "folder.json", "empty.toml", "empty.json", "empty.mlir", "deep.json", "deep.toml",
         "deep.mlir", "latin1.toml", "zeros.toml", "numbers.toml", "self.toml", "design.toml", "model.json", "huge.json", "kernel.mlir", "wide.mlir",
         "short.safetensors", "long.safetensors", "sweep.toml", "sweep-huge.toml", "fifo.toml", "out", "out/sub", "readonly/out"]
UNITS = ["", "GHz", "Hz", "MB", "TB", "GB/s", "ns", "s", "cycles", "mm2", "W", "J", "pJ", "furlongs", " GHz", "ghz", "KiB/s"]
PATHS = ["grid.rows", "grid.columns", "chip.clock", "hn_array.activation_bits", "hn_array.inputs_per_port", "hn_array.weight_capacity",
         "vex.lane_groups", "vex.kv_vectors_per_cycle", "vex.nonlinear_lanes", "vex.nonlinear_latency", "interconnect.link_bandwidth",
         "interconnect.hop_latency", "attention_buffer.capacity", "attention_buffer.banks", "attention_buffer.port_bits",
         "attention_buffer.latency", "attention_buffer.efficiency", "hbm.stacks", "hbm.stack_capacity", "hbm.stack_bandwidth",
         "hbm.serial_bandwidth", "hbm.read_latency", "mapping.link_element_bytes", "mapping.kv_element_bytes", "mapping.collective",
         "mapping.rotate_partners", "mapping.all_chip", "mapping.sliding_windows", "mapping.embedding", "mapping.embedding_bits",
         "mapping.experts", "mapping.sampling_candidates", "area.hn_array", "area.hbm_phy", "energy.hn_array.static_power",
         "energy.vex.per_event", "energy.system_factor", "model", "node", "summary", "wafer.usd", "wafer.diameter_mm", "reticle.mm2",
         "yield.model", "yield.fixed", "yield.defects_per_cm2", "yield.alpha", "masks.set_usd", "memory.usd_per_gb", "system.kw_per_chip",
         "system.utilization", "facility.pue", "facility.step_mw", "facility.hours_per_year", "carbon.kg_per_module", "dies.edge_mm",
         "extends", "", ".", "a", "a.b.c", "grid", "grid.rows.x", "x" * 3000]
WORDS = ["direct", "ring", "two-phase", "halving-doubling", "honoured", "ignored", "hbm", "none", "cut", "whole", "auto", "true", "false",
         "hierarchical", "murphy", "seeds", "bose-einstein"]


def prepare(folder):
    """The files that command lines name."""
    def write(name, data):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
    for name in ["folder", "folder.toml", "folder.json", "readonly"]:
        os.mkdir(os.path.join(folder, name))
    for name in ["empty.toml", "empty.json", "empty.mlir"]:
        write(name, "")
    write("deep.json", "[" * 100_000)
    write("deep.toml", "a = " + "[" * 100_000)
    write("deep.mlir", "func.func @f() {" + "scf.execute_region {" * 3000)
    write("latin1.toml", b"summary = \"\xe9\"\n")
    write("zeros.toml", b"\0" * 10_000)
    write("numbers.toml", "extends = \"hnlpu\"\n[grid]\nrows = nan\ncolumns = inf\n[chip]\nclock = \"1e308 GHz\"\n")
    write("self.toml", "extends = \"self.toml\"\n")
    write("design.toml", "extends = \"hnlpu\"\n[interconnect]\nlink_bandwidth = \"256 GB/s\"\n")
    model = ('{"model_type": "llama", "hidden_size": %s, "intermediate_size": 512, "num_hidden_layers": %s, "num_attention_heads": 4, '
             '"num_key_value_heads": 2, "vocab_size": 1000, "max_position_embeddings": 4096}')
    write("model.json", model % ("256", "4"))
    write("huge.json", model % ("1e308", "99999999999999999999"))
    write("kernel.mlir", "func.func @f(%a: memref<64xf32>) {\n  affine.for %i = 0 to 64 {\n    %x = affine.load %a[%i] : memref<64xf32>\n"
                         "    affine.store %x, %a[%i] : memref<64xf32>\n  }\n  return\n}\n")
    lines = "".join(f"  %{i + 1} = arith.addi %{i}, %{i} : i64\n" for i in range(5000))
    write("wide.mlir", f"func.func @f(%0: i64) -> i64 {{\n{lines}  return %5000 : i64\n}}\n")
    write("short.safetensors", b"\x01\x02")
    write("long.safetensors", b"\xff" * 64)
    write("sweep.toml", "[base]\ndesign = \"hnlpu\"\n[axes]\n\"hbm.stacks\" = [2, 4]\n")
    write("sweep-huge.toml", "[base]\ndesign = \"hnlpu\"\n[axes]\n\"hbm.stacks\" = { from = 1, to = 1e308, steps = 999999999999 }\n")
    os.mkfifo(os.path.join(folder, "fifo.toml"))


def help_of(binary, words):
    return subprocess.run([binary, *words, "--help"], capture_output=True, text=True, check=False, timeout=120).stdout


def commands(binary):
    """Every command with its options, each `(flag, takes a value, possible values)`, and its number of positional arguments."""
    found = {}
    queue = [()]
    while queue:
        words = queue.pop()
        text = help_of(binary, words)
        inside = re.search(r"^Commands:\n((?:  .*\n|\n)*)", text, re.M)
        names = re.findall(r"^  ([a-z][a-z-]*)", inside.group(1), re.M) if inside else []
        queue += [(*words, name) for name in names if name != "help"]
        options = []
        for block in re.split(r"\n(?=  +-)", text[text.find("Options:"):]):
            flag = re.match(r"\s*(?:Options:\n)?\s*(?:-\w, )?(--[a-z-]+)((?: <| \[|=)[^\n]*)?", block)
            if flag and flag.group(1) not in ("--help", "--version"):
                values = re.findall(r"^\s+- ([a-z0-9-]+):", block, re.M)
                listed = re.search(r"\[possible values: ([^\]]*)\]", block)
                values += listed.group(1).split(", ") if listed else []
                options.append((flag.group(1), flag.group(2) is not None, values))
        usage = re.search(r"^Usage: .*$", text, re.M)
        positional = len(re.findall(r"[<\[][A-Z_]+[>\]]", re.sub(r"--\S+ <[^>]*>|\[OPTIONS\]|<COMMAND>|\[COMMAND\]", "", usage.group(0)))) if usage else 0
        if words and (options or not names):
            found[words] = (options, positional)
    for words in HIDDEN:
        found[words] = ([], 0)
    return dict(sorted(found.items()))


def setting(rng):
    value = rng.choice([rng.choice(NUMBERS) + rng.choice(UNITS), rng.choice(WORDS), rng.choice(TEXTS), rng.choice(NAMES),
                        str(rng.randrange(1, 65)), rng.choice(NUMBERS) + ".." + rng.choice(NUMBERS)])
    return rng.choice(PATHS) + rng.choice(["=", "=", "=", "=", "=", "", "==", " = "]) + value


def value(rng, flag, choices):
    if flag == "--set" and rng.random() < 0.95:
        return setting(rng)
    if flag == "--target" and rng.random() < 0.7:
        return rng.choice(TARGETS)
    if choices and rng.random() < 0.7:
        return rng.choice(choices)
    return rng.choice([lambda: rng.choice(NUMBERS), lambda: rng.choice(TEXTS), lambda: rng.choice(NAMES), lambda: rng.choice(FILES),
                       lambda: str(rng.randrange(1, 300))])()


def line(rng, known):
    """One command line. A NUL cannot be an argument."""
    words = rng.choice(list(known))
    options, positional = known[words]
    arguments = list(words)
    # Mostly plausible input, so that what comes after reading it is reached as well.
    fitting = {"ir": ["kernel.mlir", "wide.mlir"], "predict": ["kernel.mlir", "wide.mlir"], "explain": ["kernel.mlir", "wide.mlir"],
               "calibrate": ["kernel.mlir"], "sweep": ["sweep.toml"], "reproduce": ["hnlpu"]}
    plausible = fitting.get(words[0], ["hnlpu", "hnlpu", "design.toml", "llama-3-1-8b", "model.json"])
    for _ in range(positional if rng.random() < 0.9 else rng.randrange(4)):
        broken = words in LONG or rng.random() < 0.4
        arguments.append(rng.choice(FILES + TEXTS + NAMES if broken else plausible))
    if words == ("serve",):
        # A server on a socket runs until it is told to stop: only sockets that cannot be made.
        options = [option for option in options if option[0] != "--socket"]
        if rng.random() < 0.5:
            arguments += ["--socket", rng.choice(["", "folder", "/", "missing/socket", "s" * 5000, "empty.json", "\n/x"])]
    for flag, takes, choices in rng.sample(options, min(len(options), rng.choice([0, 1, 1, 2, 2, 3, 5]))):
        arguments += [flag, value(rng, flag, choices)] if takes else [flag]
    # A sweep or report needs a folder to write to; without it nothing is reached.
    if "--out" in [flag for flag, *_ in options] and "--out" not in arguments and rng.random() < 0.8:
        arguments += ["--out", "out"]
    if words in LONG:
        for flag, _, _ in options:
            if flag in ("--corpus", "--dir", "--framework"):
                arguments += [flag, rng.choice(["missing.parquet", "folder", "empty.json", "zeros.toml", ""])]
    if rng.random() < 0.03:
        arguments.insert(rng.randrange(len(arguments) + 1), rng.choice(TEXTS + NUMBERS))
    return [argument.replace("\0", "") for argument in arguments]


def limits():
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(binary, number, arguments):
    """What is wrong with a command line; `None` if nothing is. Also its time and memory."""
    folder = tempfile.mkdtemp(prefix="hostile-")
    try:
        prepare(folder)
        with open(os.path.join(folder, "stderr"), "wb") as errors:
            started = time.monotonic()
            child = subprocess.Popen([binary, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                                     preexec_fn=limits, start_new_session=False)
            # A busy machine runs a command late: what counts is the less of elapsed and processor time, and waiting without end.
            deadline = started + 3 * SECONDS
            usage = None
            while True:
                pid, status, usage = os.wait4(child.pid, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() > deadline:
                    os.killpg(child.pid, 9)
                    os.wait4(child.pid, 0)
                    child.returncode = -9
                    return number, arguments, f"still running after {3 * SECONDS} s", 3 * SECONDS, 0, ""
                time.sleep(0.005)
            code = os.waitstatus_to_exitcode(status)
            child.returncode = code
        seconds = min(time.monotonic() - started, usage.ru_utime + usage.ru_stime)
        memory = usage.ru_maxrss * 1024
        with open(os.path.join(folder, "stderr"), "rb") as errors:
            text = errors.read(1 << 16).decode(errors="replace")
        fault = None
        if code not in (0, 1, 2):
            fault = f"exit code {code}"
        elif "panicked" in text:
            fault = "panic"
        elif seconds > SECONDS:
            fault = f"{seconds:.0f} s"
        elif memory > BYTES:
            fault = f"{memory >> 20} MiB of memory"
        elif code != 0 and not text.strip() and "--check" not in arguments and arguments[:1] not in (["compare"], ["reproduce"]):
            fault = f"exit code {code} without a message"
        return number, arguments, fault, seconds, memory, text
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", type=int, help="run one line and print its messages")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    known = commands(binary)
    rng = random.Random(options.seed)
    lines = [line(rng, known) for _ in range(options.lines)]
    chosen = range(len(lines)) if options.only is None else [options.only]
    codes, slowest, largest, faults = {}, (0, None), (0, None), 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for number, arguments, fault, seconds, memory, text in pool.map(lambda n: run(binary, n, lines[n]), chosen):
            slowest, largest = max(slowest, (seconds, number)), max(largest, (memory, number))
            codes[fault or "ok"] = codes.get(fault or "ok", 0) + 1
            if fault or options.only is not None:
                faults += fault is not None
                shown = " ".join(repr(argument[:80]) for argument in arguments)
                print(f"line {number}: {fault}\n  hardwire {shown}\n  {text[:600].strip()}", flush=True)
    print(f"{len(chosen)} command lines of {len(known)} commands, seed {options.seed}: {faults} faults")
    print(f"slowest {slowest[0]:.1f} s (line {slowest[1]}), largest {largest[0] >> 20} MiB (line {largest[1]})")
    sys.exit(1 if faults else 0)


main()
