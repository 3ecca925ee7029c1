import re
s=open('draft/ch04/ten_step.md').read()
def rep(a,b,count=1):
    global s
    assert s.count(a)>=1,(a[:80],s.count(a)); s=s.replace(a,b)
# minGRU: z keeps, as in the GRU
rep('''h_t &= (1 - z_t) \\odot h_{t-1} + z_t \\odot \\tilde h_t
\\end{aligned}
\\tag{7}
$$

(Here $z$ lets the new in.) So all gates''','''h_t &= z_t \\odot h_{t-1} + (1 - z_t) \\odot \\tilde h_t
\\end{aligned}
\\tag{7}
$$

So all gates''')
rep('''        z = self.gate(x)
        keep, h = 1 - z, z * self.new(x)
''','''        keep = self.gate(x)
        h = (1 - keep) * self.new(x)
''')
a=s.index("The textbook trains for twenty passes"); b=s.index("Only the ten values after the last one seen")
s=s[:a]+'''The textbook trains for twenty passes in batches of 32, by Adam at its default rate; the gated WaveNet for two passes only. We train each kind `runs` times.

```{code-cell} ipython3
builders = {
    "LSTM": lambda: two_layers("lstm", layers.LSTM),
    "GRU": lambda: two_layers("gru", layers.GRU),
    "Conv1D + GRU": conv_gru,
    "WaveNet": wavenet,
    "minGRU": lambda: network("mingru", MinGRU(20), MinGRU(20)),
    "gated WaveNet": gated_wavenet,
}


def with_targets(models, y):
    shorter = models[0].name == "conv_gru"
    return models, past_train, y[:, 3::2] if shorter else y
```

```{code-cell} ipython3
published = {n: [builders[n]() for _ in range(runs)] for n in builders}
for model in sum(published.values(), []):
    model.compile("adam", "mse", **speed)
jobs = {n: with_targets(published[n], after_train) for n in builders}
gated = {"gated WaveNet": jobs.pop("gated WaveNet")}
done = {
    "published": parallel.fit_kinds(jobs, epochs=epochs)
    | parallel.fit_kinds(gated, epochs=min(2, epochs))
}
```

'''+s[b:]
rep('''import pandas as pd
import tensorflow as tf


@functools''','''
@functools''')
rep("import functools\n\n\n@functools","import functools\n\n\n@functools") if "import functools\n\n\n@functools" in s else None
rep('''def table(kinds, seconds, x, y):
    firsts = [models[0] for models in kinds.values()]
    shown = {
        "parameters": [model.count_params() for model in firsts],
        "seconds": [round(min(seconds[m.name]), 1) for m in firsts],
    }
    rows = pd.DataFrame(shown, index=list(kinds))
    rows["MSE"] = report.summary(errors(kinds, x, y), "{:.5f}")
    return rows


table(published, published_seconds, past_val, future_val)''','''def seconds(runs_of):
    return {
        name: round(min(run.seconds for run in found), 1)
        for name, found in runs_of.items()
    }


def table(kinds, when):
    counts = {n: models[0].count_params() for n, models in kinds.items()}
    wrong = errors(kinds, past_val, future_val)
    columns = {
        "parameters": counts,
        "seconds": seconds(done[when]),
        "MSE": report.summary(wrong, "{:.5f}"),
    }
    return pd.DataFrame(columns).loc[[*kinds]]


table(published, "published")''')
rep("The seconds are those of one training, without the time it takes to compile.","The seconds are those of one training, two of which run at once on the two cores; what the compiler takes is left out.")
a=s.index('''n_updates = few * -(-n_train // 32)
trained'''); b=s.index("The order is another one.")
s=s[:a]+'''n_updates = few * -(-n_train // 32)
trained = {n: [builders[n]() for _ in range(runs)] for n in builders}
for name, models in trained.items():
    for model in models:
        rate = rise_and_fall(peaks[name], n_updates)
        model.compile(keras.optimizers.Adam(rate), masked_mse, **speed)
later = after_train.copy()
later[:, : n_steps // 2 - 1] = np.nan  # no lessons before 25 values
jobs = {n: with_targets(trained[n], later) for n in builders}
done["trained"] = parallel.fit_kinds(jobs, epochs=few)
table(trained, "trained")
```

'''+s[b:]
rep('''rounds = (published, published_seconds), (trained, trained_seconds)
''','''rounds = (published, "published"), (trained, "trained")
''')
rep('''    for models, seconds in rounds:
        wrong = errors({name: models[name]}, past_val, future_val)[name]
        dots.append((min(seconds[models[name][0].name]), np.mean(wrong)))
''','''    for kinds, when in rounds:
        wrong = errors({name: kinds[name]}, past_val, future_val)[name]
        dots.append((seconds(done[when])[name], np.mean(wrong)))
''')
rep("from helpers import synthetic\n\nn_steps, n_ahead","n_steps, n_ahead")
s=s.replace("def gated(name, cell)","def two_layers(name, cell)")
fast=s[s.index("### `LSTM`, or `RNN` around a cell"):s.index("### Near the oracle")]
best=s[s.index("### Near the oracle"):s.index("### When something simpler")]
simpler=s[s.index("### When something simpler"):s.index("<<<WHAT WE MEASURED>>>")]
main=s[:s.index("### `LSTM`, or `RNN` around a cell")]
ex=s[s.index("### Exercise A"):]
main=main.replace("<<<EX_RF>>>","")
print(re.findall(r"^#+ .*",main,re.M)); print(s.count("### Exercise"), [m for m in re.findall(r"^### Ex.*",s,re.M)])
for n,t in (("ten_main",main),("ten_fast",fast),("ten_best",best),("ten_simpler",simpler)): open(f'draft/ch04/{n}.md','w').write(t)
