import sys, time, argparse
sys.path.insert(0, ".")
from helpers import runtime, synthetic, training
runtime.start("full", 0); speed = runtime.compile_options("full")
import numpy as np, keras
from keras import layers
P=argparse.ArgumentParser()
P.add_argument("task");P.add_argument("D",type=int);P.add_argument("--cells",default="SimpleRNN,LSTM,LSTM3,GRU")
P.add_argument("--rates",default=".01");P.add_argument("--seeds",default="0");P.add_argument("--units",type=int,default=24)
P.add_argument("--n",type=int,default=6400);P.add_argument("--batch",type=int,default=64);P.add_argument("--patience",type=int,default=8)
P.add_argument("--delta",type=float,default=1e-3);P.add_argument("--max",type=int,default=60);P.add_argument("--log",type=int,default=0)
a=P.parse_args()
import os
if a.task=="adding":
    (x,y),(xv,yv),(xt,yt)=(synthetic.adding(n,a.D,s) for n,s in ((a.n,0),(1000,10**6),(1000,2*10**6)))
elif a.task=="copying":
    (x,y),(xv,yv),(xt,yt)=(synthetic.copying(n,a.D,s) for n,s in ((a.n,0),(1000,10**6),(1000,2*10**6)))
else:
    words=synthetic.vocabulary()
    def clue(n,s):
        g=np.random.default_rng(s).integers(6,45,n); g[:n//5]=4
        return synthetic.passages(g,48,s)
    (x,y),(xv,yv),(xt,yt)=clue(a.n,0),clue(1000,10**6),clue(1000,2*10**6)
    gt=np.random.default_rng(2*10**6).integers(6,45,1000); gt[:200]=4
def build(cell,rate,seed):
    keras.utils.set_random_seed(seed)
    name=cell.rstrip("0123456789"); kw={} if name=="SimpleRNN" else {"use_cudnn":False}
    L=getattr(layers,name)(a.units,return_sequences=a.task=="copying",**kw)
    i=keras.Input(x.shape[1:])
    if a.task=="adding": m=keras.Model(i,layers.Dense(1)(L(i))); loss="mse"; met=[]
    elif a.task=="copying": m=keras.Model(i,layers.Dense(4)(L(i)[:,-3:])); loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True); met=["accuracy"]
    else: m=keras.Model(i,layers.Dense(len(words))(L(layers.Embedding(len(words),16,embeddings_initializer=keras.initializers.RandomNormal())(i) if 0 else L2(i)))); loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True); met=["accuracy"]
    if cell.startswith("LSTM") and cell!="LSTM":
        b=np.array(L.cell.bias); b[a.units:2*a.units]=float(cell[4:]); L.cell.bias.assign(b)
    if cell.startswith("GRU") and cell!="GRU":
        b=np.array(L.cell.bias); b[0,:a.units]=float(cell[3:]); L.cell.bias.assign(b)
    m.compile(keras.optimizers.Adam(rate,global_clipnorm=1.),loss,metrics=met,**speed)
    return m
def L2(i):
    return layers.Embedding(len(words),16,embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0))(i)
hosts={}
for cell in a.cells.split(","):
  for rate in map(float,a.rates.split(",")):
    for s in map(int,a.seeds.split(",")):
        m=build(cell,rate,s); key=cell.rstrip("0123456789")
        t=time.process_time()
        if key in hosts: training.restart(hosts[key],m); m=hosts[key]
        else: hosts[key]=m
        es=keras.callbacks.EarlyStopping("val_loss",patience=a.patience,min_delta=a.delta,restore_best_weights=True)
        h=m.fit(x,y,batch_size=a.batch,epochs=a.max,validation_data=(xv,yv),validation_batch_size=1000,callbacks=[es],verbose=0).history
        p=m.predict(xt,batch_size=1000,verbose=0)
        if a.task=="adding": sc=f"mse {np.mean((p-yt)**2):.4f}"
        elif a.task=="copying": sc=f"acc {(p.argmax(-1)==yt).mean():.3f}"
        else:
            ok=p.argmax(-1)==yt; sc="acc "+" ".join(f"{lo}:{ok[(gt>=lo)&(gt<hi)].mean():.2f}" for lo,hi in ((4,5),(6,15),(15,25),(25,35),(35,45)))
        print(f"{a.task} {a.D} {cell:9} rate {rate} seed {s}: {sc} epochs {len(h['loss'])} best val {min(h['val_loss']):.4f} cpu {time.process_time()-t:.0f}",flush=True)
        if a.log: print("   "," ".join(f"{v:.3f}" for v in h["val_loss"]),flush=True)
