import os
import threading
from pathlib import Path

import pytest

from sklearn_mmm._files import write_aside


def write_half(path):
    with write_aside(path, "w", encoding="utf-8") as file:
        file.write("half")
        raise KeyboardInterrupt


@pytest.mark.parametrize("former", [None, "former"])
def test_what_is_interrupted_leaves_the_folder_as_it_was(tmp_path, former):
    path = tmp_path / "file.txt"
    if former is not None:
        path.write_text(former, encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    assert [p.read_text(encoding="utf-8") for p in tmp_path.iterdir()] == (
        [] if former is None else [former]
    )


def test_a_full_disk_leaves_the_folder_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    path.write_text("former", encoding="utf-8")

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), write_aside(path) as file:
        file.write(b"new")
    assert [p.read_text(encoding="utf-8") for p in tmp_path.iterdir()] == ["former"]


def test_two_writers_leave_one_whole_file(tmp_path):
    path = tmp_path / "file.txt"
    both_are_writing = threading.Barrier(2)

    def write(letter):
        with write_aside(path, "w", encoding="utf-8") as file:
            file.write(letter * 1000)
            both_are_writing.wait()
            file.write(letter * 1000)

    writers = [threading.Thread(target=write, args=(letter,)) for letter in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_text(encoding="utf-8") in ("a" * 2000, "b" * 2000)
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_those_of_the_former_or_of_any_new_file(tmp_path):
    new, former, plain = tmp_path / "new", tmp_path / "former", tmp_path / "plain"
    former.touch()
    former.chmod(0o640)
    plain.touch()
    for path in (new, former):
        with write_aside(path) as file:
            file.write(b"x")
    assert new.stat().st_mode == plain.stat().st_mode
    assert former.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.touch()
    link.symlink_to(target)
    with write_aside(link) as file:
        file.write(b"x")
    assert link.is_symlink()
    assert target.read_bytes() == b"x"


def test_a_device_is_written_to_as_it_is():
    with write_aside("/dev/null") as file:
        file.write(b"x")
    assert not Path("/dev/null").is_file()
