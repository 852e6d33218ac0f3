"""The command line: parses, calls, prints."""

from __future__ import annotations

import io
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from continuum_act.command_line.arguments import join_negative_values, parse_alphas, parse_seeds, parser
from continuum_act.command_line.start import import_tensorflow

if TYPE_CHECKING:
    from continuum_act.sweep.result import SweepResult

WRONG_INPUT, NOTHING_COMPLETED, INTERRUPTED = 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `continuum-act`.

    Returns:
        Its exit code: 0; 2 if the input is wrong; 3 if no alpha completed; 130 if it was interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names that a terminal cannot write are no error
            stream.reconfigure(errors="backslashreplace")
    options_of = parser()
    options = options_of.parse_args(join_negative_values(sys.argv[1:] if arguments is None else arguments))
    if options.command is None:
        options_of.print_help()
        return 0
    try:
        return {"sweep": _sweep, "plot": _plot, "report": _report}[options.command](options)
    except (ValueError, OSError, ImportError, MemoryError) as error:
        print(f"continuum-act: error: {' '.join(str(error).split()) or 'out of memory'}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("continuum-act: stopped; the same command goes on from here.", file=sys.stderr)
        return INTERRUPTED


def _sweep(options: Namespace) -> int:
    alphas, seeds = parse_alphas(options.alphas, options.kind), parse_seeds(options.seeds)
    try:
        import optuna

        from continuum_act.command_line import tables
    except ImportError as error:
        raise ImportError(f"{error}; `continuum-act sweep` needs: pip install 'continuum-act[cli]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if options.study is not None and (not options.study.strip(". ") or set(options.study) & set("/\\")):
        raise ValueError(f"--study {options.study!r} names a directory, too; give a name without / and \\.")
    data = tables.load(
        options.data,
        options.target,
        drop=options.drop,
        task=options.task,
        test_share=options.test_share,
        sep=options.sep,
    )
    out = _writable(options.out)
    tested = f"{len(data.test.x)} to test, " if data.test else ""
    print(
        f"{data.name}: {len(data.train.x)} rows to train, {len(data.validation.x)} to validate, {tested}"
        f"{data.train.x.shape[1]} inputs, "
        + (f"{len(data.target.classes)} classes" if data.target.classes else "regression")
    )
    for note in data.notes:
        print(f"  {note}")
    sys.stdout.flush()
    import_tensorflow()
    from continuum_act.command_line import experiment, saved
    from continuum_act.study.file_names import as_file_name
    from continuum_act.study.urls import shown

    storage = options.storage or str(out / "study.db")
    study = experiment.Experiment(
        data, options.kind, seeds, options.epochs, options.batch_size, storage, options.study, options.engine
    )
    result = study.run(alphas)
    if not result.trained:
        print("nothing left to train: every member is in the study")
    completed = _show(result, out)
    if completed:
        directory = out / as_file_name(result.study_name)
        if result.trained or not all((directory / name).exists() for name in saved.FILES):
            saved.save(directory, data, result.best_model())
        print(*(directory / name for name in saved.FILES), sep="\n")
        if data.test:
            print(*study.test(result, out / as_file_name(result.study_name)), sep="\n")
    print(f"study {result.study_name!r} in {shown(storage)}: run again to resume")
    return 0 if completed else NOTHING_COMPLETED


def _plot(options: Namespace) -> int:
    alphas = parse_alphas(options.alphas, options.kind)
    import_tensorflow()
    from continuum_act.report.figures import plot_activations

    print(plot_activations(alphas, options.kind, options.out))
    return 0


def _report(options: Namespace) -> int:
    import_tensorflow()
    from continuum_act.command_line.experiment import study_of_test
    from continuum_act.study.urls import shown
    from continuum_act.sweep.result import SweepResult
    from continuum_act.sweep.stored import study_names

    names = study_names(options.storage)
    sweeps = [name for name in names if name not in map(study_of_test, names)]
    study = options.study or (sweeps[0] if len(sweeps) == 1 else None)
    if study not in names:
        has = f"has the studies {names}; choose one with --study NAME" if names else "has no study of a sweep"
        raise ValueError(f"{shown(options.storage)} {has}.")
    result = SweepResult.load(options.storage, study)
    return 0 if _show(result, _writable(options.out) if options.out else None) else NOTHING_COMPLETED


def _show(result: SweepResult, out: Path | None) -> bool:
    """Write and print a result; return whether an alpha completed for every seed."""
    from continuum_act.study.file_names import as_file_name

    files = result.save(out / as_file_name(result.study_name)) if out else []
    print(result)
    print(*files, sep="\n", end="\n" * bool(files))
    try:
        return bool(result.best)
    except ValueError as error:
        print(f"continuum-act: {error}", file=sys.stderr)
        return False


def _writable(directory: str) -> Path:
    path = Path(directory)
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(f"--out {path} is a file; give a directory.")
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK):
        raise PermissionError(f"the directory {path} cannot be written; choose another with --out.")
    return path
