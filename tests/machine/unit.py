# SPDX-License-Identifier: MIT
"""Run the unit test programs given as arguments and add up what cmocka reports."""
import os
import re
import subprocess
import sys


def main():
    passed = failed = 0
    for program in sys.argv[1:]:
        name = os.path.basename(program)
        try:
            done = subprocess.run([program], capture_output=True, text=True, timeout=300,
                                  errors="replace", check=False)
            output, status = done.stdout + done.stderr, done.returncode
        except subprocess.TimeoutExpired:
            output, status = "ran longer than 300 s", 1
        good = len(re.findall(r"^\[       OK \]", output, re.M))
        bad = len(set(re.findall(r"^\[  FAILED  \] (?:\d+ test)?(\S+)$", output, re.M)))
        if status != 0 and bad == 0:
            bad = 1     # a sanitizer or a signal ended it
        if status != 0:
            print(output)
        print(f"{name}: {'FAILED' if status else 'ok'}, {good} tests", flush=True)
        passed, failed = passed + good, failed + bad
    print(f"unit: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
