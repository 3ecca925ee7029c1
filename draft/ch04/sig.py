import sys, time, argparse
sys.path.insert(0, ".")
from helpers import runtime, training
runtime.start("full", 0); speed = runtime.compile_options("full")
import numpy as np, keras
from keras import layers
P=argparse.ArgumentParser()
P.add_argument("--units",type=int,default=8);P.add_argument("--rate",type=float,default=.01)
P.add_argument("--epochs",type=int,default=20);P.add_argument("--seeds",default="0,1,2");P.add_argument("--fb",type=float,default=1.);P.add_argument("--T",type=int,default=40)
P.add_argument("--kind",default="flip");P.add_argument("--n",type=int,default=6400);P.add_argument("--batch",type=int,default=64)
a=P.parse_args()
T=a.T; TOL=.5 if a.kind=="flip" else .2
def draw(n,seed):
    r=np.random.default_rng(seed)
    v=r.choice([-1.,1.],(n,T)) if a.kind=="flip" else r.uniform(-1,1,(n,T))
    row=np.arange(n); m=r.integers(2,10,n); q=r.integers(T-12,T-2,n)
    x=np.zeros((n,T,3),"float32"); x[...,0]=v; x[row,m,1]=1; x[row,q,2]=1
    y=np.zeros((n,T,1),"float32"); y[row,q,0]=v[row,m]
    return x,y,m,q
x,y,m,q=draw(a.n,0); xv,yv,mv,qv=draw(1000,10**6)
def build(s):
    keras.utils.set_random_seed(s)
    M=keras.Sequential([keras.Input((T,3)),layers.LSTM(a.units,return_sequences=True,use_cudnn=False),layers.Dense(1)])
    bb=M.layers[0].cell.bias; w=np.array(bb); w[a.units:2*a.units]=a.fb; bb.assign(w)
    M.compile(keras.optimizers.Adam(a.rate,global_clipnorm=1.),"mse",**speed); return M
def sig(z): return 1/(1+np.exp(-z))
def gates(x,W,U,b):
    h=c=np.zeros((len(x),len(U))); out=[]
    for t in range(x.shape[1]):
        i,f,g,o=np.split(x[:,t]@W+h@U+b,4,axis=1)
        i,f,g,o=sig(i),sig(f),np.tanh(g),sig(o); c=f*c+i*g; h=o*np.tanh(c); out.append((i,f,g,o,c,h))
    return np.array(out).transpose(1,2,0,3) # parts,batch,time,units
first=None
import itertools
for s in map(int,a.seeds.split(",")):
    M=build(s)
    if first is None: first=M
    else: training.restart(first,M)
    t=time.process_time(); log=[]
    for e in range(a.epochs):
        first.fit(x,y,batch_size=a.batch,epochs=1,verbose=0)
        p=first.predict(xv,batch_size=1000,verbose=0)
        ok=(np.abs(p-yv)<TOL).all(axis=(1,2)); row=np.arange(1000)
        log.append((np.mean((p-yv)**2),ok.mean(),(np.abs(p-yv)<TOL)[row,qv].mean()))
        if ok.mean()==1 and e>=a.epochs-1: break
    print(s,f"cpu {time.process_time()-t:.0f}"," ".join(f"{m*1e3:.2f}/{o:.2f}/{z:.2f}" for m,o,z in log))
    G=gates(xv,*first.layers[0].get_weights()); row=np.arange(1000)
    kept=yv[row,qv,0]
    cb=G[4][row,qv-1]; r=[np.corrcoef(cb[:,k],kept)[0,1] for k in range(a.units)]
    k=int(np.argmax(np.abs(r)))
    print("  corr",np.round(r,2),"unit",k)
    steps=np.arange(T)[None]
    before=steps<mv[:,None]; at=steps==mv[:,None]; pause=(steps>mv[:,None])&(steps<qv[:,None]); ask=steps==qv[:,None]; after=steps>qv[:,None]
    for n,j in zip("ifgo",range(4)):
        print("  ",n,{w:round(float(G[j][...,k][z].mean()),3) for w,z in dict(before=before,mark=at,pause=pause,ask=ask,after=after).items()}, "all units mark/pause/ask", *(G[j][z].mean(0).round(2) for z in (at,pause,ask)))
    print("   c",{w:round(float(np.abs(G[4][...,k][z]).mean()),2) for w,z in dict(before=before,mark=at,pause=pause,ask=ask,after=after).items()},flush=True)
