import sys, time, argparse
sys.path.insert(0, ".")
p = argparse.ArgumentParser()
p.add_argument("--kind", default="gru"); p.add_argument("--units", type=int, default=96)
p.add_argument("--batch", type=int, default=128); p.add_argument("--n", type=int, default=50_000)
p.add_argument("--epochs", type=int, default=3); p.add_argument("--rate", type=float, default=0.02)
p.add_argument("--rev", type=int, default=1); p.add_argument("--seeds", type=int, default=1)
p.add_argument("--opt", default="muon"); p.add_argument("--seed", type=int, default=0)
p.add_argument("--pad_front", type=int, default=0)
p.add_argument("--excl", type=int, default=0); a = p.parse_args()
from helpers import runtime, training
runtime.start("full", a.seed); speed = runtime.compile_options("full")
import numpy as np, keras
from keras import layers, ops
characters = "0123456789+ >"
rng = np.random.default_rng(0)
pairs = rng.permutation(np.stack(np.triu_indices(1000), 1))
pairs = rng.permuted(pairs, axis=1)
test, val, train = pairs[:5000], pairs[5000:10000], pairs[10000:10000+a.n]
def codes(texts): return np.array([[characters.index(c) for c in t] for t in texts])
def questions(pairs, width=7):
    t = [f"{u}+{v}" for u, v in pairs]
    t = [s[::-1] for s in t] if a.rev else t
    return codes([s.rjust(width) for s in t])
def answers(pairs, width=5): return codes([str(u+v).ljust(width) for u, v in pairs])
def shifted(y): return np.pad(y[:, :-1], ((0,0),(1,0)), constant_values=12)
x, y = questions(train), answers(train)
def build():
    cell = layers.GRU
    embed = layers.Embedding(13, 16, name="embed")
    enc = cell(a.units, return_state=True, use_cudnn=False, name="encoder")
    dec = cell(a.units, return_sequences=True, return_state=True, use_cudnn=False, name="decoder")
    head = layers.Dense(13, name="output")
    q, w = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    _, h = enc(embed(q)); o, _ = dec(embed(w), initial_state=h)
    m = keras.Model([q, w], head(o))
    n = a.epochs * -(-a.n // a.batch); rise = 1 + n // 20
    rate = keras.optimizers.schedules.CosineDecay(a.rate/20, n - rise, warmup_target=a.rate, warmup_steps=rise)
    if a.opt == "muon": opt = keras.optimizers.Muon(rate, adam_lr_ratio=0.2, clipnorm=1.0, weight_decay=0.0, adam_weight_decay=0.0, **({"exclude_layers": ["output"]} if a.excl else {}))
    else: opt = keras.optimizers.Adam(rate, clipnorm=1.0)
    m.compile(opt, keras.losses.SparseCategoricalCrossentropy(from_logits=True), **speed)
    return m
def answer(m, x, n=5):
    embed, enc, dec, head = (m.get_layer(k) for k in ("embed","encoder","decoder","output"))
    _, h = enc(embed(x)); last = np.full((len(x),1), 12); out = []
    for _ in range(n):
        o, h = dec(embed(last), initial_state=h); last = ops.argmax(head(o), -1); out.append(last)
    return np.concatenate(out, 1)
c0 = time.process_time()
ms = [build() for _ in range(a.seeds)]
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()):
    training.fit_each(ms, [x, shifted(y)], y, epochs=a.epochs, batch_size=a.batch)
c1 = time.process_time()
def txt(r): return "".join(characters[i] for i in r)
for m in ms:
    got = answer(m, questions(val)); ok = (got == answers(val)).all(1)
    dig = np.vectorize(lambda v: len(str(v)))(val); mx, mn = dig.max(1), dig.min(1)
    print("val exact %.4f" % ok.mean(), {f"{i}+{j}": (int(((mx==i)&(mn==j)).sum()), round(float(ok[(mx==i)&(mn==j)].mean()),3)) for i in (3,2) for j in range(1,i+1)})
    hard = rng.integers(1000, 10000, (1000, 2))
    g4 = answer(m, questions(hard, 9), 6); print("4 digits", (g4 == answers(hard, 6)).all(1).mean(), [(int(u), int(v), int(u+v), txt(r)) for (u, v), r in zip(hard[:5], g4)])
    one4 = np.stack([rng.integers(1000,10000,1000), rng.integers(0,1000,1000)],1)
    print("4+3", (answer(m, questions(one4, 9), 6) == answers(one4, 6)).all(1).mean())
print(a, "fit cpu %.1f eval cpu %.1f" % (c1-c0, time.process_time()-c1), flush=True)
