import sys, time, argparse
sys.path.insert(0, ".")
p = argparse.ArgumentParser()
p.add_argument("--kinds", default="lstm,gru,mingru,mingru_signed"); p.add_argument("--units", type=int, default=32)
p.add_argument("--batch", type=int, default=64); p.add_argument("--n", type=int, default=64*500)
p.add_argument("--epochs", type=int, default=1); p.add_argument("--rate", type=float, default=0.01)
p.add_argument("--seeds", type=int, default=1); p.add_argument("--chunks", type=int, default=6)
p.add_argument("--layers", type=int, default=1); p.add_argument("--opt", default="adam")
p.add_argument("--signed", default="tanh")
p.add_argument("--const", type=int, default=0); a = p.parse_args()
from helpers import runtime
runtime.start("full", 0); speed = runtime.compile_options("full")
import numpy as np, keras
from keras import layers, ops
def scan(a_, b):
    T, k = a_.shape[1], 1
    while k < T:
        b = ops.concatenate([b[:, :k], b[:, k:] + a_[:, k:] * b[:, :-k]], 1)
        a_ = ops.concatenate([a_[:, :k], a_[:, k:] * a_[:, :-k]], 1)
        k *= 2
    return b
class MinGRU(layers.Layer):
    def __init__(self, units, signed=False, **kw):
        super().__init__(**kw); self.units=units; self.signed=signed
        self.gate = layers.Dense(units); self.cand = layers.Dense(units)
    def build(self, s):
        self.gate.build(s); self.cand.build(s)
    def call(self, x):
        z = ops.sigmoid(self.gate(x))
        keep = {"tanh": ops.tanh, "hard": lambda v: ops.clip(v, -1., 1.), "hs": lambda v: 2*ops.hard_sigmoid(v)-1}[a.signed](self.gate(x)) if self.signed else (z if a.signed=="tanh" else ops.hard_sigmoid(self.gate(x)))
        return scan(keep, (1 - (ops.abs(keep) if self.signed and a.signed=="abs" else keep)) * self.cand(x))
MK = {"lstm": lambda: layers.LSTM(a.units, return_sequences=True, use_cudnn=False),
      "gru": lambda: layers.GRU(a.units, return_sequences=True, use_cudnn=False),
      "mingru": lambda: MinGRU(a.units), "mingru_signed": lambda: MinGRU(a.units, True)}
def bits(n, T, seed):
    x = np.random.default_rng(seed).integers(0, 2, (n, T))
    return x.astype("float32")[..., None], (x.cumsum(1) % 2).astype("float32")[..., None]
def build(kind, T):
    model = keras.Sequential([keras.Input((T,1))] + [MK[kind]() for _ in range(a.layers)] + [layers.Dense(1)])
    return model
xt, yt = bits(2000, 256, 99)
for kind in a.kinds.split(","):
  for s in range(a.seeds):
    keras.utils.set_random_seed(s)
    m = build(kind, 40)
    nup = a.epochs * a.n // a.batch
    sch = a.rate if a.const else keras.optimizers.schedules.CosineDecay(a.rate, nup)
    m.compile(keras.optimizers.Adam(sch, clipnorm=1.0), keras.losses.BinaryCrossentropy(from_logits=True), metrics=[keras.metrics.BinaryAccuracy(threshold=0)], **speed)
    big = build(kind, 256)
    c0 = time.process_time()
    for e in range(a.epochs):
        x, y = bits(a.n, 40, 1000+s*100+e)
        h = m.fit(x, y, batch_size=a.batch, epochs=1, verbose=0)
        if e in (0, 1, 3, 7, a.epochs-1): 
            big.set_weights(m.get_weights())
            acc = [(np.asarray(big(xt)) > 0) == (yt > 0)][0]
            print(kind, s, e, "loss %.4f" % h.history["loss"][0], "acc40 %.4f acc256 %.4f last8@256 %.4f" % (acc[:, :40].mean(), acc.mean(), acc[:, -8:].mean()), "cpu %.1f" % (time.process_time()-c0), flush=True)
