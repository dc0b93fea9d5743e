#!/usr/bin/env python3
"""Line coverage from the .gcda files of a build folder: a table by folder of src/, then each file's missed lines.

    .ci/coverage.py BUILD_FOLDER"""
import collections
import json
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent


def counts(build):
    """{file of src/: {line: how often it ran}}; a line of a template or a header ran as often as all its copies."""
    ran = collections.defaultdict(lambda: collections.defaultdict(int))
    data = sorted(build.rglob("*.gcda"))
    for start in range(0, len(data), 50):
        command = ["gcov", "--json-format", "--stdout", *map(str, data[start:start + 50])]
        for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
            report = json.loads(line)
            where = pathlib.Path(report["current_working_directory"])
            for file in report["files"]:
                path = (where / file["file"]).resolve()
                if not path.is_relative_to(TOP / "src"):
                    continue
                for entry in file["lines"]:
                    ran[path.relative_to(TOP).as_posix()][entry["line_number"]] += entry["count"]
    return ran


def ranges(lines):
    """[3, 4, 5, 9] -> "3-5, 9"."""
    found = []
    for line in sorted(lines):
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def main():
    ran = counts(pathlib.Path(sys.argv[1]))
    if not ran:
        sys.exit("no .gcda file of src/: build with --coverage and run a test first")
    folders = collections.defaultdict(lambda: [0, 0])
    for file, lines in ran.items():
        for key in (file.rsplit("/", 1)[0], "all"):
            folders[key][0] += sum(count > 0 for count in lines.values())
            folders[key][1] += len(lines)
    print(f"{'folder':24} {'lines':>8} {'reached':>8}      %")
    for folder, (reached, lines) in sorted(folders.items(), key=lambda item: (item[0] == "all", item[0])):
        print(f"{folder:24} {lines:8} {reached:8} {100 * reached / lines:6.1f}")
    print()
    for file, lines in sorted(ran.items()):
        missed = [line for line, count in lines.items() if count == 0]
        if missed:
            print(f"{file}: {ranges(missed)}")


main()
