#!/usr/bin/env python3
"""hello.c in Python, with nothing but ctypes. DOORWARD_LIBRARY names libdoorward.so when it is not installed."""
import ctypes
import os
import sys

library = ctypes.CDLL(os.environ.get("DOORWARD_LIBRARY", "libdoorward.so.0"))


class Slice(ctypes.Structure):
    _fields_ = [("ptr", ctypes.c_void_p), ("len", ctypes.c_size_t)]


RUN = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Tool(ctypes.Structure):
    """struct dw_tool, field by field."""

    _fields_ = [("size", ctypes.c_size_t)] + [
        (name, ctypes.c_char_p)
        for name in ("name", "title", "description", "input_schema", "output_schema", "annotations", "icons", "meta")
    ] + [
        ("scopes", ctypes.POINTER(ctypes.c_char_p)),
        ("is_quick", ctypes.c_bool),
        ("task_support", ctypes.c_int),
        ("run", RUN),
        ("user", ctypes.c_void_p),
    ]


library.dw_server_new.restype = ctypes.c_void_p
library.dw_server_new.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
library.dw_server_with_tool.argtypes = [ctypes.c_void_p, ctypes.POINTER(Tool)]
library.dw_server_with_oauth_from_env.argtypes = [ctypes.c_void_p]
library.dw_server_with_arguments.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)]
library.dw_server_serve.argtypes = [ctypes.c_void_p]
library.dw_call_text.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(Slice)]
library.dw_call_text.restype = ctypes.c_bool
library.dw_call_add_text.argtypes = [ctypes.c_void_p, Slice]


@RUN
def greet(user, call, error):
    name, given = "world", Slice()
    if library.dw_call_text(call, b"name", ctypes.byref(given)):
        name = ctypes.string_at(given.ptr, given.len).decode()
    text = f"Hello, {name}!".encode()
    library.dw_call_add_text(call, Slice(ctypes.cast(ctypes.c_char_p(text), ctypes.c_void_p), len(text)))
    return True


tool = Tool(
    size=ctypes.sizeof(Tool),
    name=b"hello",
    description=b"Says hello.",
    input_schema=b'{"type":"object","properties":{"name":{"type":"string"}}}',
    run=greet,
)
arguments = [argument.encode() for argument in sys.argv]

server = library.dw_server_new(b"hello-py", b"1.0.0")
library.dw_server_with_oauth_from_env(server)
library.dw_server_with_arguments(server, len(arguments), (ctypes.c_char_p * len(arguments))(*arguments))
library.dw_server_with_tool(server, ctypes.byref(tool))
sys.exit(library.dw_server_serve(server))
