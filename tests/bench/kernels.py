#!/usr/bin/env python3
"""What every vendor's compiler makes of the kernels: runs `lemnos kernels` on the drivers of tests/drivers.sh that compile
without hardware, and keeps results/kernels.md.

    tests/bench/kernels.py [--keep] build/bin/lemnos [DRIVER...]

Without --keep nothing is written. Status 1 when a kernel that a device chooses spills, needs scratch memory or does not compile."""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DRIVERS = HERE.parent / "drivers.sh"
DEFAULT = ["radv-polaris10", "radv-navi21", "radv-navi31", "radv-gfx1201", "nvk-turing", "nvk-ampere", "turnip-660",
           "turnip-740", "honeykrisp"]


def ask(driver, tool):
    """The tool's report, or the reason why there is none."""
    run = subprocess.run([DRIVERS, "run", driver, tool, "kernels", "--json"], capture_output=True,
                         text=True, timeout=900)
    try:
        return json.loads(run.stdout)
    except json.JSONDecodeError:
        lines = (run.stderr or run.stdout).strip().splitlines()
        return lines[-1] if lines else f"status {run.returncode}"


def cell(entries):
    """Registers and occupancy of the hungriest specialisation that the device chooses; what is wrong, in bold."""
    chosen = [e for e in entries if e["chosen"]]
    shown = chosen or entries
    worst = max(shown, key=lambda e: e["registers"])
    text = f"{worst['registers']:.0f} / {min(e['occupancy'] for e in shown):.0f}"
    spills, scratch = max(e["spills"] for e in shown), max(e["scratch"] for e in shown)
    if any(e["error"] for e in entries):
        text = "**error**"
    elif spills > 0 or scratch > 0:
        text += f" **{spills:.0f} spills**" if spills > 0 else f" **{scratch:.0f} scratch**"
    return text if chosen else f"({text})"


def defects(reports):
    for driver, report in reports.items():
        for name, entries in report["kernels"].items():
            for e in entries:
                if e["error"] or (e["chosen"] and (e["spills"] > 0 or e["scratch"] > 0)):
                    yield driver, name, e


def table(reports):
    names = sorted({name for report in reports.values() for name in report["kernels"]})
    yield "| kernel | " + " | ".join(reports) + " |"
    yield "| --- " * (len(reports) + 1) + "|"
    for name in names:
        cells = [cell(r["kernels"][name]) if name in r["kernels"] else "" for r in reports.values()]
        yield f"| {name} | " + " | ".join(cells) + " |"


def main():
    keep = "--keep" in sys.argv
    tool, *drivers = [word for word in sys.argv[1:] if word != "--keep"]
    drivers = drivers or DEFAULT
    answers = {driver: ask(driver, tool) for driver in drivers}
    reports = {driver: a for driver, a in answers.items() if isinstance(a, dict)}
    lines = ["# What the vendors' compilers make of the kernels", "",
             "Written by `tests/bench/kernels.py`; no hardware was at hand. Up to eight specialisations of each kernel. A cell holds",
             "registers of the hungriest / the least occupancy, among those that the device chooses itself; in brackets where it has the",
             "kernel only when forced. Registers count 32 bits (on Adreno four of them); occupancy is waves per SIMD (AMD), warps per",
             "multiprocessor (NVIDIA), waves per core (Adreno), threads per core (Apple). All in JSON: `lemnos kernels --json`; machine",
             "code: `lemnos kernels --isa NAME`.", ""]
    for driver, answer in answers.items():
        what = f"{answer['device'].strip()}, {answer['driver']} {answer['driver_version']}" if driver in reports else answer
        lines.append(f"- {driver}: {what}")
    lines += ["", *table(reports), "", "## Spills, scratch memory, errors", ""]
    found = [f"- {driver}, {name} ({' '.join(map(str, e['spec']))}): " +
             (e["error"] or f"{e['spills']:.0f} spills, {e['scratch']:.0f} scratch") for driver, name, e in defects(reports)]
    lines += found or ["None."]
    if keep:
        (HERE / "results" / "kernels.md").write_text("\n".join(lines) + "\n")
    for driver, answer in answers.items():
        pipelines = sum(map(len, answer["kernels"].values())) if driver in reports else answer
        print(f"{driver}: {pipelines}" + (" pipelines" if driver in reports else ""))
    missing = len(answers) - len(reports)
    print("\n".join(found) if found else f"{missing} drivers without a report" if missing
          else "no spill, no scratch memory, no error")
    return 1 if found or missing else 0


if __name__ == "__main__":
    sys.exit(main())
