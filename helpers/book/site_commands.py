"""The site's commands; they move to the workshop's one command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from helpers.book import site
from helpers.files import book_root


def main(arguments: list[str] | None = None) -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(prog="python -m helpers.book.site")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("build", help="build the site")
    one.add_argument(
        "--base", type=Path, help="folder to make _build in; default: here"
    )
    one = commands.add_parser("address", help="change the addresses, for a fork")
    one.add_argument("--url", required=True)
    one.add_argument("--site", required=True)
    one.add_argument("--branch", default="main")
    commands.add_parser("readme", help="write the table of chapters in README.md")
    commands.add_parser(
        "screenshot", help="take the pictures of README and social cards"
    )
    options = parser.parse_args(arguments)
    root = book_root()
    if options.command == "build":
        site.build(root, (options.base or root).resolve())
    elif options.command == "address":
        try:
            changed = site.address(root, options.url, options.site, options.branch)
        except ValueError as error:
            parser.error(str(error))
        print("\n".join(f"changed {path.relative_to(root)}" for path in changed))
    elif options.command == "readme":
        site.write_readme(root)
    else:
        try:
            for path in site.screenshot(root):
                print(f"wrote {path.relative_to(root)}")
        except RuntimeError as error:
            parser.exit(1, f"{error}\n")
