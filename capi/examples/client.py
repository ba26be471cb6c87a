"""Asks the cost model from Python, by ctypes.

cargo build --release -p capi
python3 capi/examples/client.py target/release/libhardwire.so docs/costmodel-example.mlir
"""

import ctypes
import sys

CASCADE, OK, UNKNOWN = 0, 0, 9


class Estimate(ctypes.Structure):
    _fields_ = [("value", ctypes.c_double), ("low", ctypes.c_double), ("high", ctypes.c_double)]


def library(path):
    """The library with the types of its functions, as in hardwire.h."""
    lib = ctypes.CDLL(path)
    pointer, size, text, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_uint32
    for name, result, arguments in [
        ("abi_version", number, []),
        ("last_error", text, []),
        ("status_name", text, [number]),
        ("quantity_name", text, [number]),
        ("quantity_unit", text, [number]),
        ("model_open", ctypes.c_int, [number, ctypes.POINTER(pointer)]),
        ("model_free", None, [pointer]),
        ("model_target_count", size, [pointer]),
        ("model_target", text, [pointer, size]),
        ("predict", ctypes.c_int, [pointer, text, size, ctypes.POINTER(pointer)]),
        ("answer_free", None, [pointer]),
        ("answer_function_count", size, [pointer]),
        ("answer_function", text, [pointer, size]),
        ("answer_estimate", ctypes.c_int, [pointer, size, text, number, ctypes.POINTER(Estimate)]),
    ]:
        function = getattr(lib, "hardwire_" + name)
        function.restype, function.argtypes = result, arguments
    return lib


def main():
    lib = library(sys.argv[1])
    if lib.hardwire_abi_version() != 1:
        sys.exit("the library has another interface than this program")
    with open(sys.argv[2], "rb") as file:
        text = file.read()

    def need(status):
        if status != OK:
            sys.exit(f"{lib.hardwire_status_name(status).decode()}: {lib.hardwire_last_error().decode()}")

    model, answer = ctypes.c_void_p(), ctypes.c_void_p()
    need(lib.hardwire_model_open(CASCADE, ctypes.byref(model)))
    need(lib.hardwire_predict(model, text, len(text), ctypes.byref(answer)))
    quantities = []
    while name := lib.hardwire_quantity_name(len(quantities)):
        quantities.append((name.decode(), lib.hardwire_quantity_unit(len(quantities)).decode()))
    for function in range(lib.hardwire_answer_function_count(answer)):
        symbol = lib.hardwire_answer_function(answer, function).decode()
        for index in range(lib.hardwire_model_target_count(model)):
            target = lib.hardwire_model_target(model, index)
            for quantity, (name, unit) in enumerate(quantities):
                estimate = Estimate()
                status = lib.hardwire_answer_estimate(answer, function, target, quantity, ctypes.byref(estimate))
                if status == UNKNOWN:  # not predicted for this target, or the text leaves it open
                    continue
                need(status)
                print(symbol, target.decode(), name, estimate.value, estimate.low, estimate.high, unit)
    lib.hardwire_answer_free(answer)
    lib.hardwire_model_free(model)


main()
