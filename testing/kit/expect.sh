# For tests written in bash: source it. Needs $scratch, a folder, in which the last command's output
# is `out` and `err`; its status is $code. The test ends with `exit` by $failures.
failures=0

# expect WHAT COMMAND...: counts a failure, with what was written, if the command fails.
expect() {
  local what=$1
  shift
  if ! "$@"; then
    echo "FAILED: $what"
    echo "  status $code, stdout:" && sed 's/^/  | /' "$scratch/out"
    echo "  stderr:" && sed 's/^/  | /' "$scratch/err"
    failures=$((failures + 1))
  fi
}

status_is() { [ "$code" = "$1" ]; }
out_has() { grep -qF -- "$1" "$scratch/out"; }
err_has() { grep -qF -- "$1" "$scratch/err"; }
err_is_one_line() { [ "$(wc -l <"$scratch/err")" = 1 ]; }
not() { ! "$@"; }
