"""Table of the package's rooms and the imports between them, read from the files."""

import ast
from pathlib import Path

import sklearn_mmm

_ROOT = Path(sklearn_mmm.__file__).parent


def _imports(room: Path) -> set[str]:
    found = set()
    for path in room.rglob("*.py") if room.is_dir() else [room]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                parts = node.module.split(".")
                if parts[0] == "sklearn_mmm" and len(parts) > 1:
                    found.add(parts[1])
    return found - {room.stem}


def _level(room: str, uses: dict[str, set[str]]) -> int:
    return 1 + max((_level(below, uses) for below in uses[room]), default=-1)


def write(folder: Path) -> None:
    """Write the table that the page about the architecture includes.

    Parameters
    ----------
    folder : Path
    """
    rooms = {path.parent.name: path.parent for path in _ROOT.glob("*/__init__.py")}
    uses = {name: _imports(path) & set(rooms) for name, path in rooms.items()}
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: 8 18 44 30", ""]
    lines += ["   * - Level", "     - Room", "     - What it is", "     - Imports"]
    for name in sorted(rooms, key=lambda n: (_level(n, uses), n)):
        text = (rooms[name] / "__init__.py").read_text(encoding="utf-8")
        promise = (ast.get_docstring(ast.parse(text)) or "").splitlines()[0]
        below = ", ".join(f"``{n}``" for n in sorted(uses[name])) or "none"
        lines += [
            f"   * - {_level(name, uses)}",
            f"     - ``{name}``",
            f"     - {promise}",
            f"     - {below}",
        ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rooms.rst").write_text("\n".join(lines) + "\n", encoding="utf-8")
