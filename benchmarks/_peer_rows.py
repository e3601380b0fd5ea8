"""Rows of peers that were measured before, so that a run which was cut off goes on."""

import datetime
import hashlib
import tempfile
from pathlib import Path

import pandas as pd
from _environments import PEERS, environment
from _machine import processor
from _peer_runs import SCRIPTS, TIMED_OUT, write_task


def digest_of_fit(name, world, timeout, **options):
    """Return a digest of all that a peer's row depends on.

    That is its version, the scripts that fit it, the rows it is given, what is asked of it,
    the CPU seconds it may take and the processor.
    """
    told = f"{environment(name)[1]} {timeout} {processor()}"
    digest = hashlib.sha256(told.encode())
    for script in (PEERS[name].script, "exchange.py"):
        digest.update((SCRIPTS / script).read_bytes())
    with tempfile.TemporaryDirectory() as made:
        write_task(world, Path(made), options)
        for file in sorted(Path(made).iterdir()):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


class KeptRows:
    """Rows by the digests of their fits, in a file if there is to be one.

    Parameters
    ----------
    path : Path or None
    """

    def __init__(self, path=None):
        self.path, self.used = path, []
        self.rows = self._read()

    def _read(self):
        if self.path is None or not self.path.exists():
            return {}
        table = pd.read_csv(self.path, dtype={"digest": str, "note": str})
        table["note"] = table["note"].fillna("")
        return {row["digest"]: row for row in table.to_dict("records")}

    def find(self, digest):
        """Return the row of a fit, None if there is none."""
        row = self.rows.get(digest)
        if row is not None:
            self.used.append(row)
        return row

    def knows(self, panel, seed):
        """Return whether any peer has a row of a panel."""
        rows = self.rows.values()
        return any(row["panel"] == panel and row["seed"] == seed for row in rows)

    def keep(self, row):
        """Keep a row; one without figures only if more time would not have helped."""
        if self.path is None or not row.get("digest") or row["digest"] in self.rows:
            return
        if row["note"] and not row["note"].startswith(TIMED_OUT):
            return
        # Another run may have kept rows in the meantime.
        self.rows |= self._read()
        self.rows[row["digest"]] = row | {"date": datetime.date.today().isoformat()}
        pd.DataFrame(self.rows.values()).to_csv(self.path, index=False)

    def told(self):
        """Return what is to be said of rows that were not measured again."""
        days = sorted({row["date"] for row in self.used})
        when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        return (
            f"taken from runs before this one ({when}), of the same panels, versions, "
            f"settings and processor: {len(self.used)} fits of peers"
        )
