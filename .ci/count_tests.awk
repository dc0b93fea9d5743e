# Reads ctest's LastTest.log and prints "passed failed skipped". A GoogleTest program counts as its cases, any other
# program as one test. A program that ended badly without naming a failed case counts as one failure.
function close_entry() {
  if (!open) return
  if (!by_cases) { if (verdict ~ /Pass/) ++passed; else if (verdict ~ /Skipped/) ++skipped; else ++failed }
  else {
    passed += case_passed; failed += case_failed; skipped += case_skipped
    if (verdict !~ /Pass|Skipped/ && !case_failed) ++failed
  }
  open = by_cases = case_passed = case_failed = case_skipped = 0; verdict = ""
}
/^[0-9]+\/[0-9]+ Testing: / { close_entry(); open = 1 }
/^\[  PASSED  \] [0-9]+ tests?\.$/ { by_cases = 1; case_passed += $4 }
/^\[  FAILED  \] [0-9]+ tests?, listed below:$/ { by_cases = 1; case_failed += $4 }
/^\[  SKIPPED \] [0-9]+ tests?, listed below:$/ { by_cases = 1; case_skipped += $4 }
/^Test (Passed|Pass Reason|Failed|Fail Reason|Skipped|Not Run|Timeout)/ { verdict = $0 }
END { close_entry(); print passed + 0, failed + 0, skipped + 0 }
