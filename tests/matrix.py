#!/usr/bin/env python3
"""Every driver of tests/drivers.sh through every lane that it can run, and the table of that in tests/README.md.

    tests/matrix.py [--keep] [--tier smoke|fast|broad|whole] [--lane NAME]... BUILD_FOLDER [DRIVER...]

Without --keep the table is only printed. A cell says passed / failed / declined, or why nothing ran. Status 1 when anything
failed, 2 for a mistake. A driver that is not here is a row that says so: tests/drivers.sh install NAME."""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
DRIVERS = HERE / "drivers.sh"
README = HERE / "README.md"
BEGIN, END = "<!-- matrix -->", "<!-- /matrix -->"
SOFTWARE = ("system", "lavapipe", "swiftshader")  # these execute; the others only compile

# lane: labels of the tests, a pattern of their names, and the environment. `tier`: of the op suite, where not the chosen one.
LANES = {
    "suite": ("^device$", "", {}),
    # The layer makes a run several times slower. Its canaries come along: mistakes that it must see.
    "validation": ("^(device|validation)$", "", {"LEMNOS_VALIDATION": "sync", "LEMNOS_TIER": "smoke"}),
    "gpu-assisted": ("^gpu_assisted$", "", {}),
    "portable": ("^device$", "^ops_[0-9]+$", {"LEMNOS_PRESET": "portable", "LEMNOS_TIER": "smoke"}),
}
LIMIT = 3600  # seconds of a cell


def names():
    listing = subprocess.run([DRIVERS, "list"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in listing.splitlines()]


def is_here(driver):
    return subprocess.run([DRIVERS, "has", driver], capture_output=True).returncode == 0


def tests_on(build, driver, lane, tier):
    """Passed, failed and declined tests of a lane, and the seconds."""
    labels, pattern, settings = LANES[lane]
    folder = build / f"matrix-{driver}-{lane}"
    launcher = "" if driver == "system" else f"{DRIVERS};run;{driver}"
    subprocess.run(["cmake", "-D", f"BUILD={build}", "-D", f"TO={folder}", "-D", f"LABELS={labels}", "-D",
                    f"LAUNCHER={launcher}", "-P", ROOT / ".ci" / "on_driver.cmake"], check=True, capture_output=True)
    log = folder / "Testing" / "Temporary" / "LastTest.log"
    log.unlink(missing_ok=True)
    began = datetime.datetime.now()
    command = ["ctest", "--test-dir", folder, "--no-tests=error", "--timeout", "300", "-j", str(os.cpu_count())]
    if pattern:
        command += ["-R", pattern]
    try:
        status = subprocess.run(command, capture_output=True, timeout=LIMIT,
                                env={**os.environ, "LEMNOS_TIER": tier, **settings}).returncode
    except subprocess.TimeoutExpired:
        return f"**over {LIMIT} s**", True
    seconds = round((datetime.datetime.now() - began).total_seconds())
    if not log.exists():
        return "**no test ran**", True
    counts = subprocess.run(["awk", "-f", ROOT / ".ci" / "count_tests.awk", log], capture_output=True, text=True,
                            check=True).stdout.split()
    passed, failed, declined = (int(n) for n in counts)
    if passed + failed == 0:
        return (f"declined {declined}", False) if declined and status == 0 else ("**no test ran**", True)
    failed = max(failed, 1 if status else 0)
    text = f"{passed:,} / {failed} / {declined:,}"
    return (f"**{text}**" if failed else text) + f" ({seconds} s)", failed > 0


def kernels_on(build, driver):
    """What the vendor's compiler makes of every pipeline that the op suite needs."""
    try:
        run = subprocess.run([DRIVERS, "run", driver, build / "bin" / "lemnos", "kernels", "--json"], capture_output=True,
                             text=True, timeout=900)
        entries = [e for list_of_name in json.loads(run.stdout)["kernels"].values() for e in list_of_name]
    except subprocess.TimeoutExpired:
        return "**over 900 s**", True
    except (json.JSONDecodeError, KeyError):
        lines = (run.stderr or run.stdout).strip().splitlines()
        return f"**{lines[-1] if lines else run.returncode}**", True
    bad = [e for e in entries if e["error"] or (e["chosen"] and (e["spills"] > 0 or e["scratch"] > 0))]
    text = f"{len(entries)} pipelines, {len(bad)} errors or spills"
    return (f"**{text}**" if bad else text), bool(bad)


def version_of(build, driver):
    command = [build / "bin" / "lemnos", "info", "--json"]
    if driver != "system":
        command = [DRIVERS, "run", driver, *command]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    try:
        devices = json.loads(run.stdout)
    except json.JSONDecodeError:
        return ""
    return devices[0]["driver_version"] if devices else ""


def row(build, driver, lanes, tier):
    if not is_here(driver):
        return [driver, "not here"] + [""] * (len(lanes) + 1), False
    executes = driver.startswith(SOFTWARE)
    cells, any_failed = [driver, version_of(build, driver)], False
    for lane in lanes:
        text, failed = tests_on(build, driver, lane, tier) if executes else ("", False)
        cells.append(text)
        any_failed = any_failed or failed
        print(f"{driver}: {lane}: {text or 'only compiles'}", file=sys.stderr, flush=True)
    text, failed = ("", False) if executes else kernels_on(build, driver)
    cells.append(text)
    print(f"{driver}: compiles: {text or 'executes'}", file=sys.stderr, flush=True)
    return cells, any_failed or failed


def table(rows, lanes, tier):
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    yield f"{datetime.date.today()}, {commit}, tier {tier}. Passed / failed / declined (seconds)."
    yield ""
    yield "| driver | version | " + " | ".join(lanes) + " | compiles |"
    yield "| --- " * (len(lanes) + 3) + "|"
    for cells in rows:
        yield "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="write the table into tests/README.md")
    parser.add_argument("--tier", choices=("smoke", "fast", "broad", "whole"), default="smoke")
    parser.add_argument("--lane", action="append", choices=LANES, help="only this lane; may be repeated")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("drivers", nargs="*")
    options = parser.parse_args()
    build, known = options.build.resolve(), names()
    for driver in options.drivers:
        if driver not in known:
            parser.error(f"no driver '{driver}'; one of: {' '.join(known)}")
    if not (build / "bin" / "lemnos").exists():
        parser.error(f"{build}: no bin/lemnos there; ./setup.sh build")
    lanes = options.lane or list(LANES)
    rows, any_failed = [], False
    for driver in options.drivers or known:
        cells, failed = row(build, driver, lanes, options.tier)
        rows.append(cells)
        any_failed = any_failed or failed
    text = "\n".join(table(rows, lanes, options.tier))
    print(text)
    if options.keep:
        readme = README.read_text()
        before, after = readme.split(BEGIN)[0], readme.split(END)[1]
        README.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    return 1 if any_failed else 0


if __name__ == "__main__":
    sys.exit(main())
