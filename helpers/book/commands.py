"""The commands behind `make run`, `make publish`, `make book` and the others."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import jupytext

from helpers import parameters
from helpers.book import notebooks, plans, publish, running
from helpers.files import book_root, write_text


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {' '.join(message.split())}\n")


class _Refuse(argparse.Action):
    """An option of `run` that makes no sense for a command about what is published."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        parser.error(
            "it is about the default parameters: leave out -p, --grid and --profile, "
            "or use run"
        )


def _parsers() -> dict[str, _Parser]:
    """A parser for each command; what it does stands in its default `does`."""
    parsers: dict[str, _Parser] = {}

    def command(name: str, does: Callable[..., int], text: str) -> _Parser:
        parsers[name] = _Parser(prog=f"book {name}", description=text)
        parsers[name].set_defaults(does=does, command=name)
        return parsers[name]

    run = command("run", running.run, "execute chapters into _build/run")
    text = "execute chapters with many values of parameters"
    sweep = command("sweep", running.run, text)
    text = "execute chapters at full profile, in place, with result files"
    publishing = command("publish", running.publish, text)
    pretraining = command("pretrain", running.pretrain, "list or make shipped models")
    sync = command("sync", _sync, "bring new prose into published notebooks")
    text = "notebooks for a class, without outputs and solutions, in _build/handout"
    handout = command("handout", _handout, text)
    command("new", _new, "begin a chapter").add_argument("name", help="12_attention")
    listing = command("list", _list, "list chapters, their parameters and run times")
    site = command("build", _build, "build the site from the published notebooks")
    command("readme", _readme, "write the table of chapters in README.md")
    command("screenshot", _screenshot, "take the pictures of README and social cards")
    fork = command("address", _address, "change the addresses, for a fork")

    for one in (run, sweep, publishing, sync, handout, listing):
        text = 'number, name or its beginning: "4" (default: all)'
        one.add_argument("chapter", nargs="*", help=text)
    pretraining.add_argument("name", nargs="?", help="a model of models.toml")
    for one in (run, sweep, publishing, pretraining):
        _add_running(one)
    for one in (run, sweep):
        _add_parameters(one)
    for one in (publishing, sync, listing):
        options = ("-p", "--profile", "--grid")
        one.add_argument(*options, nargs="*", action=_Refuse, help=argparse.SUPPRESS)
    text = "NAME=VALUE,VALUE: run once for each value (each combination, if repeated)"
    sweep.add_argument("--grid", action="append", default=[], help=text)
    sweep.add_argument("--seeds", type=int, help="run with the seeds 0 to N - 1")
    site.add_argument("--base", type=Path, help="folder to make _build in")
    _add_addresses(fork)
    return parsers


def _add_addresses(parser: _Parser) -> None:
    parser.add_argument("--url", required=True, help="https://github.com/OWNER/NAME")
    text = "where the site will be, ending in /"
    parser.add_argument("--site", required=True, help=text)
    parser.add_argument("--branch", default="main")


def _add_running(parser: _Parser) -> None:
    text = "seconds a cell may take (1800)"
    parser.add_argument("--timeout", type=int, default=1800, help=text)
    text = "chapters at once (default: one a core; publish, pretrain: 1)"
    parser.add_argument("--workers", type=int, help=text)
    text = "run anew what was run before, too (also: FRESH=1)"
    fresh = os.environ.get("FRESH", "0") not in ("", "0")
    parser.add_argument("--fresh", action="store_true", default=fresh, help=text)


def _add_parameters(parser: _Parser) -> None:
    parser.add_argument("--profile", help="full (default) or quick")
    words: dict[str, Any] = {"metavar": ("NAME", "VALUE"), "help": "set a parameter"}
    parser.add_argument(
        "-p", dest="given", nargs=2, action="append", default=[], **words
    )
    text = "address of a Dask cluster to use instead of this machine"
    parser.add_argument("--scheduler", help=text)


def main(argv: Sequence[str] | None = None, root: Path | None = None) -> int:
    """Do what the command line says; the exit code is 0, 1, 2 or 130."""
    root = (root or book_root()).resolve()
    parsers = _parsers()
    lines = [f"  {name:11} {one.description}" for name, one in parsers.items()]
    first = _Parser(
        prog="book",
        usage="python -m helpers.book COMMAND …  (COMMAND --help says more)",
        description="commands:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    first.add_argument("command", choices=parsers, help=argparse.SUPPRESS)
    words = list(sys.argv[1:] if argv is None else argv)
    parser = parsers[first.parse_args(words[:1]).command]
    options = parser.parse_intermixed_args(words[1:])
    try:
        with _interruptible():
            return options.does(options, root)
    except (ValueError, OSError, RuntimeError) as fault:
        parser.error(str(fault))
    except KeyboardInterrupt:
        print("stopped; no kernel is left running", file=sys.stderr)
        return 130


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C and a polite kill both take the way out that stops the kernels.

    Even where a shell started this in the background with interrupts ignored.
    """
    names = (signal.SIGINT, signal.SIGTERM)
    before = {name: signal.signal(name, signal.default_int_handler) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _sync(options: argparse.Namespace, root: Path) -> int:
    for chapter in plans.select(options.chapter, root):
        publish.sync(chapter, root)
    return 0


def _handout(options: argparse.Namespace, root: Path) -> int:
    for chapter in plans.select(options.chapter, root):
        notebook = notebooks.source(chapter, root)
        kept = [c for c in notebook.cells if "solution" not in notebooks.tags(c)]
        notebook.cells = kept
        path = root / "_build" / "handout" / f"{chapter}.ipynb"
        write_text(path, jupytext.writes(notebook, "ipynb"))
        print(path.relative_to(root))
    return 0


def _new(options: argparse.Namespace, root: Path) -> int:
    """Begin a chapter with the fewest cells that run."""
    name = options.name
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", name):
        raise ValueError(f'a chapter is named such as "12_attention", not "{name}"')
    path = root / "chapters" / f"{name}.md"
    for other in sorted((root / "chapters").glob(f"{name[:3]}*.md")):
        raise ValueError(f"{other.stem} has that number; choose another one")
    first = notebooks.code_cells(notebooks.source(notebooks.chapters(root)[0], root))[0]
    template = (Path(__file__).parent / "templates" / "chapter.md").read_text("utf-8")
    title = name[3:].replace("_", " ").capitalize()
    text = template.replace("NAME", name).replace("TITLE", title)
    write_text(path, text.replace("BOOTSTRAP", first.source))
    print(f"wrote {path.relative_to(root)}; add to _toc.yml: - file: chapters/{name}")
    print(f"then try it: make run CHAPTER={name[:2]} PROFILE=quick")
    return 0


def _list(options: argparse.Namespace, root: Path) -> int:
    for chapter in plans.select(options.chapter, root):
        first = notebooks.source(chapter, root).cells[0].source
        print(f"{chapter}  {first.partition(chr(10))[0].lstrip('# ')}")
        results = root / "data" / "results" / f"{chapter}.json"
        if results.exists():
            seconds = json.loads(results.read_text("utf-8"))["seconds"]["total"]
            print(f"    published run: {seconds:.0f} s")
        for name, parameter in parameters.read(chapter, root).items():
            line = f"{name}: {parameter.type} = {parameter.default!r}"
            print(f"    {line:32}  {parameter.help}")
    return 0


def _build(options: argparse.Namespace, root: Path) -> int:
    from helpers.book import site  # Sphinx, which takes a second

    site.build(root, (options.base or root).resolve())
    return 0


def _readme(options: argparse.Namespace, root: Path) -> int:
    from helpers.book import site

    site.write_readme(root)
    return 0


def _screenshot(options: argparse.Namespace, root: Path) -> int:
    from helpers.book import site

    for path in site.screenshot(root):
        print(f"wrote {path.relative_to(root)}")
    return 0


def _address(options: argparse.Namespace, root: Path) -> int:
    from helpers.book import site

    for path in site.address(root, options.url, options.site, options.branch):
        print(f"changed {path.relative_to(root)}")
    return 0
