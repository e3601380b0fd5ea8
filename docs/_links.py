"""Check the links of the built pages (`python docs/_links.py docs/_build/html`).

Links inside the site have to lead to a page, a file and an anchor that is there. Links
to elsewhere are listed with ``--external``, since a build needs no network.
"""

import argparse
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit


class _Links(HTMLParser):
    """Links and anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.anchors.add(value)


def read(path: Path) -> _Links:
    """Return the links and anchors of a page."""
    page = _Links()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def check(folder: Path) -> tuple[list[str], set[str], int]:
    """Return broken links, links to elsewhere, and how many were looked at."""
    # Templates of the theme lie in _static as they are.
    paths = (p for p in folder.rglob("*.html") if "_static" not in p.parts)
    pages = {path.resolve(): read(path) for path in paths}
    broken: list[str] = []
    external: set[str] = set()
    n_links = 0
    for path, page in pages.items():
        for link in page.links:
            n_links += 1
            parts = urlsplit(link)
            if parts.scheme in ("http", "https"):
                external.add(link)
            elif not parts.scheme and not _leads_somewhere(path, parts, pages):
                broken.append(f"{path.relative_to(folder.resolve())}: {link}")
    return broken, external, n_links


def _leads_somewhere(
    path: Path, parts: SplitResult, pages: Mapping[Path, _Links]
) -> bool:
    target = path
    if parts.path:
        target = (path.parent / unquote(parts.path)).resolve()
    anchor = unquote(parts.fragment)
    known = target not in pages or not anchor or anchor in pages[target].anchors
    return target.exists() and known


def main() -> None:
    """Print what is broken, and fail if something is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--external", action="store_true", help="list them")
    args = parser.parse_args()
    broken, external, n_links = check(args.folder)
    print(f"{n_links} links, {len(external)} pages elsewhere, {len(broken)} broken")
    if args.external:
        print("\n".join(sorted(external)))
    if broken:
        raise SystemExit("\n".join(sorted(set(broken))))


if __name__ == "__main__":
    main()
