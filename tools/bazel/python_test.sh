#!/bin/bash
# usage: python_test.sh FOLDER MODULE: runs the tests of a Python module.
set -euo pipefail
cd "$1"
exec python3 -B -m unittest -v "$2"
