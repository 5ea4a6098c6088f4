"""The commands `swinx2s weights list`, `verify`, `import` and `remove`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from SwinX2SLib.cli.parsing import add_command
from SwinX2SLib.errors import DONE, EXIT_CODES, MODEL, Fault, InputError
from SwinX2SLib.weights.locating import expectation_faults, file_faults
from SwinX2SLib.weights.manifest import (
    VARIABLE,
    StoredWeights,
    cache_folder,
    default_name,
    find_weights,
    remove_imported,
    stored_weights,
)
from SwinX2SLib.weights.record import BITS, WeightsError


def add_weights_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `weights`."""
    parser = subparsers.add_parser(
        "weights",
        description="List, verify, import or remove weights.",
        epilog="`swinx2s weights ACTION --help` describes an action.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_list(actions)
    _add_verify(actions)
    _add_import(actions)
    _add_remove(actions)


def _add_list(actions: argparse._SubParsersAction) -> None:
    parser = add_command(
        actions,
        "list",
        "List the bundled and the imported weights.",
        summary="list the available weights",
        codes=EXIT_CODES,
    )
    parser.add_argument("--json", action="store_true", help="print all details as JSON")
    parser.set_defaults(func=run_list)


def _add_verify(actions: argparse._SubParsersAction) -> None:
    parser = add_command(
        actions,
        "verify",
        "Check the size, SHA-256 and tensors of weights.",
        summary="check that weights are complete and match their network",
        examples=["swinx2s weights verify", "swinx2s weights verify silhouettes-v3 --files-only"],
        codes={
            **EXIT_CODES,
            DONE: ("all weights are valid"),
            MODEL: "some weights are damaged; all problems are listed",
        },
    )
    parser.add_argument("name", nargs="*", metavar="NAME", help="weights to check (default: all)")
    parser.add_argument(
        "--files-only", action="store_true", help="check only size and SHA-256, which does not need PyTorch"
    )
    parser.set_defaults(func=run_verify)


def _add_import(actions: argparse._SubParsersAction) -> None:
    parser = add_command(
        actions,
        "import",
        "Import weights written by this library, or convert a checkpoint of the published Swin-X2S code; "
        "the network is identified from its tensors. Imported weights are stored in the cache folder "
        f"(${VARIABLE}, currently {cache_folder()}) unless --out is given.",
        summary="import weights of this library, or convert a checkpoint of the published Swin-X2S code",
        examples=["swinx2s weights import checkpoint.pt --name my-base --half --licence 'CC BY 4.0'"],
        codes=EXIT_CODES,
    )
    parser.add_argument("source", type=Path, metavar="FILE", help=".pt, .pth or .safetensors file")
    parser.add_argument(
        "--sha256",
        default="",
        metavar="HEX",
        help="expected SHA-256; a file with a different hash is rejected",
    )
    parser.add_argument("--name", required=True, help="name for the weights")
    parser.add_argument("--out", type=Path, metavar="DIR", help="output folder (default: the cache folder)")
    parser.add_argument("--half", action="store_true", help="store as float16 (half the size)")
    parser.add_argument(
        "--bits",
        type=int,
        choices=BITS,
        default=0,
        help="store as whole numbers of so many bits with a scale for each channel",
    )
    parser.add_argument("--replace", action="store_true", help="overwrite imported weights with this name")
    parser.add_argument("--licence", default="unknown", help="licence stated by the source")
    parser.add_argument("--notes", default="", help="description shown to users")
    parser.set_defaults(func=run_import)


def _add_remove(actions: argparse._SubParsersAction) -> None:
    parser = add_command(
        actions,
        "remove",
        "Delete imported weights and their record.",
        summary="delete imported weights",
        codes=EXIT_CODES,
    )
    parser.add_argument("name", metavar="NAME", help="weights to delete")
    parser.set_defaults(func=run_remove)


def run_list(args: argparse.Namespace) -> int:
    """Print the weights of both manifests."""
    stored, default = stored_weights(), default_name()
    if args.json:
        models = [
            {**entry.record.to_json(), "path": str(entry.path), "bundled": entry.bundled} for entry in stored
        ]
        print(json.dumps({"default": default, "models": models}, indent=2, ensure_ascii=False))
        return DONE
    if not stored:
        print("No weights are available. Import some with `swinx2s weights import`.")
    for entry in stored:
        print(_line(entry, entry.record.name == default))
    return DONE


def run_verify(args: argparse.Namespace) -> int:
    """Check weights and print one line for each.

    Raises:
        WeightsError: some are not in order; names every fault.
    """
    faults = []
    for entry in [find_weights(name) for name in args.name] or stored_weights():
        found = file_faults(entry.path, entry.record)
        if not found and not args.files_only:
            found = _tensor_faults(entry)
        print(f"{entry.record.name}: {'DAMAGED' if found else 'valid'}")
        faults.extend(found)
    if faults:
        raise WeightsError(faults)
    return DONE


def run_import(args: argparse.Namespace) -> int:
    """Import a checkpoint and print where it went.

    Raises:
        InputError: it cannot be imported; names every fault.
    """
    # Checked before the slow import of PyTorch.
    if faults := expectation_faults(args.source, args.sha256):
        raise InputError(faults)
    from SwinX2SLib.weights.importing import ImportOptions, import_weights

    options = ImportOptions(
        args.name, args.out, args.half, args.bits, args.replace, args.licence, args.notes, args.sha256
    )
    path, record = import_weights(args.source, options)
    sizes = f" with {record.overrides}" if record.overrides else ""
    print(f"{record.name}: {record.variant}{sizes}, {record.bytes / 1e6:.1f} MB, SHA-256 {record.sha256}")
    model = record.name if args.out is None else path
    print(f"Written to {path}. Use it with `swinx2s reconstruct --model {model}`.")
    return DONE


def run_remove(args: argparse.Namespace) -> int:
    """Delete imported weights and print which files went.

    Raises:
        WeightsError: they cannot be removed.
    """
    files = remove_imported(args.name)
    print(f"Removed {args.name}: {', '.join(map(str, files)) or 'its files did not exist'}.")
    return DONE


def _tensor_faults(entry: StoredWeights) -> list[Fault]:
    from SwinX2SLib.weights.storage import content_faults

    try:
        return content_faults(entry.path, entry.record)
    except WeightsError as error:
        return list(error.faults)


def _line(entry: StoredWeights, is_default: bool) -> str:
    record = entry.record
    marks = ", ".join(
        mark
        for mark, holds in (
            ("default", is_default),
            ("imported", not entry.bundled),
            ("FILE MISSING", not entry.path.is_file()),
        )
        if holds
    )
    size = f"{record.bytes / 1e6:.1f} MB"
    head = f"{record.name}  {record.variant}  {size}  {record.date}  {record.licence}"
    lines = [f"{head}  ({marks})" if marks else head, *([f"    {record.notes}"] if record.notes else [])]
    return "\n".join(lines)
