from t import *
short=synthetic.two_sines(10000,51)
def best(seed=0,units=128,passes=4,batch=256,mirror=True,lesson=4,opt="muon",peak=.02,both=True,seg=5,nl=2,unroll=True,shortmirror=True):
    def mi(rows):
        if not mirror: return rows
        b=np.concatenate([rows,-rows]); return np.concatenate([b,b[:,::-1]])
    lo=mi(long[:7000,:,0]); sh=mi(short[:7000,:,0]) if shortmirror else short[:7000,:,0]
    sh=np.pad(sh,((0,0),(0,9)),constant_values=np.nan)
    rows=np.concatenate([lo,sh]) if both else lo
    X=rows[:,:50].reshape(len(rows),-1,seg).copy()
    Y=slide(rows[:,seg:],10,axis=1)[:,::seg].copy(); Y[:,:lesson]=np.nan
    if not mirror: passes*=4
    n=passes*-(-len(X)//batch); rise=1+n//20
    keras.utils.set_random_seed(seed)
    g={"return_sequences":True,"unroll":unroll and 50//seg<=10}
    m=keras.Sequential([keras.Input((50//seg,seg)),layers.Dense(units,activation="relu"),*[layers.GRU(units,**g) for _ in range(nl)],layers.Dense(2*units,activation="relu"),layers.Dense(10,name="output")])
    if opt=="muon":
        s=keras.optimizers.schedules.CosineDecay(.001,n-rise,warmup_target=peak,warmup_steps=rise)
        o=keras.optimizers.Muon(s,adam_lr_ratio=.2,clipnorm=1.0,weight_decay=0.0,adam_weight_decay=0.0,exclude_layers=["output"])
    else:
        s=keras.optimizers.schedules.CosineDecay(peak/20,n-rise,warmup_target=peak,warmup_steps=rise)
        o=keras.optimizers.Adam(s,clipnorm=1.0)
    def loss(t,p):
        k=ops.where(ops.isnan(t),p,t); return ops.mean(ops.square(k-p))
    m.compile(o,loss,**speed)
    t=time.process_time()
    class C(keras.callbacks.Callback):
        def on_epoch_end(s,e,logs=None): s.ts.append(time.process_time())
    c=C(); c.ts=[]
    m.fit(X,Y,epochs=passes,batch_size=batch,verbose=0,callbacks=[c])
    t1=time.process_time()
    def f(w): return m.predict(w[:,:50,0].reshape(len(w),-1,seg),verbose=0,batch_size=500)[:,-1]
    v10=float(np.mean((f(long[7000:9000])-long[7000:9000,50:,0])**2))
    v1=float(np.mean((f(short[7000:9000])[:,0]-short[7000:9000,50,0])**2))
    per=(c.ts[-1]-c.ts[0])/max(1,len(c.ts)-1)
    print(f"best seed={seed} units={units} passes={passes} b={batch} mirror={mirror} lesson={lesson} {opt} {peak} both={both} seg={seg} unroll={unroll} sm={shortmirror}: ten {v10:.5f} one {v1:.5f} p={m.count_params()} cpu {t1-t:.1f} ({per:.2f}/ep first {c.ts[0]-t:.1f})",flush=True)
