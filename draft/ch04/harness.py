"""Run a fragment: python harness.py fragment.md [full|quick]; reports cpu seconds per cell."""
import re, sys, time, io, contextlib, os
frag, profile = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "full"
sys.path.insert(0, "."); os.chdir("./h5")
import matplotlib; matplotlib.use("Agg")
PRE = '''
import numpy as np
from helpers import report, runtime, plots, training, cell_diagrams, checks, parallel
class _R:
    d = {}
    def record(self, k, v): self.d.setdefault(k, []).append(float(v))
results = _R()
runtime.start(profile, 0); speed = runtime.compile_options(profile)
rng = np.random.default_rng(0)
import keras, pandas as pd, matplotlib.pyplot as plt
from keras import layers
runs = 3 if profile == "full" else 1
n_pairs = 60_000 if profile == "full" else 128
n_bits = 16_000 if profile == "full" else 32
def rise_and_fall(peak, n_updates):
    rise = 1 + n_updates // 20
    return keras.optimizers.schedules.CosineDecay(peak / 20, n_updates - rise, warmup_target=peak, warmup_steps=rise)
import timeit
def median_ms(updates, n_repeats=9):
    found = {name: [] for name in updates}
    for update in updates.values(): update(); update()
    for _ in range(n_repeats):
        for name, update in updates.items():
            found[name].append(1000 * timeit.timeit(update, number=1))
    return {name: float(np.median(ms)) for name, ms in found.items()}
'''
text = open(frag).read()
cells = re.findall(r"```\{code-cell\} ipython3\n(.*?)```", text, re.S)
ns = {"profile": profile, "__name__": "frag"}
exec(PRE, ns)
from IPython.core.interactiveshell import InteractiveShell
import ast, builtins
n = 0
for c in cells:
    c = re.sub(r"^---\n.*?\n---\n", "", c, flags=re.S)
    c = "\n".join(l for l in c.split("\n") if not re.match(r"^:(tags|cellView):", l))
    n += 1
    t, w = time.process_time(), time.perf_counter()
    print(f"=== cell {n}: {c.strip().splitlines()[0][:70]}", flush=True)
    tree = ast.parse(c)
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if last: tree.body.pop()
    exec(compile(tree, f"cell{n}", "exec"), ns)
    if last:
        v = eval(compile(ast.Expression(last.value), f"cell{n}", "eval"), ns)
        if not c.rstrip().endswith(";") and v is not None and "Figure" not in type(v).__name__: print(v)
    import matplotlib.pyplot as plt
    for f in plt.get_fignums():
        plt.figure(f).savefig(f"{os.path.basename(frag)[:-3]}_{n}.png", dpi=100); plt.close(f)
    print(f"--- cpu {time.process_time()-t:.1f} wall {time.perf_counter()-w:.1f}", flush=True)
print(ns["results"].d)
