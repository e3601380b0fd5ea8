"""Writing a file so that it is there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import uuid4


@contextmanager
def write_aside(
    path: str | Path, mode: str = "wb", **options: Any
) -> Iterator[IO[Any]]:
    """Open a file beside its place and move it there once it is complete.

    Until then, and if anything goes wrong or is interrupted, what was at ``path``
    stays as it was. Of several writers the last one to finish wins.

    Parameters
    ----------
    path : str or Path
        Where the file goes; a link is followed.
    mode : {"wb", "w"}, default="wb"
        Bytes or text.
    **options
        Of :func:`open`, such as ``encoding``.

    Yields
    ------
    file

    Raises
    ------
    OSError
        If the folder cannot be written to or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_mmm._files import write_aside
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "note.txt")
    ...     with write_aside(path, "w", encoding="utf-8") as file:
    ...         _ = file.write("whole")
    ...     path.read_text(encoding="utf-8")
    'whole'
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_file():
        # A pipe or a device: there is nothing to keep.
        with target.open(mode, **options) as file:
            yield file
        return
    aside = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        with aside.open(mode.replace("w", "x"), **options) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            aside.chmod(target.stat().st_mode)
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
