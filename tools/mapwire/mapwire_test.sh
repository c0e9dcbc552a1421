#!/bin/bash
# Tests of the mapwire command over stand-ins for Bazel, dpkg and apt.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
repo=$scratch/repo
fakes=$scratch/fakes
here=$PWD
. testing/kit/expect.sh

# A repository of its own, and a PATH on which nothing else is found.
new_world() {
  rm -rf "$repo" "$fakes"
  mkdir -p "$repo/tools/mapwire" "$repo/tools/check" "$repo/tools/bench" \
    "$repo/tools/mutants" "$repo/testing/foreign" "$repo/testing/qemu" "$repo/kernel" "$fakes"
  cp -L "$here/mapwire" "$repo/mapwire"
  cp -L "$here/tools/mapwire/summary.py" "$repo/tools/mapwire/"
  local tool
  for tool in bash cat dirname env grep id mkdir mktemp nproc python3 readlink rm sed tail tee \
    touch; do
    ln -s "$(PATH=/usr/bin:/bin type -P "$tool")" "$fakes/$tool"
  done
  # All packages are installed.
  fake dpkg-query 'shift 3; for p; do echo "$p installed"; done'
  cat >"$repo/tools/check/check.py" <<'END'
import sys
tally = sys.argv[sys.argv.index("--tally") + 1]
print("check format: passed")
open(tally, "a").write("checks\t4\t0\n")
END
  cat >"$repo/tools/bench/bench.py" <<'END'
import sys
tally = sys.argv[sys.argv.index("--tally") + 1]
print("txsync 1 plain 129 130")
open(tally, "a").write("costs\t3\t0\n")
END
  cat >"$repo/tools/mutants/mutants.py" <<'END'
import sys
if "--tally" in sys.argv:
    open(sys.argv[sys.argv.index("--tally") + 1], "a").write("mutants\t5\t0\n")
print("mutants: " + " ".join(sys.argv[5:]))
END
  printf '#!/bin/bash\n' >"$repo/testing/foreign/build.sh"
  chmod +x "$repo/testing/foreign/build.sh"
  cat >"$repo/testing/foreign/foreign.py" <<'END'
import sys
if "--tally" in sys.argv:
    open(sys.argv[sys.argv.index("--tally") + 1], "a").write("foreign programs\t2\t0\n")
print("foreign daq: passed")
END
  printf '#!/bin/bash\necho "fetched: $*"\n' >"$repo/testing/qemu/fetch.sh"
  printf '#!/bin/bash\necho "qtest: 3 passed, 0 failed"\n' >"$repo/testing/qemu/qtest.sh"
  printf '#!/bin/bash\necho "module: $*"\n' >"$repo/kernel/build.sh"
  chmod +x "$repo/testing/qemu/fetch.sh" "$repo/testing/qemu/qtest.sh" "$repo/kernel/build.sh"
  cat >"$repo/testing/qemu/boot.py" <<'END'
import sys
if "--list" in sys.argv:
    print("smoke: probe link")
    sys.exit()
if "--needs" in sys.argv:
    print("6.1 of " + sys.argv[-1])
    sys.exit()
if "--wants" in sys.argv:
    print("//testing/guest:hostile 6.1")
    sys.exit()
if "--tally" in sys.argv:
    open(sys.argv[sys.argv.index("--tally") + 1], "a").write("guests\t2\t0\n")
print("guest arguments: " + " ".join(sys.argv[1:]))
print("smoke link: ok")
END
}

fake() {
  rm -f "$fakes/$1"
  printf '#!/bin/bash\n%s\n' "$2" >"$fakes/$1"
  chmod +x "$fakes/$1"
}

# One build event: a test and how it ended.
event() {
  printf '{"id":{"testSummary":{"label":"%s"}},"testSummary":{"overallStatus":"%s"}}\n' "$@"
}

# Bazel as a stand-in: records its arguments, does what $1 says, then tells of two passed tests.
fake_bazel() {
  event //x:a PASSED >"$scratch/two_passed"
  event //x:b PASSED >>"$scratch/two_passed"
  event //x:c FAILED >"$scratch/one_failed"
  fake bazel "echo \"\$*\" >>$scratch/bazel_calls
for a; do case \$a in --build_event_json_file=*) events=\${a#*=} ;; esac; done
${1:-}
[ -z \"\$events\" ] || cat $scratch/two_passed >\"\$events\""
  : >"$scratch/bazel_calls"
}

mapwire() {
  code=0
  PATH=$fakes "$repo/mapwire" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
}

out_is_empty() { [ ! -s "$scratch/out" ]; }
err_is_empty() { [ ! -s "$scratch/err" ]; }
last_line_is() { [ "$(tail -n 1 "$scratch/out")" = "$1" ]; }
called() { grep -qE -- "$1" "$scratch/$2"; }

new_world

mapwire --help
expect "--help succeeds" status_is 0
commands="setup demo test bench explore stress fuzz mutants world run nic qemu foreign install"
commands="$commands check format"
for command in $commands; do
  expect "--help names $command" out_has "  $command "
done
for command in $commands; do
  mapwire "$command" --help
  expect "$command --help succeeds" status_is 0
  expect "$command --help tells the usage" out_has "usage: ./mapwire $command"
done

mapwire
expect "no command is wrong usage" status_is 2
mapwire fly
expect "an unknown command is wrong usage" status_is 2
expect "an unknown command is told in one line" err_is_one_line
expect "an unknown command is named" err_has "no command fly"
expect "an unknown command prints nothing else" out_is_empty
mapwire test --fast
expect "an unknown option is wrong usage" status_is 2

mapwire setup
expect "setup with nothing to do succeeds" status_is 0
expect "setup with nothing to do is quiet" out_is_empty
expect "setup with nothing to do is quiet on stderr" err_is_empty

fake_bazel
mapwire test
expect "a run that passes succeeds" status_is 0
expect "phases, costs, mutants and checks are summed" last_line_is "25 passed, 0 failed"
expect "sanitizers run" \
  called "--config=sanitize .*--test_tag_filters=-no-sanitizer //\.\.\." bazel_calls
expect "clang runs" called "--config=clang .*--test_tag_filters=clang //\.\.\." bazel_calls
expect "a failure does not hide the rest" called "--keep_going" bazel_calls
expect "without a terminal there is no colour" called "--color=no --curses=no" bazel_calls

fake_bazel
mapwire test --quick
expect "quick runs one phase and the checks" last_line_is "6 passed, 0 failed"
expect "quick runs no sanitizer" not called "sanitize" bazel_calls

fake_bazel
mapwire test //core/ring/...
expect "targets are tested in all phases, without checks" last_line_is "6 passed, 0 failed"
expect "targets reach Bazel" called "--config=clang .*//core/ring/\.\.\." bazel_calls

mapwire mutants --list off-by-one
expect "mutants takes its arguments" out_has "mutants: --list off-by-one"

fake_bazel 'case "$*" in *sanitize*) cat '"$scratch/one_failed"' >"$events"; exit 3 ;; esac'
mapwire test
expect "one failing test fails the run" status_is 1
expect "the failing test is named" out_has "tests (asan, ubsan): FAILED //x:c"
expect "the failing test is counted" last_line_is "23 passed, 1 failed"

fake_bazel 'case "$*" in *clang*) exit 4 ;; esac'
mapwire test
expect "a phase of the whole tree without tests fails" last_line_is "23 passed, 1 failed"
mapwire test //core/ring/...
expect "a phase of a few targets may be empty" last_line_is "4 passed, 0 failed"
expect "an empty phase is told" out_has "tests (clang): no matching test"

fake_bazel 'exit 1'
mapwire test
expect "a build that fails, fails" status_is 1
expect "each failed build is counted" last_line_is "9 passed, 7 failed"

fake_bazel 'kill -9 $$'
mapwire test //core/ring/...
expect "a Bazel that dies, fails" last_line_is "0 passed, 3 failed"

# Fuzzing, with a stand-in for the fuzzer.
new_fuzzer() {
  new_world
  mkdir -p "$repo/testing/fuzz" "$scratch/bin/testing/fuzz"
  touch "$repo/testing/fuzz/names_fuzz.cc" "$repo/testing/fuzz/ring_fuzz.cc" "$scratch/input"
  fake bazel "echo \"\$*\" >>$scratch/bazel_calls; case \$1 in info) echo $scratch/bin ;; esac"
  : >"$scratch/bazel_calls"
  : >"$scratch/fuzzer_calls"
  local target
  for target in names ring; do
    printf '#!/bin/bash\necho "%s $*" >>%s\n%s\n' "$target" "$scratch/fuzzer_calls" "$1" \
      >"$scratch/bin/testing/fuzz/$target"
    chmod +x "$scratch/bin/testing/fuzz/$target"
  done
}

wrong_fuzz() {
  local what=$1
  shift
  mapwire fuzz "$@"
  expect "fuzz $*: wrong usage" status_is 2
  expect "fuzz $*: one line" err_is_one_line
  expect "fuzz $*: says what" err_has "$what"
  expect "fuzz $*: builds nothing" not called build bazel_calls
}

new_fuzzer 'echo "stat::number_of_executed_units: 4711" >&2'
mapwire fuzz --list
expect "fuzz --list succeeds" status_is 0
expect "fuzz --list names the targets" last_line_is ring
expect "fuzz --list builds nothing" not called build bazel_calls
wrong_fuzz "no target wire" wire
wrong_fuzz "one target" names ring
wrong_fuzz "no option --fast" --fast
wrong_fuzz "needs a number" --seconds
wrong_fuzz "needs a number" --seconds 0
wrong_fuzz "needs a number" --seconds soon
wrong_fuzz "needs a file" names --replay
wrong_fuzz "needs a target" --replay "$scratch/input"
wrong_fuzz "takes no --seconds" names --seconds 3 --replay "$scratch/input"
wrong_fuzz "takes nothing else" --list names
mapwire fuzz names --replay "$scratch/nothing"
expect "a missing input fails" status_is 1
expect "a missing input is named" err_has "no file $scratch/nothing"
mapwire fuzz --seconds 7
expect "fuzz without findings succeeds" status_is 0
expect "executions are told" out_has "names: 4711 executions"
expect "all targets run" called "^ring .*-max_total_time=7 " fuzzer_calls
expect "kept inputs are read" called "testing/fuzz/corpus/ring$" fuzzer_calls
expect "it is built by clang" called "--config=fuzz //testing/fuzz:names" bazel_calls
mapwire fuzz names --replay "$scratch/input"
expect "an input is played alone" called "^names $scratch/input$" fuzzer_calls
new_fuzzer 'echo "x.cc:3: check failed: good"; echo "Test unit written to /found/crash-1"; exit 77'
mapwire fuzz
expect "a finding fails" status_is 1
expect "a finding says what failed" err_has "check failed: good"
expect "a finding says how to replay it" \
  err_has "./mapwire fuzz names --replay /found/crash-1"
expect "a finding does not hide the rest" called "^ring " fuzzer_calls

new_world
fake_bazel "case \$1 in info) echo $scratch/bin ;; esac"
mapwire install
expect "install without a prefix is wrong usage" status_is 2
expect "install without a prefix is told in one line" err_is_one_line
expect "install without a prefix builds nothing" not called build bazel_calls
mkdir -p "$repo/tools/install"
echo 'echo "install.sh $*"' >"$repo/tools/install/install.sh"
mapwire install --prefix /opt/mapwire --destdir /stage
expect "install succeeds" status_is 0
expect "install builds the library" called "build .*//tools/libnetmap:netmap" bazel_calls
expect "install builds the tools" called "build .*//tools/pkt-gen:pkt-gen-b" bazel_calls
expect "install copies what was built" out_has \
  "install.sh --root $repo --built $scratch/bin --prefix /opt/mapwire --destdir /stage"

# The module, and cards for it: those three commands install nothing.
new_world
mkdir -p "$repo/tools/bind" "$scratch/headers/include/config"
printf '#!/bin/bash\necho "bind: $*"\n' >"$repo/tools/bind/bind.sh"
chmod +x "$repo/tools/bind/bind.sh"
mapwire module --kernel "$scratch/nowhere"
expect "a module needs headers" status_is 2
expect "and it is said which" err_has "there is no folder $scratch/nowhere"
echo 9.9-test >"$scratch/headers/include/config/kernel.release"
mapwire module --kernel "$scratch/headers"
expect "the module is built" out_has "module: $scratch/headers $repo/.cache/module/9.9-test"
expect "and it is said where it is" out_has "$repo/.cache/module/9.9-test/netmap.ko"
for word in bind unbind status; do
  mapwire "$word" eth1
  expect "$word is passed on" out_has "bind: $word eth1"
done

# Modelled cards in guests.
new_world
fake_bazel "case \$1 in info) echo $scratch/bin ;; esac"
mapwire qemu --list
expect "boots are listed" out_has "smoke: probe link"
mapwire qemu smoke
expect "a guest is booted" status_is 0
expect "the card's server is built" called "build .*//sim/vfio_user:mapwire_nic" bazel_calls
expect "and what the guest runs" called "build .*//testing/guest:hostile" bazel_calls
expect "and the module" out_has \
  "module: --strict $repo/.cache/qemu/headers/6.1/root/usr/src/linux-headers-*\
-amd64 $repo/.cache/qemu/modules/6.1"
expect "boot.py takes what was built and fetched" out_has "guest arguments: --qemu\
 $repo/.cache/qemu/qemu/qemu --server $scratch/bin/sim/vfio_user/mapwire_nic"
expect "what it needs is fetched" out_has "fetched: $repo/.cache/qemu 6.1 of smoke"
expect "only that guest is booted" not out_has "qtest:"
mapwire qemu qtest
expect "the card is tested alone" out_has "qtest: 3 passed, 0 failed"
expect "and no guest is booted" not out_has "guest arguments"
printf '#!/bin/bash\necho "qtest: 3 passed, 1 failed"\n' >"$repo/testing/qemu/qtest.sh"
mapwire qemu qtest
expect "a failure on the card is told by the status" status_is 1
mapwire qemu nope
expect "a boot that is not there is wrong usage" status_is 2
expect "a boot that is not there is named" err_has "qemu has no boot nope"
mapwire qemu --window
expect "an option of qemu that is not there is named" err_has "qemu has no option --window"
mapwire qemu --shell
expect "a shell is a boot of its own" out_has "--shell netmap-6.12"
printf '#!/bin/bash\necho "unpack: no mirror" >&2\nexit 1\n' >"$repo/testing/qemu/fetch.sh"
mapwire qemu smoke
expect "what cannot be fetched is a failure" status_is 1

# Peers: what bench.py and peers.py are given, and what is installed for them.
new_peers() {
  new_world
  fake_bazel "case \$1 in info) echo $scratch/bin ;; esac"
  fake dpkg-query 'echo "${*:4}" >'"$scratch/asked"'; shift 3; for p; do echo "$p installed"; done'
  echo 'import sys; print("peers.py", *sys.argv[1:])' >"$repo/tools/bench/peers.py"
  echo 'import sys; print("bench.py", *sys.argv[1:])' >"$repo/tools/bench/bench.py"
}

wrong_bench() {
  local what=$1
  shift
  mapwire bench "$@"
  expect "bench $*: wrong usage" status_is 2
  expect "bench $*: one line" err_is_one_line
  expect "bench $*: says what" err_has "$what"
  expect "bench $*: builds nothing" not called build bazel_calls
}

new_peers
wrong_bench "no argument --peer" --peer
wrong_bench "no argument memif" --peers memif
wrong_bench "bench --rounds needs a number from 1 to 1000" --peers --rounds
wrong_bench "bench --rounds needs a number from 1 to 1000" --peers --rounds 0
wrong_bench "bench --seconds needs a number from 1 to 1000" --seconds 1001 --peers
wrong_bench "bench --seconds needs a number from 1 to 1000" --peers --seconds 2s
wrong_bench "bench --rounds goes with --peers" --rounds 2
wrong_bench "bench --peers takes no --cached" --peers --cached
mapwire bench --peers --rounds 2 --json --seconds 1000
expect "peers are measured" status_is 0
expect "peers.py takes what was built" out_has "peers.py\
 --world $scratch/bin/sim/server/mapwire_world --shim $scratch/bin/sim/shim/libmapwire_shim.so\
 --pkt-gen $scratch/bin/tools/pkt-gen/pkt-gen --examples $repo/examples --json --rounds 2\
 --seconds 1000"
expect "peers are built for" called "build .*//sim/server:mapwire_world .*pkt-gen" bazel_calls
expect "nothing is counted beside peers" not out_has "bench.py"
expect "peers need DPDK" called "dpdk-dev" asked
mapwire bench --json
expect "without --peers instructions are counted" out_has "bench.py --cost"
expect "without --peers nobody needs DPDK" not called "dpdk-dev" asked
echo 'import sys; sys.exit(1)' >"$repo/tools/bench/peers.py"
mapwire bench --peers
expect "peers that fail are told by the status" status_is 1

new_world
fake_bazel
echo 'import sys; print("bench: txsync 1 plain: over"); sys.exit(1)' >"$repo/tools/bench/bench.py"
mapwire test
expect "costs that are not counted are a failure" last_line_is "22 passed, 1 failed"
expect "what the bench said is in the summary" out_has "bench: txsync 1 plain: over"
echo 'import sys; print("x: nobody finds it"); sys.exit(1)' >"$repo/tools/mutants/mutants.py"
mapwire test
expect "mutants that are not counted are a failure" last_line_is "17 passed, 2 failed"
expect "what was said of mutants is in the summary" out_has "x: nobody finds it"
cat >"$repo/tools/mutants/mutants.py" <<'END'
import sys
print("a-mutant: a.cc: found by //x:a A.One\n1 mutants, 1 found")
open(sys.argv[sys.argv.index("--tally") + 1], "a").write("mutants\t1\t0\n")
END
mapwire test
expect "mutants that were found are told once" [ "$(grep -c a-mutant "$scratch/out")" = 1 ]
expect "how many were found is in the summary" \
  [ "$(grep -c "1 mutants, 1 found" "$scratch/out")" = 2 ]
expect "guests are in the summary" [ "$(grep -c "smoke link: ok" "$scratch/out")" = 2 ]
expect "foreign programs are in the summary" \
  [ "$(grep -c "foreign daq: passed" "$scratch/out")" = 2 ]
printf '#!/bin/bash\necho "foreign: fetch failed" >&2\nexit 1\n' >"$repo/testing/foreign/build.sh"
mapwire test
expect "foreign programs that cannot be built are a failure" status_is 1
expect "why they cannot is in the summary" out_has "foreign: fetch failed"
echo 'import sys; sys.exit(1)' >"$repo/tools/mutants/mutants.py"
mapwire mutants
expect "a mutant that nobody finds fails the command" status_is 1
echo 'import sys; sys.exit(1)' >"$repo/tools/check/check.py"
mapwire test --quick
expect "checks that die are counted as failed" last_line_is "2 passed, 1 failed"
echo 'import sys; sys.exit(1)' >"$repo/tools/mapwire/summary.py"
mapwire test --quick
expect "a summary that dies is no success" not status_is 0

new_world
fake dpkg-query 'exit 1'
fake id 'echo 1000'
mapwire setup
expect "without root and sudo, setup fails" status_is 1
expect "without root and sudo, one line tells" err_is_one_line
expect "the missing packages are named" err_has "bazel-bootstrap"

fake id 'echo 0'
fake apt-get 'echo "apt-get $*" >>'"$scratch/apt_calls"'; echo "E: no such weather"; exit 100'
: >"$scratch/apt_calls"
mapwire test
expect "a failing installation fails every command" status_is 1
expect "the end of the log is shown" err_has "E: no such weather"

fake sudo 'echo "sudo $*" >>'"$scratch/apt_calls"'; exec "$@"'
fake id 'echo 1000'
fake apt-get '[ "$DEBIAN_FRONTEND" = noninteractive ] || exit 1
echo "apt-get $*" >>'"$scratch/apt_calls"'; touch '"$scratch/repo/installed"
fake dpkg-query 'shift 3
for p; do
  [ "$p" = valgrind ] && [ ! -e '"$scratch/repo/installed"' ] || echo "$p installed"
done'
: >"$scratch/apt_calls"
mapwire setup
expect "setup installs by sudo" status_is 0
expect "the lists are updated first" called "^apt-get update" apt_calls
expect "only what is missing is installed" \
  called "^apt-get install -y --no-install-recommends valgrind$" apt_calls
expect "sudo is used" called "^sudo " apt_calls

if [ "$failures" != 0 ]; then
  echo "$failures expectations failed"
  exit 1
fi
echo "all expectations met"
