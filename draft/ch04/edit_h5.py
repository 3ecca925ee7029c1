import re
W='draft/ch04/'
s=open(W+'encoder_decoder.md').read()
s=re.sub(r"<!-- MERGE.*?-->\n*","",s,flags=re.S)
meas=s[s.index('<!-- For "What we measured" -->'):s.index("<!-- EX_SHIFT -->")].replace('<!-- For "What we measured" -->\n\n','')
exs=s[s.index("<!-- EX_SHIFT -->"):s.index("<!-- EX_LEAK -->")].replace("<!-- EX_SHIFT -->\n\n","").replace("from helpers import checks\n\n\n","")
exl=s[s.index("<!-- EX_LEAK -->"):].replace("<!-- EX_LEAK -->\n\n","")
body=s[:s.index('<!-- For "What we measured" -->')].replace("<<<EX_SHIFT>>>",exs.replace("Exercise A","Exercise S").replace("check_a","check_s"))
def names(t):
    t=re.sub(r"\badders\b","calculators",t); t=re.sub(r"\badder\(\)","calculator()",t); t=re.sub(r'name="adder"','name="calculator"',t)
    t=re.sub(r"\blesson\b","forced",t); t=re.sub(r"\btable\b","counts",t); t=re.sub(r"\bstart\b(?= =|\)|,)","start",t)
    return t
body=names(body).replace("training.fit_each(calculators, *forced, epochs=2, batch_size=128)",'''halves = {"first": calculators[:2], "second": calculators[2:]}
jobs = {half: (models, *forced) for half, models in halves.items()}
jobs = {half: job for half, job in jobs.items() if job[0]}
parallel.fit_kinds(jobs, epochs=2, batch_size=128);''')
# rise_and_fall is defined in ten_main, before
open(W+'encdec_body.md','w').write(body); 
l=open(W+'linear.md').read()
l=re.sub(r"<!-- MERGE.*?-->\n*","",l,flags=re.S)
lmeas=l[l.index('<!-- For "What we measured" -->'):l.index("<!-- EX_DEPTH -->")].replace('<!-- For "What we measured" -->\n\n','')
exd=l[l.index("<!-- EX_DEPTH -->"):].replace("<!-- EX_DEPTH -->\n\n","")
lb=l[:l.index('<!-- For "What we measured" -->')]
def rep(a,b):
    global lb
    assert a in lb,a[:60]; lb=lb.replace(a,b)
rep("with $a_t = 1 - z_t$ and $b_t = z_t \\odot \\tilde h_t$.","with $a_t = z_t$ and $b_t = (1 - z_t) \\odot \\tilde h_t$.")
rep("        return self.way(1 - self.reach * z, z * self.new(x))","        new = (1 - z) * self.new(x)\n        return self.way(1 - self.reach * (1 - z), new)")
rep("which makes $a_t = 1 - 2 z_t$","which makes $a_t = 2 z_t - 1$")
rep("$h_t = (1 - z_t) \\odot h_{t-1} + z_t \\odot \\tilde h_t$","$h_t = z_t \\odot h_{t-1} + (1 - z_t) \\odot \\tilde h_t$")
rep("and $1 - z_t$ are all positive","and $z_t$ are all positive")
rep("from helpers import parallel\n\n","")
rep("[Grazzi et al. 2024]","[Grazzi et al. 2025]")
open(W+'linear_body.md','w').write(lb)
open(W+'meas.md','w').write(names(meas)+"\n"+lmeas)
open(W+'more_ex.md','w').write(names(exl)+"\n\n"+exd)
