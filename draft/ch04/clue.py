import sys, time, json, argparse
sys.path.insert(0, ".")
from helpers import runtime, synthetic, training
runtime.start("full", 0); speed = runtime.compile_options("full")
import numpy as np, keras
from keras import layers
P=argparse.ArgumentParser()
P.add_argument("--cell",default="LSTM");P.add_argument("--bias",default="1")  # number|chrono
P.add_argument("--rate",type=float,default=.01);P.add_argument("--epochs",type=int,default=16)
P.add_argument("--seeds",default="0,1,2");P.add_argument("--units",type=int,default=24)
P.add_argument("--clip",type=float,default=1.0);P.add_argument("--emb",type=float,default=.05)
P.add_argument("--batch",type=int,default=128);P.add_argument("--opt",default="adam")
P.add_argument("--n",type=int,default=16000);P.add_argument("--stop",type=float,default=2.)
P.add_argument("--near",type=int,default=5)
a=P.parse_args()
words=synthetic.vocabulary(); n_words=48; random=np.random.default_rng(0)
gaps=random.integers(6,45,a.n)
if a.near: gaps[:a.n//a.near]=4
x,y=synthetic.passages(gaps,n_words,0)
tg=[4,6,8,12,16,20,25,30,35,40,44]; ne=50
xt,yt=synthetic.passages(np.repeat(tg,ne),n_words,1_000_000)
def build(seed):
    keras.utils.set_random_seed(seed)
    kw={} if a.cell=="SimpleRNN" else {"use_cudnn":False}
    m=keras.Sequential([keras.Input((n_words,)),layers.Embedding(len(words),16,embeddings_initializer=keras.initializers.RandomUniform(-a.emb,a.emb)),
      getattr(layers,a.cell)(a.units),layers.Dense(len(words))])
    L=m.layers[1]; n=a.units
    if a.cell=="LSTM":
        b=np.zeros(4*n,"float32")
        if a.bias=="chrono":
            f=np.log(np.random.default_rng(seed).uniform(1,n_words-1,n)); b[n:2*n]=f; b[:n]=-f
        elif a.bias=="chronof":
            f=np.log(np.random.default_rng(seed).uniform(1,n_words-1,n)); b[n:2*n]=f
        else:
            v=[float(t) for t in a.bias.split("/")]; b[n:2*n]=v[0]
            if len(v)>1: b[:n]=v[1]
            if len(v)>2: b[3*n:]=v[2]
        L.cell.bias.assign(b)
    if a.cell=="GRU" and a.bias!="1":
        b=np.zeros((2,3*n),"float32"); b[0,:n]=float(a.bias); L.cell.bias.assign(b)
    m.compile(keras.optimizers.Adam(a.rate,global_clipnorm=a.clip or None),keras.losses.SparseCategoricalCrossentropy(from_logits=True),**speed)
    return m
first=None
for s in map(int,a.seeds.split(",")):
    m=build(s)
    if first is None: first=m
    else: training.restart(first,m)
    t=time.process_time(); log=[]
    for e in range(a.epochs):
        h=first.fit(x,y,batch_size=a.batch,epochs=1,verbose=0,initial_epoch=0)
        p=first.predict(xt,batch_size=550,verbose=0)
        acc=(p.argmax(-1)==yt).reshape(-1,ne).mean(1)
        log.append((h.history["loss"][0],acc[0],acc[1:].mean()))
        if log[-1][2]>=a.stop: break
    print(vars(a)|{"seeds":s}, f"cpu {time.process_time()-t:.0f}s")
    print("  ", " ".join(f"{l:.2f}/{n:.2f}/{f:.2f}" for l,n,f in log), "final", acc.round(2), flush=True)
