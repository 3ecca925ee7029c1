import numpy as np, keras
from keras import layers
def sigmoid(a):
    return 1 / (1 + np.exp(-a))
def lstm_step(x, h, c, W, U, b):
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    c_new = f * c + i * g
    return o * np.tanh(c_new), c_new, (x, h, c, i, f, g, o, c_new)
def lstm(x, W, U, b):
    h = c = np.zeros((len(x), len(U)))
    tape = []
    for t in range(x.shape[1]):
        h, c, kept = lstm_step(x[:, t], h, c, W, U, b)
        tape.append(kept)
    return h, tape
def lstm_backward(dh, tape, W, U, b):
    dW, dU, db, dc = 0 * W, 0 * U, 0 * b, 0
    for x, h, c, i, f, g, o, c_new in reversed(tape):
        squashed = np.tanh(c_new)
        dc = dc + dh * o * (1 - squashed**2)
        di, df = dc * g * i * (1 - i), dc * c * f * (1 - f)
        dg, do = dc * i * (1 - g**2), dh * squashed * o * (1 - o)
        da = np.concatenate([di, df, dg, do], axis=1)
        dW, dU, db = dW + x.T @ da, dU + h.T @ da, db + da.sum(0)
        dh, dc = da @ U.T, dc * f
    return dW, dU, db
def gru_step(x, h, W, U, b):
    from_x = np.split(x @ W + b[0], 3, axis=1)
    from_h = np.split(h @ U + b[1], 3, axis=1)
    z, r = (sigmoid(from_x[k] + from_h[k]) for k in (0, 1))
    new = np.tanh(from_x[2] + r * from_h[2])
    return z * h + (1 - z) * new, (x, h, z, r, new, from_h[2])
def gru_backward(dh, tape, W, U, b):
    dW, dU, db = 0 * W, 0 * U, 0 * b
    for x, h, z, r, new, q in reversed(tape):
        dz = dh * (h - new) * z * (1 - z)
        dn = dh * (1 - z) * (1 - new**2)
        dr = dn * q * r * (1 - r)
        dx = np.concatenate([dz, dr, dn], axis=1)
        dq = np.concatenate([dz, dr, dn * r], axis=1)
        dW, dU = dW + x.T @ dx, dU + h.T @ dq
        db = db + np.stack([dx.sum(0), dq.sum(0)])
        dh = dh * z + dq @ U.T
    return dW, dU, db
rng=np.random.default_rng(0)
x=rng.normal(size=(4,12,3)).astype("float32")
import tensorflow as tf
for name,layer in (("lstm",layers.LSTM(5)),("gru",layers.GRU(5,bias_initializer="normal"))):
    hk=np.array(layer(x)); w=[np.array(v,"float64") for v in layer.get_weights()]
    if name=="lstm": h,tape=lstm(x,*w)
    else:
        h=np.zeros((4,5));tape=[]
        for t in range(12):
            h,k=gru_step(x[:,t],h,*w); tape.append(k)
    print(np.abs(h-hk).max())
    r=rng.normal(size=h.shape)
    with tf.GradientTape() as tp: L=tf.reduce_sum(layer(x)*r)
    g=tp.gradient(L,[v.value for v in layer.trainable_variables])
    mine=(lstm_backward if name=="lstm" else gru_backward)(r,tape,*w)
    print([float(np.abs(a-b).max()) for a,b in zip(mine,g)])
