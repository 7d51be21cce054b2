"""The entry point: ``mtls-lint`` and ``python -m mtls_lint``."""

import sys

from mtls_lint import __version__


def main() -> int:
    """Run the command line; returns the exit code.

    Nothing but ``sys`` is imported until it is needed: ``--version`` is asked by every CI run.
    """
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        return _print_version()
    import gc  # noqa: PLC0415 - see above

    # Trees and findings live until the end: to look for garbage among them takes a tenth of a run, small or
    # large, and frees nothing. Nor need the interpreter look when it ends: what is frozen is left alone.
    gc.disable()
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not look like a clean run
        return _internal_error(error, arguments)
    finally:
        gc.freeze()


def _run(arguments: list[str]) -> int:
    from mtls_lint.cli.quick import quick  # noqa: PLC0415 - see above

    code = quick(arguments)
    if code is not None:
        return code
    from mtls_lint.cli.app import run  # noqa: PLC0415 - Typer and all commands, which most runs do not need

    return run(arguments)


def _print_version() -> int:
    try:
        print(f"mtls-lint {__version__}", flush=True)
    except OSError as error:
        import os  # noqa: PLC0415 - see above

        # The interpreter flushes stdout once more when it ends, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0 if isinstance(error, BrokenPipeError) else 3
    return 0


def _internal_error(error: Exception, arguments: list[str]) -> int:
    lines = [f"mtls-lint: internal error: {type(error).__name__}: {error}".replace("\n", " ")]
    if {"-v", "-vv", "--verbose"} & set(arguments):
        import traceback  # noqa: PLC0415 - see above

        lines += traceback.format_exc().splitlines()
        lines.append("Please report this together with the lines above.")
    else:
        lines.append("Please report this; with -v it says where it happened. Nothing was decided.")
    for text in lines:
        # repr-like escapes: the message may quote text of a configuration.
        safe = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
        if sys.stderr is not None:  # started with `2>&-`; print() would take stdout instead
            print(safe.encode("ascii", "backslashreplace").decode("ascii"), file=sys.stderr)
    return 3


def _leave_the_linted_directory() -> None:
    """Take the current directory off the module path, where ``python -m`` put it.

    It is the directory that is linted, and files in it (a ``typer.py``) would run in place of ours.
    """
    import os  # noqa: PLC0415 - needed for `python -m` alone

    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.path and sys.path[0] == os.getcwd() != ours:
        del sys.path[0]


if __name__ == "__main__":
    _leave_the_linted_directory()
    sys.exit(main())
