#!/bin/bash
# Runs symbols.py over the archives symbols_test was given.
set -euo pipefail
exec env PYTHONPATH=tools/check python3 -B tools/check/symbols.py "$@"
