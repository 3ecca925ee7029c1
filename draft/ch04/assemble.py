import re, pathlib
W=pathlib.Path('draft/ch04'); R=lambda n: (W/n).read_text() if (W/n).exists() else ""
core=R('core.md'); boot=pathlib.Path('chapters/01_rnn_basics.md').read_text()
i=boot.index("```{code-cell} ipython3\n:cellView: form\n:tags: [bootstrap"); j=boot.index("```\n",boot.index("install_missing()",i)+5)+4
boot=boot[i:j]
quick='''
```{code-cell} ipython3
:cellView: form
:tags: [bookkeeping, remove-cell]

# @title Bookkeeping: what the quick profile makes smaller
if profile == "quick":
    n_train, n_memory, runs, longest = 32, 70, 1, 1
    epochs, few, units, n_pairs, n_bits = 1, 1, min(units, 8), 128, 32
    results.parameters.update(
        n_train=n_train, n_memory=n_memory, runs=runs, longest=longest,
        epochs=epochs, few=few, units=units, n_pairs=n_pairs, n_bits=n_bits,
    )
```
'''
core=core.replace("<<<BOOTSTRAP>>>",boot+"\n"+R('setup.md')+quick)
mem=R('memory_me.md'); mem=mem[:mem.index("## How far back?")]+pathlib.Path('./mem2.md').read_text()
if (W/'memory_final.md').exists(): mem=R('memory_final.md')
parts=[core,mem,R('ten_main.md'),R('ten_simpler.md').replace("### When something","### When something"),R('encdec_body.md'),
 R('ten_best.md').replace("### Near the oracle","## Optional: near the oracle"),
 R('ten_fast.md').replace("### `LSTM`, or `RNN` around a cell","## Optional: what is fast, and why"),
 R('linear_body.md'),R('end.md').replace('<<<MEAS>>>',R('meas.md')).replace('<<<MORE_EXERCISES>>>',R('more_ex.md'))]
s=R('head.md')+"\n\n".join(p.strip() for p in parts if p.strip())+"\n"
# exercises numbered in order
names=re.findall(r"^### Exercise (\w+)\. ",s,re.M)
for k,n in enumerate(names): 
    s=re.sub(rf"\bExercise {n}\b",f"Exercise @{k+1}",s); s=re.sub(rf"\bcheck_{n.lower()}\b",f"check_@{k+1}",s); s=re.sub(rf"\bexercise {n}\b",f"exercise @{k+1}",s)
s=s.replace("@1\n","@1\n"); s=re.sub(r"(Exercise |check_|exercise )@(\d)",r"\1\2",s)
fills=eval((W/'fills.py').read_text()) if (W/'fills.py').exists() else {}
for k,v in fills.items(): s=s.replace(k,v)
# equation tags in order
n=0
def tag(m):
    global n; n+=1; return "\\tag{%d}"%n
body=re.sub(r"\\tag\{\d+\}",tag,s)
pathlib.Path('chapters/04_lstm_and_gru.md').write_text(re.sub(r"\n{4,}","\n\n\n",body))
print(names, "words",len(body.split()))
