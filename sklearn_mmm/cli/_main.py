"""The command line: from arguments to a status."""

from collections.abc import Sequence

from sklearn_mmm._signals import Terminated, terminable
from sklearn_mmm.cli._commands import run_check, run_report
from sklearn_mmm.cli._parser import parse
from sklearn_mmm.cli._show import plain_warnings, say
from sklearn_mmm.cli._stored_model import run_plan, run_refresh

COMMANDS = {
    "report": run_report,
    "check": run_check,
    "plan": run_plan,
    "refresh": run_refresh,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv : sequence of str, default=None
        Arguments; None takes those of the process.

    Returns
    -------
    int
        0, or 1 if ``check`` found what stops a fit, 2 for wrong data or options, 130
        after an interruption and 143 after a request to end.
    """
    try:
        args = parse(argv)
        with terminable(), plain_warnings(set()):
            return COMMANDS[args.command](args)
    except (ValueError, OSError) as error:
        say(f"error: {error}")
        return 2
    except Terminated:
        say("terminated")
        return 143
    except KeyboardInterrupt:
        say("interrupted")
        return 130
