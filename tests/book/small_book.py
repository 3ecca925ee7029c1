"""A small book whose chapters go wrong in every way, and how it is run."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

# Its chapters keep no contract but that of size.
COMMAND = """if __name__ == "__main__":
    import pathlib, sys
    from helpers.book import contracts
    from helpers.book.commands import main
    contracts.CONTRACTS = (contracts.size, contracts.outputs)
    sys.exit(main(sys.argv[2:], root=pathlib.Path(sys.argv[1])))
"""
CHAPTER = """---
jupytext:
  formats: ipynb,md:myst
  text_representation: {{extension: .md, format_name: myst}}
accelerator: GPU
kernelspec: {{display_name: Python 3, language: python, name: python3}}
---

# About {name}

```{{code-cell}} ipython3
:tags: [parameters]

profile: str = "full"  # quick or full
units: int = 2  # width of the layer; at least 1, at most 99
rate: float = 1e-3
data: str = ""  # other data; a CSV file
column: str = "value"  # of the data; needs data
mask: bool = False
colour: str = "#ff0000"
```

```{{code-cell}} ipython3
---
mystnb:
  image: {{alt: Nothing}}
---
import json, os, pathlib, subprocess, sys, time
results = pathlib.Path(os.environ["UNROLLED_RESULTS"])
{body}
```

```{{code-cell}} ipython3
names = "profile units rate data column mask colour".split()
content = {{"units": units, "seconds": {{"total": 61.2}}, "environment": {{}}}}
content["parameters"] = {{name: globals()[name] for name in names}}
content |= {{"metrics": {{"a/units": [units]}}, "claims": ["a/units >= 2"]}}
(results / "{name}.json").write_text(json.dumps(content))
```
"""
GOOD = """names = "PYTHONHASHSEED TF_CPP_MIN_LOG_LEVEL OMP_NUM_THREADS".split()
names += ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"]
print(*(os.environ[name] for name in names))
print(sys.executable)
print(f"{os.getcwd()}/chapters")
"""
FAILING = """def inner(value):
    raise ValueError("no such thing")
inner(3)
"""
SLEEPING = """child = subprocess.Popen(["sleep", "300"])
pathlib.Path(os.environ["PIDS"]).write_text(f"{os.getpid()} {child.pid}")
time.sleep(300)
"""


def make_book(root: Path, **bodies: str) -> Path:
    (root / "chapters").mkdir(parents=True)
    names = [f"{i:02}_{name}" for i, name in enumerate(bodies, 1)]
    for name, body in zip(names, bodies.values(), strict=True):
        text = CHAPTER.format(name=name, body=body)
        (root / "chapters" / f"{name}.md").write_text(text)
    pages = "".join(f"- file: chapters/{name}\n" for name in names)
    (root / "_toc.yml").write_text(f"root: chapters/index\nchapters:\n{pages}")
    config = "repository: {url: 'https://github.com/a/b', branch: main}\n"
    (root / "_config.yml").write_text(config)
    return root


def start(root: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(root), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "77", **environment},
    )


class Run(NamedTuple):
    root: Path
    code: int
    out: str
    err: str

    def part(self, chapter: str) -> str:
        """What is said at the end about a chapter that failed."""
        return self.out.split(f"\nFAILED {chapter}\n")[1].split("\nFAILED ")[0]

    def outputs(self, notebook: str) -> list[dict[str, Any]]:
        cells = json.loads((self.root / notebook).read_text())["cells"]
        return [output for cell in cells for output in cell.get("outputs", [])]


def ran(root: Path, *words: str, **environment: str) -> Run:
    """Run a command to its end."""
    process = start(root, *words, **environment)
    out, err = process.communicate(timeout=500)
    return Run(root, process.returncode, out, err)


def wait_for(condition: Any, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return bool(result)
