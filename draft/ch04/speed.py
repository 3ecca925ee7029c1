import sys, time, statistics
sys.path.insert(0, ".")
from helpers import runtime
runtime.start("full", 0); speed = runtime.compile_options("full")
import numpy as np, keras, tensorflow as tf
from keras import layers, ops
def doubling(a, b):
    k = 1
    while k < a.shape[1]:
        b = ops.concatenate([b[:, :k], b[:, k:] + a[:, k:] * b[:, :-k]], 1)
        a = ops.concatenate([a[:, :k], a[:, k:] * a[:, :-k]], 1)
        k *= 2
    return b
def tfscan(a, b):
    at, bt = ops.transpose(a, (1,0,2)), ops.transpose(b, (1,0,2))
    _, h = ops.scan(lambda h, ab: ((ab[0]*h+ab[1],)*2), ops.zeros_like(bt[0]), (at, bt))
    return ops.transpose(h, (1,0,2))
class MinGRU(layers.Layer):
    def __init__(self, units, how, **kw):
        super().__init__(**kw); self.how=how; self.gate=layers.Dense(units,"sigmoid"); self.cand=layers.Dense(units)
    def call(self, x):
        z=self.gate(x); return self.how(z,(1-z)*self.cand(x))
class Cell(layers.Layer):
    def __init__(self, units, **kw):
        super().__init__(**kw); self.state_size=units; self.units=units
        
def loop(a, b):
    h, hs = ops.zeros_like(b[:,0]), []
    for t in range(a.shape[1]):
        h = a[:,t]*h+b[:,t]; hs.append(h)
    return ops.stack(hs,1)
B,T,U=64,64,512
if len(sys.argv)>1: B,T,U=map(int,sys.argv[1:4])
x=np.random.default_rng(0).normal(size=(B*20,T,U)).astype("float32"); y=x
def mk(l, jit):
    m=keras.Sequential([keras.Input((T,U)), l]); m.compile("sgd","mse",jit_compile=jit,steps_per_execution=1); return m
ms={"GRU jit":mk(layers.GRU(U,return_sequences=True,use_cudnn=False),True),
"GRU nojit":mk(layers.GRU(U,return_sequences=True,use_cudnn=False),False),
"doubling jit":mk(MinGRU(U,doubling),True),"doubling nojit":mk(MinGRU(U,doubling),False),
"loop jit":mk(MinGRU(U,loop),True),
"scan nojit":mk(MinGRU(U,tfscan),False)}
tm={k:[] for k in ms}
for k,m in ms.items():
    c=time.process_time(); m.train_on_batch(x[:B],y[:B]); print(k,"compile cpu %.1f"%(time.process_time()-c), flush=True)
for r in range(7):
    for k,m in ms.items():
        c=time.process_time(); w=time.perf_counter()
        m.train_on_batch(x[:B],y[:B]); tm[k].append((time.process_time()-c,time.perf_counter()-w))
for k,v in tm.items(): print(k, "cpu ms %.0f wall ms %.0f" % tuple(1000*statistics.median(z) for z in zip(*v)))
