import os, sys, time
os.environ["TF_CPP_MIN_LOG_LEVEL"]="3"
sys.path.insert(0,".")
from helpers import runtime, synthetic
runtime.start("full",0)
speed=runtime.compile_options("full")
import keras, numpy as np
from keras import layers, ops
long=synthetic.two_sines(10000,60)
slide=np.lib.stride_tricks.sliding_window_view
after=slide(long[:,1:,0],10,axis=1).copy()
x,y=long[:7000,:50],after[:7000]
xv,yv=long[7000:9000,:50],after[7000:9000]
class MinGRU(layers.Layer):
    def __init__(self, units, **k):
        super().__init__(**k); self.units=units
        self.gate=layers.Dense(units); self.new=layers.Dense(units)
    def build(self, shape):
        self.gate.build(shape); self.new.build(shape)
    def compute_output_shape(self, s): return (*s[:-1], self.units)
    def call(self, x):
        z=ops.sigmoid(self.gate(x)); h=z*self.new(x); keep=1-z
        step=1
        while step < x.shape[1]:
            past=lambda a, fill: ops.pad(a[:, :-step], ((0,0),(step,0),(0,0)), constant_values=fill)
            h=h+keep*past(h,0.0); keep=keep*past(keep,1.0); step*=2
        return h
T=50
def seq(name,*ls): return keras.Sequential([keras.Input((T,1)),*ls,layers.Dense(10)],name=name)
def rnn(cell,w):
    return lambda: seq(cell.__name__.lower(),cell(w,return_sequences=True),cell(w,return_sequences=True))
def mingru(w,n=2,act=None):
    return lambda: seq("mingru",*[MinGRU(w) for _ in range(n)])
def conv_gru(w,filters=None):
    return lambda: seq("conv_gru",layers.Conv1D(filters or w,4,strides=2),layers.GRU(w,return_sequences=True),layers.GRU(w,return_sequences=True))
def wavenet(w,dil=(1,2,4,8)*2):
    return lambda: seq("wavenet",*[layers.Conv1D(w,2,padding="causal",activation="relu",dilation_rate=d) for d in dil])
def gated(w,dil=(1,2,4)):
    def build():
        inputs=keras.Input((T,1))
        z=layers.Conv1D(w,2,padding="causal")(inputs); skips=[]
        for d in dil:
            f=layers.Conv1D(w,2,padding="causal",dilation_rate=d,activation="tanh")(z)
            g=layers.Conv1D(w,2,padding="causal",dilation_rate=d,activation="sigmoid")(z)
            s=layers.Conv1D(w,1)(f*g); skips.append(s); z=z+s
        z=ops.relu(layers.Add()(skips))
        z=layers.Conv1D(w,1,activation="relu")(z)
        return keras.Model(inputs,layers.Conv1D(10,1)(z),name="gated_wavenet")
    return build
def run(build, epochs=20, batch=32, rate=None, seed=0, first=0, aug=False, opt="adam", data=None, warm=0.05, quiet=False, clip=None):
    keras.utils.set_random_seed(seed)
    m=build()
    cut = (lambda a: a[:,3::2]) if m.name=="conv_gru" else (lambda a:a)
    X,Y=(x,y)
    if aug:
        rows=long[:7000,:,0]; both=np.concatenate([rows,-rows]); rows=np.concatenate([both,both[:,::-1]])
        X=rows[:,:50,None].copy(); Y=slide(rows[:,1:],10,axis=1).copy()
    Y=cut(Y)
    if first:
        c=first if m.name!="conv_gru" else (first-2)//2
        m0=m; m=keras.Model(m.inputs, m.outputs[0][:,c:],name=m.name); Y=Y[:,c:].copy()
    n=epochs*-(-len(X)//batch)
    if rate is None: o=keras.optimizers.Adam()
    else:
        r=1+int(n*warm)
        sched=keras.optimizers.schedules.CosineDecay(rate/20,n-r,warmup_target=rate,warmup_steps=r)
        o=keras.optimizers.Adam(sched,clipnorm=clip) if opt=="adam" else keras.optimizers.Muon(sched,adam_lr_ratio=0.2,clipnorm=1.0,weight_decay=0.0,adam_weight_decay=0.0,exclude_layers=["output"])
    m.compile(o,"mse",**speed)
    t=time.process_time(); m.fit(X[:batch*20],Y[:batch*20],epochs=0,verbose=0)
    class C(keras.callbacks.Callback):
        ts=[]
        def on_epoch_end(s,e,logs=None): s.ts.append(time.process_time())
    c=C(); c.ts=[]
    h=m.fit(X,Y,epochs=epochs,batch_size=batch,verbose=0,callbacks=[c])
    t1=time.process_time()
    f=m.predict(xv,verbose=0,batch_size=500)[:,-1]
    v=float(np.mean((f-yv[:,-1])**2))
    per=(c.ts[-1]-c.ts[0])/(len(c.ts)-1) if len(c.ts)>1 else 0
    print(f"{m.name} p={m.count_params()} seed={seed} ep={epochs} b={batch} rate={rate} first={first} aug={aug} {opt}: val {v:.5f} train {h.history['loss'][-1]:.5f} cpu {t1-t:.1f}s ({per:.2f}/ep, first {c.ts[0]-t:.1f})",flush=True)
    return v,m
