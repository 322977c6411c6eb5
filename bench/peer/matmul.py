#!/usr/bin/env python3
"""Single-precision matrix products of the libraries: torch.mm (OpenBLAS) and oneDNN through torch.

One JSON line a shape and library, in GFLOP/s, best of many calls: matmul.py M,K,N [M,K,N ...]
The weights are packed for oneDNN before the clock starts, as a model that is used again and again would have them.
"""
import json
import os
import sys
import time

if not os.environ.get("PEER_ENV"):
    env = dict(os.environ, PEER_ENV="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    try:
        flags = open("/proc/cpuinfo").read()
    except OSError:
        flags = ""
    if "avx512f" in flags:
        env.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
        env.setdefault("ATEN_CPU_CAPABILITY", "avx512")
    os.execve(sys.executable, [sys.executable] + sys.argv, env)

import torch

torch.set_num_threads(1)


def best(work, seconds=0.15):
    work()
    start = time.perf_counter()
    work()
    batch = max(1, int(2e-4 / max(time.perf_counter() - start, 1e-9)))
    fastest, begin = 1e9, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        for _ in range(batch):
            work()
        fastest = min(fastest, (time.perf_counter() - start) / batch)
    return fastest


with torch.no_grad():
    for shape in sys.argv[1:]:
        m, k, n = map(int, shape.split(","))
        a, b = torch.randn(m, k), torch.randn(k, n)
        c = torch.empty(m, n)
        rates = {"openblas": 2e-9 * m * k * n / best(lambda: torch.mm(a, b, out=c))}
        if torch.backends.mkldnn.is_available():
            weight = torch._C._nn.mkldnn_reorder_linear_weight(b.t().contiguous().to_mkldnn(), m) if hasattr(torch._C._nn, "mkldnn_reorder_linear_weight") else b.t().contiguous().to_mkldnn()
            x = a.to_mkldnn()
            rates["onednn"] = 2e-9 * m * k * n / best(lambda: torch._C._nn.mkldnn_linear(x, weight))
        print(json.dumps(dict(m=m, k=k, n=n, **rates)), flush=True)
